"""The truth about executors: the same tasks on this machine, a host behind sshd, Slurm and Ray, with daemons killed.

For each place a real platform is started in a process of its own and told of the real thing as a pool. Some tasks are
run one by one (from the request to the command's first word); then many short ones are queued, and when a third has
ended the platform and a daemon of the place (sshd; Slurm's controller and a node; a Ray node) are killed with -9 and
started again. Counted afterwards: tasks that did not succeed (lost), commands that reached their last line twice,
tries that were not metered exactly once, and whether the ledger adds up.

    python -m benchmarks.compute.truth [--place local ...] [--tasks 500] [--quick] [--json FILE]

A place that cannot be brought up here is named with the reason.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import json
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from tests.compute.executors import raylab, slurmlab, sshd

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 900.0
SETTINGS = {
    "CEYUAN_TASK_LEASE_S": "10",
    "CEYUAN_POOL_LOOK_S": "2",
    "CEYUAN_POOL_MISSES": "2",
}


@dataclass
class Place:
    """A place: the pool to register, the folder in which the runs' output lies, so that what ran is known without the
    platform; how to hurt it and make it whole again, how to end it."""

    pool: dict[str, Any]
    runs: Path
    hurt: Callable[[], None] = lambda: None
    stop: Callable[[], None] = lambda: None


def local(folder: Path) -> Place:
    return Place({}, folder.parent / "data" / "compute" / "runs")


def ssh(folder: Path) -> Place:
    servers = [sshd.Sshd(folder)]

    def hurt() -> None:
        servers[0].process.kill()
        servers[0].process.wait()
        time.sleep(2)
        with (folder / "log").open("ab") as log:
            servers[0].process = subprocess.Popen(
                ["/usr/sbin/sshd", "-D", "-e", "-f", folder / "config"], stdout=log, stderr=log
            )

    host = {
        "address": "127.0.0.1",
        "port": servers[0].port,
        "user": getpass.getuser(),
        "host_key": (folder / "host.pub").read_text(),
        "private_key": (folder / "client").read_text(),
        "root": str(folder / "runs"),
    }
    return Place({"kind": "ssh", "settings": {}, "host": host}, folder / "runs", hurt, servers[0].stop)


def slurm(folder: Path) -> Place:
    lab = slurmlab.SlurmLab(folder, silent_s=10)

    def hurt() -> None:
        lab.kill_controller()
        lab.kill_node("bj1")
        time.sleep(2)
        lab.start_controller()
        time.sleep(12)
        lab.start_node("bj1")

    settings = {"conf": str(lab.conf), "python": sys.executable, "root": str(folder / "shared")}
    return Place({"kind": "slurm", "settings": settings}, folder / "shared", hurt, lab.stop)


def ray(folder: Path) -> Place:
    lab = raylab.RayLab(folder, cpus=2)
    lab.add_node(2)

    def hurt() -> None:
        lab.kill_node(1)
        time.sleep(2)
        lab.add_node(2)

    settings = {"url": lab.url, "python": sys.executable, "root": str(folder / "shared")}
    return Place({"kind": "ray", "settings": settings, "secret": raylab.TOKEN}, folder / "shared", hurt, lab.stop)


PLACES: dict[str, tuple[Callable[[Path], Place], Callable[[], str]]] = {
    "local": (local, lambda: ""),
    "ssh": (ssh, sshd.why_not),
    "slurm": (slurm, slurmlab.why_not),
    "ray": (ray, raylab.why_not),
}


class Driven:
    """The platform as a process: started, asked, killed, started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "benchmarks.compute.truth_platform", str(self.folder)]
        environment = {**os.environ, **SETTINGS, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
        with (self.folder / "platform.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, env=environment, start_new_session=True
            )
        assert self.process.stdout is not None
        facts: dict[str, Any] = {}
        while "token" not in facts:
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError((self.folder / "platform.log").read_text()[-3000:])
            with contextlib.suppress(ValueError):
                facts = json.loads(line)
        self.org = facts["org"]
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{facts['port']}/api/v1/compute",
            headers={"authorization": f"Bearer {facts['token']}"},
            timeout=60,
        )

    def kill(self) -> None:
        """-9 to the platform and its workers; the supervisors of runs are not its children."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def again(self) -> None:
        """Start again on the same folder."""
        self._start()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()

    def log(self) -> str:
        return (self.folder / "platform.log").read_text()[-3000:]

    def state(self, task_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/tasks/{task_id}").raise_for_status().json()
        return found

    def submit(self, name: str, command: str, pool: str) -> str:
        task = {"name": name, "command": command, "resources": {"cpus": 1, "memory_gib": 0.1}, "time_limit_s": 120}
        body = {"org_id": self.org, "task": {**task, "pools": [pool]}}
        answer = self.client.post("/tasks", json=body, headers={"idempotency-key": name})
        answer.raise_for_status()
        return str(answer.json()["id"])

    def states(self, ids: list[str]) -> list[dict[str, Any]]:
        """The tasks, once all have ended."""
        until = time.monotonic() + PATIENCE_S
        found: list[dict[str, Any]] = []
        for task_id in ids:
            while True:
                row = self.state(task_id)
                if row["state"] in ("succeeded", "failed", "cancelled") or time.monotonic() > until:
                    found.append(row)
                    break
                time.sleep(0.2)
        return found


def measure(name: str, tasks: int, singles: int) -> dict[str, Any]:
    """One place, from the first task to the books."""
    with tempfile.TemporaryDirectory(prefix="truth-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "place").mkdir()
        place = PLACES[name][0](folder / "place")
        try:
            (folder / "pool.json").write_text(json.dumps(place.pool))
            return _measured(name, place, folder, tasks, singles)
        finally:
            place.stop()


def _measured(name: str, place: Place, folder: Path, tasks: int, singles: int) -> dict[str, Any]:
    driven = Driven(folder)
    try:
        return _figures(name, place, driven, tasks, singles)
    finally:
        driven.stop()


def _figures(name: str, place: Place, driven: Driven, tasks: int, singles: int) -> dict[str, Any]:
    folder, pool, waits = driven.folder, "truth" if place.pool else "local", list[float]()
    for number in range(singles):
        asked = time.time()
        task_id = driven.submit(f"one-{number}", "date +%s.%N; echo end", pool)
        _until(place, number + 1, driven, [task_id])
        (output,) = place.runs.glob(f"{task_id}.*/output.log")
        waits.append(float(output.read_text().split()[0]) - asked)
    began = time.monotonic()
    ids = [driven.submit(f"short-{number}", "echo begin; sleep 0.2; echo end", pool) for number in range(tasks)]
    _until(place, singles + tasks // 3, driven, ids)
    driven.kill()
    place.hurt()
    driven.again()
    rows = driven.states(ids)
    seconds = time.monotonic() - began
    driven.stop()  # the books are read from a database that nobody writes to
    ends = _ended(place)
    unmetered, sums = _books(folder, rows)
    return {
        "place": name,
        "tasks": tasks,
        "start_p50_s": statistics.median(waits),
        "start_max_s": max(waits),
        "drained_s": seconds,
        "lost": sum(row["state"] != "succeeded" for row in rows),
        "twice": sum(ends[task_id] > 1 for task_id in ids),
        "tries": sum(len(row["attempts"]) for row in rows),
        "not_metered_once": unmetered,
        "ledger_sum_micro": sums,
    }


def _ended(place: Place) -> Counter[str]:
    """How many runs of each task reached their last line, as the place's own files say."""
    whole = [path for path in place.runs.glob("*/output.log") if path.read_bytes().endswith(b"end\n")]
    return Counter(path.parent.name.split(".")[0] for path in whole)


