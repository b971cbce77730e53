"""What joins several nodes, with processes of this machine in their place."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from ceyuan.compute.executors import ClusterExecutor, Launch, agent, gang


class Nodes:
    """A run of several nodes in a folder, its ranks started by hand; silence is noticed soon."""

    def __init__(self, folder: Path, count: int, script: str, **options: Any) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.count = folder / "run.1", count
        self.program = folder / "gang.py"
        self.program.write_text(Path(gang.__file__).read_text().replace("SILENT_S = 30.0", "SILENT_S = 3.0"))
        launch = Launch(("/bin/sh", "-c", script), {"PATH": os.defpath}, nodes=count, grace_s=0.3, **options)
        spec = asdict(launch) | {"prefix": [sys.executable, "-I", str(self.program), "join", agent.__file__]}
        spec["prefix"] += [str(self.folder), str(count)]
        assert agent.accept(str(folder), "run.1", json.loads(json.dumps(spec))) == ""
        self.ranks: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, *ranks: int) -> None:
        words = [sys.executable, "-I", str(self.program), "take", agent.__file__, str(self.folder), str(self.count)]
        for rank in ranks:
            self.ranks[rank] = subprocess.Popen([*words, str(rank)], start_new_session=True)

    def result(self) -> dict[str, Any]:
        for process in self.ranks.values():
            process.wait(60)
        return agent.read(str(self.folder / "result.json"))

    def until(self, path: str, text: str = "") -> None:
        until = time.monotonic() + 60
        while not ((one := self.folder / path).exists() and text in one.read_text()):
            assert time.monotonic() < until, path
            time.sleep(0.02)

    @property
    def output(self) -> list[str]:
        return sorted((self.folder / "output.log").read_text().splitlines())


def test_ranks_come_in_any_order_begin_together_and_run_once(tmp_path: Path) -> None:
    nodes = Nodes(
        tmp_path, 3, "echo $CEYUAN_RANK of $CEYUAN_NODES; test $(echo $CEYUAN_HOSTS | tr , '\\n' | wc -l) = 3"
    )
    nodes.start(2, 0)
    nodes.until("ranks/0.here")
    nodes.until("ranks/2.here")
    assert not (nodes.folder / "started").exists()
    nodes.start(1)
    assert nodes.result()["state"] == "succeeded"
    nodes.start(0, 1, 2)
    nodes.result()
    assert nodes.output == ["0 of 3", "1 of 3", "2 of 3"]


def test_one_that_fails_or_falls_silent_ends_all_and_a_cancelled_gang_never_begins(tmp_path: Path) -> None:
    fails = Nodes(tmp_path / "fails", 2, "echo begun; [ $CEYUAN_RANK = 1 ] && exit 7; sleep 300")
    silent = Nodes(tmp_path / "silent", 2, "echo begun; sleep 300")
    waits = Nodes(tmp_path / "waits", 2, "echo begun")
    for nodes in (fails, silent):
        nodes.start(0, 1)
    waits.start(0)
    waits.until("ranks/0.here")
    agent.ask_to_end(str(waits.folder), "gang")
    silent.until("ranks/1.log", "begun")
    os.killpg(silent.ranks[1].pid, signal.SIGKILL)
    assert (fails.result()["state"], fails.result()["exit_code"]) == ("failed", 7)
    assert (waits.result()["state"], waits.result()["reason"]) == ("cancelled", "gang")
    assert (silent.result()["state"], silent.result()["reason"]) == ("cancelled", "unreachable")
    assert not (waits.folder / "output.log").exists()


@pytest.mark.parametrize("count", [1, 2])
def test_only_several_nodes_are_joined(tmp_path: Path, count: int) -> None:
    launch = Launch(("true",), prefix=["bwrap"], nodes=count)
    prefix = list(ClusterExecutor(tmp_path).ganged(launch, tmp_path / "k", "python3").prefix)
    assert prefix[gang.OWN_WORDS if count > 1 else 0 :] == ["bwrap"]
