"""Kill -9 at random moments of the loop, again and again: does the final state equal an undisturbed run's?

A small turn of the loop (generated texts, a tiny model, one thread) runs in a process of its own and is killed
together with its children after a random time, started again, and so on until the number of kills is reached; then
it is left to finish. What it left is compared with what an undisturbed run on the same input left: see
`benchmarks.platform.outcome`. One turn takes as many kills as fall into it; the next one starts on a new folder.

    python -m benchmarks.platform.kill_storm [--kills N] [--quick] [--seed N] [--json FILE] [--data DIR]

`--data DIR` is a folder of texts to take instead of the generated ones.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks.platform.outcome import differences, digest, finished_calls, read_outcome
from benchmarks.platform.turn import write_source

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 600.0
START_S = 1.0
"""Kills come from so long after the start: before it there is an interpreter that imports and nothing to lose."""


class TurnFailed(RuntimeError):
    """The turn ended without success although nobody killed it."""


@dataclass
class Storm:
    """What was done to the turns, and where they differ from the undisturbed one."""

    kills: int = 0
    starts: int = 0
    turns: int = 0
    repeated: int = 0
    at: list[float] = field(default_factory=list)
    faults: list[dict[str, list[str]]] = field(default_factory=list)


def start(data: Path, source: Path, log: Path) -> subprocess.Popen[bytes]:
    """The driver, as leader of a process group of its own."""
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks.platform.turn", str(data), str(source)],
            cwd=ROOT,
            stdout=out,
            stderr=out,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]), "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )


def kill_all(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the process, its group and every descendant, as a loss of power does."""
    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    for member in family:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            pass
    process.wait()
    psutil.wait_procs(family, timeout=10)


def undisturbed(data: Path, source: Path) -> float:
    """One turn that nobody kills; returns its seconds."""
    began = time.monotonic()
    _finish(start(data, source, data.with_suffix(".log")), data)
    return time.monotonic() - began


def _finish(process: subprocess.Popen[bytes], data: Path) -> None:
    try:
        status = process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        kill_all(process)
        raise TurnFailed(f"no end within {PATIENCE_S:.0f} s:\n{_tail(data)}") from None
    if status != 0:
        raise TurnFailed(f"exit status {status}:\n{_tail(data)}")


def _tail(data: Path) -> str:
    return data.with_suffix(".log").read_text(errors="replace")[-4000:]


def disturbed(data: Path, source: Path, draw: random.Random, kills: int, span_s: float, storm: Storm) -> None:
    """One turn that is killed up to `kills` times, each at a random moment, then left to finish."""
    storm.turns += 1
    for _ in range(kills):
        process = start(data, source, data.with_suffix(".log"))
        storm.starts += 1
        moment = draw.uniform(START_S, span_s)
        try:
            status = process.wait(moment)
        except subprocess.TimeoutExpired:
            kill_all(process)
            storm.kills += 1
            storm.at.append(round(moment, 2))
            continue
        if status != 0:
            raise TurnFailed(f"exit status {status} after {storm.kills} kills:\n{_tail(data)}")
        return
    storm.starts += 1
    _finish(start(data, source, data.with_suffix(".log")), data)


def rage(
    folder: Path, source: Path, *, kills: int, per_turn: int, seed: int, until: float | None = None
) -> tuple[Storm, float]:
    """The undisturbed turn and the disturbed ones; `until` (monotonic seconds) ends the storm before its number."""
    seconds = undisturbed(folder / "calm", source)
    calm = read_outcome(folder / "calm")
    print(f"undisturbed: {seconds:.1f} s, outcome {digest(calm)[:16]}", flush=True)
    draw, storm = random.Random(seed), Storm()
    while storm.kills < kills and (until is None or time.monotonic() < until):
        data = folder / f"turn-{storm.turns}"
        # Half of the undisturbed time: each life gets some of the way, and every part of the way is hit.
        disturbed(data, source, draw, min(per_turn, kills - storm.kills), seconds * 0.5, storm)
        storm.repeated += finished_calls(data) - finished_calls(folder / "calm")
        found = differences(calm, read_outcome(data))
        storm.faults += [found] if found else []
        print(f"turn {storm.turns}: {storm.kills} kills so far, {'DIFFERS' if found else 'equal'}", flush=True)
        for name, lines in found.items():
            print(f"  {name}\n    " + "\n    ".join(lines), flush=True)
    return storm, seconds


def report(storm: Storm) -> list[dict[str, Any]]:
    """The rows of the table."""
    common = {"peer": None, "limit": None}
    return [
        {
            "bar": "kill -9 at random moments of the loop",
            "ours": storm.kills,
            **common,
            "target": 200,
            "unit": "kills",
            "better": "higher",
        },
        {
            "bar": "answered model calls that a kill made the platform ask (and pay) again",
            "ours": storm.repeated,
            **common,
            "target": 0,
            "unit": "calls",
            "better": "lower",
        },
        {
            "bar": f"turns out of {storm.turns} whose final state differs from an undisturbed run's",
            "ours": len(storm.faults),
            **common,
            "target": 0,
            "unit": "turns",
            "better": "lower",
        },
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of texts (default: generated from the seed)")
    parser.add_argument("--quick", action="store_true", help="3 kills in one turn")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--per-turn", type=int, default=10, help="at most so many kills in one turn")
    parser.add_argument("--minutes", type=float, help="start no further turn after so long")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--json", type=Path, help="write the rows here")
    arguments = parser.parse_args()
    kills = 3 if arguments.quick else arguments.kills
    until = time.monotonic() + 60 * arguments.minutes if arguments.minutes else None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = arguments.data.absolute() if arguments.data else folder / "source"
        if arguments.data is None:
            write_source(source, arguments.seed)
        storm, _ = rage(folder, source, kills=kills, per_turn=arguments.per_turn, seed=arguments.seed, until=until)
    rows = report(storm)
    for row in rows:
        print(f"{row['bar']}: {row['ours']} (target {row['target']})")
    print(f"{storm.starts} starts; seconds from start to kill: {storm.at}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
    sys.exit(1 if storm.faults else 0)


if __name__ == "__main__":
    main()