def _until(place: Place, count: int, driven: Driven, ids: list[str]) -> None:
    """Wait until so many runs reached their last line; a task that failed instead ends the wait with its words."""
    until, look_at = time.monotonic() + PATIENCE_S, time.monotonic() + 10
    while (there := _ended(place).total()) < count:
        if time.monotonic() > until:
            raise TimeoutError(f"{there} of {count} runs ended:\n{driven.log()}")
        if time.monotonic() > look_at:
            look_at = time.monotonic() + 10
            failed = [row for row in map(driven.state, ids[:20]) if row["state"] in ("failed", "cancelled")]
            if failed:
                raise RuntimeError(f"{failed[0]['name']} {failed[0]['state']}:\n{driven.log()}")
        time.sleep(0.2)


def _books(folder: Path, rows: list[dict[str, Any]]) -> tuple[int, int]:
    """(tries without exactly one usage event of exactly their core-seconds and cost, sum of the ledger)."""
    (path,) = [one for one in (folder / "data").rglob("*.sqlite*") if _has(one, "usage_event")]
    with contextlib.closing(sqlite3.connect(path)) as database:
        events = database.execute("SELECT subject, key, cost_micro FROM usage_event").fetchall()
        (sums,) = database.execute("SELECT COALESCE(SUM(amount_micro), 0) FROM ledger_posting").fetchone()
    wrong = 0
    for row in rows:
        posted = {key: cost for subject, key, cost in events if subject == row["id"]}
        tries = {f"task:{one['key']}" for one in row["attempts"] if one["seconds"] > 0}
        wrong += len(tries ^ set(posted)) + (sum(posted.values()) != row["cost_micro"])
    return wrong, int(sums)


def _has(path: Path, table: str) -> bool:
    with contextlib.suppress(sqlite3.DatabaseError), contextlib.closing(sqlite3.connect(path)) as database:
        query = "SELECT 1 FROM sqlite_master WHERE name = ?"
        return database.execute(query, (table,)).fetchone() is not None
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--place", action="append", choices=list(PLACES), help="only this one; may be repeated")
    parser.add_argument("--tasks", type=int, default=500, help="short tasks to drain")
    parser.add_argument("--quick", action="store_true", help="twelve tasks, on this machine and over SSH")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--seed", type=int, default=0, help="nothing here is random")
    parser.add_argument("--data", type=Path, help="no data are needed")
    options = parser.parse_args()
    # Whoever ends us, by a limit of time too, ends what we started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    places = options.place or (["local", "ssh"] if options.quick else list(PLACES))
    tasks, singles = (min(12, options.tasks), 3) if options.quick else (options.tasks, 5)
    rows: list[dict[str, Any]] = []
    for name in places:
        if reason := PLACES[name][1]():
            print(f"  {name:6s} not measured: {reason}", flush=True)
            continue
        found = measure(name, tasks, singles)
        print(
            f"  {name:6s} request to start p50 {found['start_p50_s']:5.2f} s, max {found['start_max_s']:5.2f} s | "
            f"{found['tasks']} tasks drained in {found['drained_s']:6.1f} s with everything killed once | "
            f"lost {found['lost']}, run to the end twice {found['twice']}, tries {found['tries']}, "
            f"not metered once {found['not_metered_once']}, ledger {found['ledger_sum_micro']}",
            flush=True,
        )
        for bar in ("lost", "twice", "not_metered_once"):
            rows.append({"bar": f"{bar} of {tasks} on {name}", "ours": found[bar], "target": 0, "better": "lower"})
            rows[-1] |= {"peer": None, "limit": 0, "unit": "tasks", "all": found}
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
