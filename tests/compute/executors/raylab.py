"""A real Ray cluster on this machine: a head with its dashboard and, on demand, further nodes, as children of the test.

Nothing but the test's own processes is ended: `ray stop` would end every Ray of the machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from ceyuan.compute.executors.ray import RayCluster

TOKEN = "ray-token-of-the-tests-0123456789"


def why_not() -> str:
    """Why no Ray can be started here; empty if it can."""
    try:
        import aiohttp_cors  # noqa: F401 - what the dashboard needs and ray without its extra does not bring
        import ray  # noqa: F401
    except ImportError as error:
        return f"no Ray with its dashboard ({error.name} is missing): pip install 'ray[default]'"
    return ""


class RayLab:
    """Started in a folder; `cluster` is how to reach it."""

    def __init__(self, folder: Path, cpus: int = 4) -> None:
        self.folder = folder
        # Ray puts sockets below its folder: a short one of its own.
        self.temporary = Path("/tmp") / f"ray-{os.urandom(3).hex()}"
        self.ports = _free_ports(2)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        self._environment = environment | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": TOKEN,
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        self.nodes: list[subprocess.Popen[bytes]] = []
        gcs, dashboard = self.ports
        self.url = f"http://127.0.0.1:{dashboard}"
        self._start(
            "--head",
            f"--port={gcs}",
            "--dashboard-host=127.0.0.1",
            f"--dashboard-port={dashboard}",
            f"--temp-dir={self.temporary}",
            f"--num-cpus={cpus}",
            "--num-gpus=0",
        )
        self._wait(1)

    @property
    def cluster(self) -> RayCluster:
        return RayCluster(self.url, self.folder / "shared", TOKEN, python=sys.executable)

    def add_node(self, cpus: int = 2, gpus: int = 0, kind: str = "") -> None:
        """One more node, with cards that are only counted."""
        cards = {f"accelerator_type:{kind}": 1} if kind else {}
        counted = (f"--num-cpus={cpus}", f"--num-gpus={gpus}", f"--resources={json.dumps(cards)}")
        self._start(f"--address={self._address()}", *counted)
        self._wait(len(self.nodes))

    def kill_node(self, index: int) -> None:
        """Kill a node with everything on it, as a power cut does."""
        node = self.nodes.pop(index)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(node.pid, signal.SIGKILL)
        node.wait()

    def _address(self) -> str:
        nodes = self._nodes()
        return f"{nodes[0]['node_ip']}:{self.ports[0]}"

    def _start(self, *words: str) -> None:
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats", *words]
        command.append("--object-store-memory=80000000")
        with (self.folder / f"ray{len(self.nodes)}.out").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env=self._environment, start_new_session=True)
        self.nodes.append(process)

    def _nodes(self) -> list[dict[str, str]]:
        request = urllib.request.Request(f"{self.url}/api/v0/nodes", headers={"Authorization": f"Bearer {TOKEN}"})
        with contextlib.suppress(OSError, ValueError), urllib.request.urlopen(request, timeout=5) as answer:
            rows: list[dict[str, str]] = json.load(answer)["data"]["result"]["result"]
            return [row for row in rows if row["state"] == "ALIVE"]
        return []

    def _wait(self, count: int, seconds: float = 120) -> None:
        until = time.monotonic() + seconds
        while len(self._nodes()) < count:
            if time.monotonic() > until or self.nodes[-1].poll() is not None:
                logs = "\n".join(path.read_text(errors="replace")[-1500:] for path in self.folder.glob("ray*.out"))
                self.stop()
                raise RuntimeError(f"Ray did not start:\n{logs}")
            time.sleep(0.2)

    def stop(self) -> None:
        for node in reversed(self.nodes):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(node.pid, signal.SIGTERM)
        for node in self.nodes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                node.wait(15)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(node.pid, signal.SIGKILL)
            node.wait()
        shutil.rmtree(self.temporary, ignore_errors=True)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
