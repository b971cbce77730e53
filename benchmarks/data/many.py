"""Memory with very many short documents: collecting them and making a dataset as a pipeline does, in one process.

``python -m benchmarks.data.many [--data DIR] [--count N] [--quick] [--seed N] [--json FILE]``

``DIR`` holds Parquet files with a column ``text``. Each document is the end of one paragraph and the beginning of
another, so that many resemble each other: the search for near-duplicates has more to hold than in most corpora.
"""

import os

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import argparse
import json
import multiprocessing
import random
import resource
import tempfile
import time
from pathlib import Path

import polars as pl

from benchmarks.data.corpus_v1 import _DEFAULT, Row, _print, _row
from ceyuan.data.collection import PackageCache, Source, collect
from ceyuan.data.versions.publish import main as publish


def main() -> None:
    """Run all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=_DEFAULT)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    count = 50_000 if options.quick else options.count
    with tempfile.TemporaryDirectory() as name:
        # What makes the documents holds the whole corpus, which is none of the run's memory.
        making = multiprocessing.get_context("spawn").Process(
            target=_make, args=(Path(name), options.data, count, options.seed)
        )
        making.start()
        making.join()
        rows = _run(Path(name), count)
    _print(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")


def _make(folder: Path, data: Path, count: int, seed: int) -> None:
    texts = [
        text for file in sorted(data.glob("*.parquet")) for text in pl.read_parquet(file, columns=["text"])["text"]
    ]
    paragraphs = [line for text in texts for line in text.split("\n") if len(line) >= 20]
    chance = random.Random(seed)
    (folder / "in").mkdir()
    with (folder / "in" / "a.jsonl").open("w", encoding="utf-8") as file:
        for number in range(count):
            one, other = chance.choice(paragraphs), chance.choice(paragraphs)
            text = one[: chance.randrange(10, len(one))][-120:] + other[:60]
            file.write(json.dumps({"id": f"d{number}", "text": text}, ensure_ascii=False) + "\n")


def _run(folder: Path, count: int) -> list[Row]:
    start = time.process_time()
    collect(folder / "raw", [Source("all", "folder", str(folder / "in"))], PackageCache(folder / "cache"), _silent)
    arguments = {"store": str(folder / "store"), "collections": [str(folder / "raw")], "out": str(folder / "out")}
    made = publish(arguments | {"recipe": {}, "title": {"zh": "语料", "en": "corpus"}, "threads": 1}, _silent)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    total = made["counts"]["total"]
    print(f"{count:,} documents, {total['kept']:,} kept; collecting and dataset {seconds:.1f} CPU-s")
    return [
        _row(f"peak memory, {count:,} short documents", peak, 1024, "MiB", better="lower"),
        _row(f"{count:,} short documents", count / seconds, 30_000, "documents/s/core"),
    ]


def _silent(message: dict[str, object]) -> None:
    """Nobody listens."""


if __name__ == "__main__":
    main()
