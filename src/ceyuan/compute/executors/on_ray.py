"""Started by Ray as the job of a task of several nodes: reserves all of them at once, then starts `gang.py` on each.

`on_ray.py GANG AGENT FOLDER`; `FOLDER/bundles.json` says what is reserved of each node, and by which label. While the
placement group is not whole nothing has begun: a run that is cancelled then ends here (docs.ray.io, placement groups).
"""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Any


def load(path: str) -> Any:
    """The supervisor's program, whose words and files are ours too."""
    spec = importlib.util.spec_from_file_location("agent", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(gang: str, program: str, folder: str) -> int:
    import ray
    from ray.util.placement_group import placement_group

    agent = load(program)
    wanted = agent.read(os.path.join(folder, "bundles.json"))
    ray.init(log_to_driver=False, logging_level="ERROR")
    group = placement_group(wanted["bundles"], strategy="STRICT_SPREAD", bundle_label_selector=wanted["labels"] or None)
    while not group.wait(1):
        if os.path.exists(os.path.join(folder, "cancel")):
            # It writes down that nothing was begun.
            os.execv(sys.executable, [sys.executable, "-I", program, "supervise", folder])
    words = [sys.executable, "-I", gang, "take", program, folder, str(len(wanted["bundles"]))]
    seats = [begin(ray, group, rank, bundle, words) for rank, bundle in enumerate(wanted["bundles"])]
    try:
        ray.get(seats)
    except ray.exceptions.RayError as error:
        sys.stderr.write(f"{error}\n")
        # A node is gone: the supervisor, if it lives, ends the others and says so.
        agent.ask_to_end(folder, "unreachable")
        ray.wait(seats[:1], timeout=15)
        return 1
    return 0


def begin(ray: Any, group: Any, rank: int, bundle: dict[str, float], words: list[str]) -> Any:
    """Start a rank in its seat of the group, with all that is reserved there."""
    from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

    def run(words: list[str]) -> int:
        import ctypes
        import signal
        import subprocess

        def die_with_parent() -> None:
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)

        return subprocess.call(words, preexec_fn=die_with_parent)

    rest = dict(bundle)
    held = {"num_cpus": rest.pop("CPU", 0), "num_gpus": rest.pop("GPU", 0), "memory": rest.pop("memory", None)}
    where = PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=rank)
    seat = ray.remote(run).options(max_retries=0, resources=rest, scheduling_strategy=where, **held)
    return seat.remote([*words, str(rank)])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
