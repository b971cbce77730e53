"""One of several nodes of a task, where a cluster starts a program on each and all see the run's folder.

One file of the standard library. `gang.py take AGENT FOLDER NODES [RANK]` is started on every node, in any order
(without a rank it is `$JOB_COMPLETION_INDEX`, as Kubernetes numbers an indexed Job). Rank 0 waits until all are there
and becomes the run's supervisor; what that starts is `gang.py join AGENT FOLDER NODES COMMAND...`, which lets the
others begin, runs its own copy, brings their output together and ends all when one fails. A node that falls silent
ends the others; the run is then told as lost. Nothing is said over the network: every word is a file of the folder.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from typing import IO, Any

LOOK_S = 0.1
BEAT_S = 1.0
SILENT_S = 30.0
"""Seconds without a beat after which a node counts as dead."""
OWN_WORDS = 7
"""Words of ours before the command: python, -I, this file, join, AGENT, FOLDER, NODES."""
NETWORKS = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Addresses of documentation (RFC 5737, RFC 3849): asking for the way there sends nothing."""


def load(path: str) -> Any:
    """The supervisor's program, whose words and files are ours too."""
    spec = importlib.util.spec_from_file_location("agent", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def address() -> str:
    """The address by which this machine is reached from others; its name where it has none."""
    for family, there in NETWORKS:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as asking:
                asking.connect((there, 9))
                return str(asking.getsockname()[0])
        except OSError:
            continue
    return os.uname().nodename


class Watch:
    """Looks whether a file of another node still changes: by our own clock, since those of two nodes differ."""

    def __init__(self, agent: Any, path: str) -> None:
        self.agent, self.path, self.since = agent, path, time.monotonic()
        self.last: dict[str, Any] = {}

    def silent(self) -> bool:
        now = self.agent.read(self.path)
        if now != self.last:
            self.last, self.since = now, time.monotonic()
        return time.monotonic() - self.since > SILENT_S


class Gang:
    """The folder of a run of several nodes."""

    def __init__(self, agent: str, folder: str, nodes: int) -> None:
        self.program, self.agent, self.folder, self.nodes = agent, load(agent), folder, nodes
        self.ranks = os.path.join(folder, "ranks")
        os.makedirs(self.ranks, mode=0o700, exist_ok=True)
        self._beats, self._next = 0, 0.0

    def at(self, *words: object) -> str:
        return os.path.join(self.ranks, ".".join(str(word) for word in words))

    def has(self, name: str) -> bool:
        return os.path.exists(os.path.join(self.folder, name))

    def watch(self, rank: int) -> Watch:
        return Watch(self.agent, self.at(rank, "here"))

    def beat(self, rank: int) -> None:
        """Say that this rank lives."""
        if time.monotonic() >= self._next:
            self._beats, self._next = self._beats + 1, time.monotonic() + BEAT_S
            told = {"address": address(), "node": os.uname().nodename, "beat": self._beats}
            self.agent.write(self.at(rank, "here"), told)

    def begin(self, words: list[str], environment: dict[str, str], rank: int, output: IO[Any]) -> Any:
        """Start this rank's copy of the command. Those after the first are killed when we are."""
        hosts = self.agent.read(self.at("go"))["hosts"]
        told = {"CEYUAN_RANK": str(rank), "CEYUAN_NODES": str(self.nodes), "CEYUAN_HOSTS": ",".join(hosts)}
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=os.path.join(self.folder, "work"),
            env={**environment, **told},
            start_new_session=rank > 0,
            preexec_fn=self.agent.die_with_parent,
        )


