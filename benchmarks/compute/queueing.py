"""Completion times of a cluster's queue: ours, which is told no durations, beside oracles and first come first served.

Tasks of all groups on one cluster of 74 or 63 nodes of eight accelerators (loads 0.8 and 0.95), October and November;
gangs are consolidated; a preemption costs 60 s of work, for ours and for the oracle alike. Ours knows group,
accelerators, time of submission and time served, and learns from tasks that have ended, before October too. Wait is
all time between submission and end in which a task did no work.

Data: `philly_jobs.csv.gz` in `--data` (or any `*jobs.csv[.gz]` of its columns); without it made-up tasks.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ceyuan.compute.queueing import FIFO, FIFO_BACKFILL, LEARNT, SJF, SRTF, Outcome, Tasks, made_up, read_tasks, replay

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "compute"
WIDTH = 8
MEASURED = (datetime(2017, 10, 1, tzinfo=UTC), datetime(2017, 12, 1, tzinfo=UTC))


def tasks(folder: Path, seed: int, quick: bool) -> tuple[Tasks, Tasks | None, dict[float, int]]:
    """(measured, history, nodes by load)."""
    found = sorted(folder.glob("*jobs.csv*"))
    if not found:
        some = made_up(seed, 6000, 128)
        return some, None, {0.8: 16, 0.95: 13}
    everything = read_tasks(found[0])
    start, end = (moment.timestamp() for moment in MEASURED)
    some = everything.between(start, start + 14 * 86400 if quick else end)
    if len(some) == 0:
        raise SystemExit("no tasks between October and November 2017")
    before = everything.between(-np.inf, start)
    over = before.submit + before.work < start
    history = Tasks(before.submit[over], before.work[over], before.accelerators[over], before.group[over])
    return some, history, {0.8: 74, 0.95: 63}


def show(done: Outcome, seconds: float) -> None:
    large = done.wait[done.accelerators >= WIDTH]
    p50, p99 = np.quantile(done.completion, [0.5, 0.99])
    parts = (
        f"  {done.policy:20s} completion mean {done.completion.mean():9.0f} p50 {p50:7.0f} p99 {p99:9.0f}",
        f"wait mean {done.wait.mean():8.0f} p99 {np.quantile(done.wait, 0.99):9.0f}",
        f"wait of >= {WIDTH}: mean {large.mean():8.0f} p99 {done.wait_of_large(WIDTH, 0.99):9.0f}",
        f"preemptions {done.preemptions:6d}",
        f"makespan {done.makespan / 86400:5.1f} d",
        f"used {done.utilisation:.3f}",
        f"{seconds:.1f} s",
    )
    print(" | ".join(parts), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--quick", action="store_true", help="a fortnight at the lower load")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    some, history, sizes = tasks(options.data, options.seed, options.quick)
    rows: list[dict[str, Any]] = []
    for load, nodes in list(sizes.items())[: 1 if options.quick else None]:
        print(f"{len(some)} tasks, {nodes} nodes of {WIDTH} (load {load}), mean work {some.work.mean():.0f} s")
        found: dict[str, Outcome] = {}
        for policy in (FIFO, FIFO_BACKFILL, SJF, SRTF, LEARNT):
            began = time.process_time()
            found[policy.name] = replay(some, nodes, WIDTH, policy, history)
            show(found[policy.name], time.process_time() - began)
        mean = {name: float(done.completion.mean()) for name, done in found.items()}
        large = {name: done.wait_of_large(8, 0.99) for name, done in found.items()}
        rows.append(
            {
                "bar": f"mean completion at load {load} (peer: FIFO, others may pass; limit: SRTF with an oracle)",
                "ours": mean[LEARNT.name],
                "peer": mean[FIFO_BACKFILL.name],
                "limit": mean[SRTF.name],
                "target": 1.15 * mean[SRTF.name] if load < 0.9 else None,
                "unit": "s",
                "better": "lower",
                "all": mean,
            }
        )
        rows.append(
            {
                "bar": f"99th percentile wait of tasks of 8 or more at load {load} (peer: SJF with an oracle)",
                "ours": large[LEARNT.name],
                "peer": large[SJF.name],
                "limit": large[SRTF.name],
                "target": large[SJF.name],
                "unit": "s",
                "better": "lower",
                "all": large,
            }
        )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
