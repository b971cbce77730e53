"""Dataset versions: what a refresh of 1 % costs, that it equals a full run, memory on a large corpus, and kill -9.

``python -m benchmarks.data.versions [--data DIR] [--times N] [--kills N] [--quick] [--seed N] [--json FILE]``

``DIR`` holds Parquet files with a column ``text``; the corpus is ``N`` times as large: each copy has its own
documents, made by shuffling the paragraphs of three originals together, so that it is neither a duplicate nor random.
CPU-seconds of one process on one core; the peer of a refresh is the run from everything anew.
"""

import os

os.environ.setdefault("POLARS_MAX_THREADS", "1")

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from benchmarks.data.corpus_v1 import _DEFAULT, Row, _print, _row
from ceyuan.data.corpus import Recipe
from ceyuan.data.readers import Document
from ceyuan.data.versions import Change, Store, Version, refresh


def main() -> None:
    """Run all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=_DEFAULT)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    texts = [t for f in sorted(options.data.glob("*.parquet")) for t in pl.read_parquet(f, columns=["text"])["text"]]
    times, kills = (1, 5) if options.quick else (options.times, options.kills)
    with tempfile.TemporaryDirectory() as name:
        rows = _refresh(Path(name), texts, times, options.seed) if times else []
        rows += _kills(Path(name), texts[:: max(1, len(texts) // 800)], kills, options.seed) if kills else []
    _print(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")


def corpus(texts: list[str], times: int, seed: int, changed: frozenset[int] = frozenset()) -> Iterator[Document]:
    """The documents; those of the numbers in ``changed`` have lost a paragraph and gained one."""
    for number in range(times * len(texts)):
        yield document(texts, number, seed, number in changed)


def document(texts: list[str], number: int, seed: int, changed: bool) -> Document:
    """One document of the corpus, by its number."""
    copy, at = divmod(number, len(texts))
    chance = random.Random(f"{seed}/{number}")
    text = texts[at]
    if copy:
        lines = [line for near in (0, 1, 2) for line in texts[(at + near * (copy + 1)) % len(texts)].split("\n")]
        chance.shuffle(lines)
        text = "\n".join(lines[: max(3, len(lines) // 3)])
    if changed:
        lines = text.split("\n")
        lines[chance.randrange(len(lines))] = "这一段是后来改写的，与原来的不同。" + str(chance.random())
        text = "\n".join(lines)
    return Document(f"{number:07d}", text)


def _timed(root: Path, change: Change) -> tuple[float, Version]:
    start = time.process_time()
    version = refresh(Store(root), change, Recipe(), threads=1)
    return time.process_time() - start, version


def _refresh(folder: Path, texts: list[str], times: int, seed: int) -> list[Row]:
    count = times * len(texts)
    for changed in (frozenset[int](), frozenset(range(5))):  # compiled code is loaded once per process
        twins = [Document(f"twin-{number}", text + f"\n又一段：{number}。") for number, text in enumerate(texts[:50])]
        _timed(folder / "warm", Change([*corpus(texts[:50], 1, seed, changed), *twins]))
    first_s, first = _timed(folder / "steps", Change(corpus(texts, times, seed)))
    chance = random.Random(seed)
    picked = frozenset(chance.sample(range(count), max(1, count // 100)))
    gone = frozenset(sorted(picked)[::10])
    put = [document(texts, number, seed, True) for number in sorted(picked - gone)]
    names = tuple(f"{number:07d}" for number in sorted(gone))
    again_s, again = _timed(folder / "steps", Change(put, names))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    anew = (one for one in corpus(texts, times, seed, picked) if one.id not in set(names))
    anew_s, whole = _timed(folder / "anew", Change(anew))
    megabytes = sum(part.bytes for part in first.parts) / 1e6
    print(
        f"{count:,} documents, {first.counts['kept']:,} kept, shards {megabytes:,.0f} MB; full run {first_s:.1f} CPU-s"
    )
    return [
        _row("refresh of 1 % over the full run", again_s / anew_s, 0.03, "CPU-s / CPU-s", peer=1.0, better="lower"),
        _row("refresh equals a full run", float(again.content == whole.content), 1, "0 or 1"),
        _row(f"peak memory, {times} x the corpus", peak, 1024, "MiB", better="lower"),
    ]


_RUN = """
import sys
from pathlib import Path
import polars as pl
from benchmarks.data.versions import _timed, corpus
from ceyuan.data.versions import Change
texts = pl.read_parquet(sys.argv[1])["text"].to_list()
print("ready", flush=True)
print(_timed(Path(sys.argv[2]), Change(corpus(texts, 1, 0)))[1].id, flush=True)
"""


def _kills(folder: Path, texts: list[str], kills: int, seed: int) -> list[Row]:
    pl.DataFrame({"text": texts}).write_parquet(folder / "texts.parquet")
    chance = random.Random(seed)
    started = time.monotonic()
    _, undisturbed = _timed(folder / "calm", Change(corpus(texts, 1, 0)))
    span = time.monotonic() - started
    same = killed = runs = 0
    while killed < kills:
        root = folder / f"storm-{runs}"
        runs += 1
        while True:
            command = [sys.executable, "-c", _RUN, str(folder / "texts.parquet"), str(root)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None
                process.stdout.readline()
                try:
                    if killed < kills:
                        process.wait(chance.random() * span * 1.2)
                    process.wait()
                    made = process.stdout.read().strip()
                    break
                except subprocess.TimeoutExpired:
                    process.kill()
                    killed += 1
        same += made == undisturbed.id == Store(root).head
    print(f"{killed} kills in {runs} runs")
    return [_row(f"runs equal to an undisturbed one, of {runs}, after {killed} x kill -9", same, runs, "runs")]


if __name__ == "__main__":
    main()