def take(gang: Gang, rank: int) -> int:
    """Take a rank, once, however often the cluster starts us."""
    try:
        os.close(os.open(gang.at(rank, "taken"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return 0
    return follow(gang, rank) if rank else lead(gang)


def lead(gang: Gang) -> int:
    """Wait for the others, then become the supervisor; that says so itself where the run was cancelled before."""
    spec = os.path.join(gang.folder, "spec.json")
    lease = gang.agent.read(spec).get("lease_s")
    others = [gang.watch(rank) for rank in range(1, gang.nodes)]
    signal.signal(signal.SIGTERM, lambda _number, _frame: gang.agent.ask_to_end(gang.folder, "preempted"))
    while not gang.has("cancel"):
        gang.beat(0)
        if not any(one.silent() or not one.last for one in others):
            break
        if lease and time.time() - os.stat(spec).st_mtime > lease:
            gang.agent.ask_to_end(gang.folder, "lease")
        time.sleep(LOOK_S)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, "-I", gang.program, "supervise", gang.folder, "preempted"])


def follow(gang: Gang, rank: int) -> int:
    """Begin when rank 0 says so; end with it."""
    left: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: left.append(number))
    pulse = Watch(gang.agent, os.path.join(gang.folder, "pulse"))
    leader = [gang.watch(0), pulse]
    while not os.path.exists(gang.at("go")):
        gang.beat(rank)
        # One that never was there may still come.
        silent = [one.silent() for one in leader]
        if left or gang.has("result.json") or (all(silent) and any(one.last for one in leader)):
            return 0
        time.sleep(LOOK_S)
    spec = gang.agent.read(os.path.join(gang.folder, "spec.json"))
    words = [*spec.get("prefix", [])[OWN_WORDS:], *spec["argv"]]
    environment = {**spec.get("environment", {}), **gang.agent.passed_on(spec)}
    with open(gang.at(rank, "log"), "ab") as output:
        try:
            process = gang.begin(words, environment, rank, output)
        except OSError as error:
            output.write(f"{error}\n".encode())
            gang.agent.write(gang.at(rank, "exit"), {"code": 127})
            return 0
    kill_at = 0.0
    while process.poll() is None:
        gang.beat(rank)
        over = left or os.path.exists(gang.at("stop")) or gang.has("result.json") or pulse.silent()
        if over and not kill_at:
            gang.agent.send(process.pid, signal.SIGTERM)
            kill_at = time.monotonic() + spec.get("grace_s", 5.0)
        elif kill_at and time.monotonic() >= kill_at:
            gang.agent.send(process.pid, signal.SIGKILL)
        time.sleep(LOOK_S)
    gang.agent.send(process.pid, signal.SIGKILL)
    gang.agent.write(gang.at(rank, "exit"), {"code": process.returncode, "left": bool(left)})
    return 0


class Others:
    """What the ranks after the first say: output, ends, silence."""

    def __init__(self, gang: Gang) -> None:
        self.gang = gang
        self.watches = {rank: gang.watch(rank) for rank in range(1, gang.nodes)}
        self.offsets = dict.fromkeys(self.watches, 0)
        self.ends: dict[int, dict[str, Any]] = {}

    def look(self) -> str:
        """Why all must end: `fault`, `preempted`, `unreachable`; empty if there is no reason."""
        for rank in self.watches:
            if rank not in self.ends and (told := self.gang.agent.read(self.gang.at(rank, "exit"))):
                self.ends[rank] = told
            self._bring_output(rank)
        if any(told.get("left") for told in self.ends.values()):
            return "preempted"
        if any(told["code"] for told in self.ends.values()):
            return "fault"
        return "unreachable" if len(self.present()) + len(self.ends) < self.gang.nodes - 1 else ""

    def present(self) -> list[int]:
        """Those who are at work."""
        return [rank for rank, watch in self.watches.items() if rank not in self.ends and not watch.silent()]

    def _bring_output(self, rank: int) -> None:
        """Whole lines of a rank, at its end the rest too."""
        try:
            with open(self.gang.at(rank, "log"), "rb") as file:
                file.seek(self.offsets[rank])
                new = file.read()
        except OSError:
            return
        whole = new if rank in self.ends else new[: new.rfind(b"\n") + 1]
        self.offsets[rank] += len(whole)
        while whole:
            whole = whole[os.write(sys.stdout.fileno(), whole) :]


def join(gang: Gang, words: list[str]) -> int:
    """Run rank 0's copy beside the others'; the first exit code that is not 0 is the whole's."""
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
    hosts = [gang.agent.read(gang.at(rank, "here")).get("address", "") for rank in range(gang.nodes)]
    gang.agent.write(gang.at("go"), {"hosts": hosts})
    process = gang.begin(words, dict(os.environ), 0, sys.stdout)
    others, kill_at, bad = Others(gang), 0.0, 0
    grace = gang.agent.read(os.path.join(gang.folder, "spec.json")).get("grace_s", 5.0)
    while True:
        why, own = others.look(), process.poll()
        if why in ("preempted", "unreachable"):
            gang.agent.ask_to_end(gang.folder, why)
        if (why or own or asked) and not kill_at:
            # Those who are ended for it fail too: the first fault is the whole's.
            bad = own or next((told["code"] for told in others.ends.values() if told["code"]), 0)
            gang.agent.write(gang.at("stop"), {"why": why})
            gang.agent.send(process.pid, signal.SIGTERM)
            kill_at = time.monotonic() + grace
        if kill_at and time.monotonic() >= kill_at:
            process.kill()
        if own is not None and not others.present():
            others.look()
            codes = [own, *(told["code"] for _rank, told in sorted(others.ends.items()))]
            bad = bad or next((code for code in codes if code), 0 if len(codes) == gang.nodes else 1)
            return int(bad if bad >= 0 else 128 - bad)
        time.sleep(LOOK_S)


def main(arguments: list[str]) -> int:
    gang = Gang(arguments[1], arguments[2], int(arguments[3]))
    if arguments[0] == "join":
        return join(gang, arguments[4:])
    return take(gang, int(arguments[4] if len(arguments) > 4 else os.environ["JOB_COMPLETION_INDEX"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
