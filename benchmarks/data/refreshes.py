"""What a refresh of 1 % costs from the folder to the dataset, beside the full run, and that both give the same.

``python -m benchmarks.data.refreshes [--data DIR] [--times N] [--quick] [--seed N] [--json FILE]``

``DIR`` holds Parquet files with a column ``text``; every document is a file of its own in a folder that is collected
and made into a dataset, as the jobs of the platform do. Then 1 % of the files change (a tenth of those go), and both
steps are done again. CPU-seconds of one process on one core; the peer of a refresh is the run from everything anew.
"""

import os

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import argparse
import gc
import json
import random
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.data.corpus_v1 import _DEFAULT, Row, _print, _row
from benchmarks.data.versions import document
from ceyuan.data.collection import PackageCache, Source, collect
from ceyuan.data.versions.publish import main as publish


def main() -> None:
    """Run all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=_DEFAULT)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    files = sorted(options.data.glob("*.parquet"))
    texts = [text for file in files for text in pl.read_parquet(file, columns=["text"])["text"]]
    with tempfile.TemporaryDirectory() as name:
        rows = _refreshed(Path(name), texts, 1 if options.quick else options.times, options.seed)
    _print(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")


def _refreshed(folder: Path, texts: list[str], times: int, seed: int) -> list[Row]:
    count = times * len(texts)
    chance = random.Random(seed)
    picked = chance.sample(range(count), max(10, count // 100))
    own = folder / "own"
    for number in range(200):  # compiled code is loaded once per process
        text = document(texts, number // 2, seed, False).text  # with pairs that resemble each other
        _put(folder / "small", number, text + f"\n又一段：{number}。")
    warm = _Place(folder, folder / "small", "warm")
    warm.run("first")
    _put(folder / "small", 3, "换过的正文，仍然足够长，可以留下来。")
    warm.run("second", "first")
    gc.freeze()  # as a job's process does when it has imported its engine
    for number in range(count):
        _put(own, number, document(texts, number, seed, False).text)
    steps = _Place(folder, own, "steps")
    full, _ = steps.run("first")
    for number in picked:
        _put(own, number, document(texts, number, seed, True).text)
    for number in picked[::10]:
        _path(own, number).unlink()
    again, refreshed = steps.run("second", "first")
    anew, whole = _Place(folder, own, "anew").run("whole")
    print(f"{count:,} files; full run: collecting {full[0]:.2f}, dataset {full[1]:.2f} CPU-s; the same anew: {anew}")
    print(f"refresh of 1 %: collecting {again[0]:.2f}, dataset {again[1]:.2f} CPU-s; {refreshed['change']}")
    same = (refreshed["content"], refreshed["counts"]) == (whole["content"], whole["counts"])
    bars = [("collecting and dataset", sum(again) / sum(anew)), ("dataset alone", again[1] / anew[1])]
    rows = [
        _row(f"refresh of 1 %, {bar}", value, 0.03, "of a full run", peer=1.0, better="lower") for bar, value in bars
    ]
    return [*rows, _row("refresh equals a full run", float(same), 1, "0 or 1")]


class _Place:
    """Where one history of a corpus lies."""

    def __init__(self, folder: Path, own: Path, name: str) -> None:
        self._folder, self._own, self._root = folder, own, folder / name

    def run(self, out: str, before: str = "") -> tuple[tuple[float, float], dict[str, Any]]:
        """((CPU-seconds of collecting, of the dataset), what came of it)."""
        start = time.process_time()
        source = Source("own", "folder", str(self._own), licence="CC0-1.0")
        collect(self._root / "raw", [source], PackageCache(self._folder / "cache"), _silent)
        collected = time.process_time()
        arguments = {"store": str(self._root / "store"), "collections": [str(self._root / "raw")], "threads": 1}
        previous = {"previous": str(self._root / before), "previous_ref": before} if before else {}
        more = {"out": str(self._root / out), "recipe": {}, "title": {"zh": "语料", "en": "corpus"}}
        made = publish(arguments | more | previous, _silent)
        return (collected - start, time.process_time() - collected), made


def _path(own: Path, number: int) -> Path:
    return own / f"{number // 1000:04d}" / f"{number:07d}.txt"


def _put(own: Path, number: int, text: str) -> None:
    path = _path(own, number)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def _silent(message: dict[str, object]) -> None:
    """Nobody listens."""


if __name__ == "__main__":
    main()
