"""48 hours of work in 52 on interruptible capacity: ours beside greedy and uniform progress, as parts of on-demand.

Interruptible machines cost a third of on-demand ones; starting one takes 0.1 h, which is paid, moving to another zone
0.05 h more. Starts are drawn from `--seed`, after eight days that ours may learn from; the same for every policy and
number of zones. Greedy and uniform progress are those of "Can't Be Late" (Wu et al., NSDI 2024), which know one zone;
with several they take the first that has capacity. The limit is all work at the interruptible price, without any start.

Data: a folder or `aws-*.tar.gz` of availability traces under `--data`; without one, made-up traces.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from ceyuan.compute.spot import Arbiter, Greedy, Terms, UniformProgress, made_up, read_traces, run

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "compute" / "spot"
WORK, DEADLINE, HOUR = 48.0, 52.0, 3600.0
LEARNING = 8 * 24 * HOUR


def traces(folder: Path, seed: int) -> tuple[float, np.ndarray]:
    """(seconds per step, available[zone, step])."""
    archives = sorted(folder.glob("*.tar*")) if folder.is_dir() else [folder] if folder.exists() else []
    if archives or (folder.is_dir() and any(folder.rglob("*.json"))):
        _, step, available = read_traces(archives[0] if archives else folder)
        return step, available
    return 195.0, made_up(seed, 9, 20_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--quick", action="store_true", help="20 starts instead of 200")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--starts", type=int, default=200)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    step, available = traces(options.data, options.seed)
    generator = np.random.default_rng(options.seed)
    before = int(LEARNING / step)
    last = available.shape[1] - int(np.ceil(DEADLINE * HOUR / step)) - 1
    starts = generator.integers(before, last, 20 if options.quick else options.starts).tolist()
    rows: list[dict[str, Any]] = []
    for count in sorted({1, 2, 3, len(available)}):
        found: dict[str, list[float]] = {"ours": [], "greedy": [], "uniform progress": []}
        missed = dict.fromkeys(found, 0)
        for start in starts:
            zones = available[generator.permutation(len(available))[:count]]
            terms = Terms((1 / 3,) * count, 1.0, 0.1 * HOUR, 0.05 * HOUR, step)
            ours = Arbiter(terms)
            for past in range(start - before, start):
                ours.learn(zones[:, past])
            for name, policy in (("ours", ours), ("greedy", Greedy()), ("uniform progress", UniformProgress())):
                done = run(policy, terms, zones, start, WORK * HOUR, DEADLINE * HOUR)
                found[name].append(done.cost / WORK)
                missed[name] += not done.in_time
        means = {name: float(np.mean(values)) for name, values in found.items()}
        print(f"{count} zones:", " ".join(f"{k} {v:.4f} ({missed[k]} late)" for k, v in means.items()), flush=True)
        rows.append(
            {
                "bar": f"cost as a part of on-demand, {count} zones, {len(starts)} starts (peer: uniform progress)",
                "ours": means["ours"],
                "peer": means["uniform progress"],
                "limit": 1 / 3,
                "target": 0.36 if count == 9 else None,
                "unit": "ratio",
                "better": "lower",
                "greedy": means["greedy"],
            }
        )
        rows.append(
            {
                "bar": f"deadlines missed, {count} zones",
                "ours": missed["ours"],
                "peer": missed["uniform progress"],
                "limit": 0,
                "target": 0,
                "unit": f"of {len(starts)}",
                "better": "lower",
            }
        )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
