"""The corpus engine: speed on long and on short documents, and near-duplicates against exact search.

``python -m benchmarks.data.corpus_v1 [--data DIR] [--quick] [--seed N] [--json FILE]``

``DIR`` holds Parquet files with a column ``text``. Long documents are taken as they are, short ones are their
paragraphs. All figures are CPU-seconds of one process on one core. The peer for speed computes the same
statistics document by document in plain Python, the peer for duplicates deletes whatever meets in a bucket
(14 bands of 8, the published setting of FineWeb-2), as corpus tools do; both run here, in the same run.
"""

import os

os.environ.setdefault("POLARS_MAX_THREADS", "1")  # before the first import of Polars

import argparse
import json
import random
import resource
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.data.exact import deletions_by_collision, exact_truth, shingles
from ceyuan.data.collection.raw import RawWriter
from ceyuan.data.corpus import Inputs, Recipe, build
from ceyuan.data.duplicates import resolve, shared_buckets, sketch
from ceyuan.data.files import write_json
from ceyuan.data.operators import Texts
from ceyuan.data.readers import Document

Row = dict[str, Any]
_DEFAULT = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "corpus" / "text"


def main() -> None:
    """Run all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=_DEFAULT)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    texts = _texts(options.data)
    chance = random.Random(options.seed)
    long = chance.sample(texts, len(texts) // 10) if options.quick else texts
    paragraphs = [p for text in texts for p in text.split("\n") if len(p) >= 20]
    short = chance.sample(paragraphs, min(len(paragraphs), 30_000 if options.quick else 200_000))
    rows = _speed(long, short) + _duplicates(texts, chance, 3_000 if options.quick else 12_000)
    _print(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")


def _texts(folder: Path) -> list[str]:
    files = sorted(folder.glob("*.parquet"))
    if not files:
        raise SystemExit(f"no Parquet files in {folder}")
    return [text for file in files for text in pl.read_parquet(file, columns=["text"])["text"].to_list()]


def _speed(long: list[str], short: list[str]) -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _run(folder / "warm", short[:100], "user")  # compiling is paid once per machine, not per corpus
        long_s, one = _run(folder / "long", long, "general")
        short_s, _ = _run(folder / "short", short, "user")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        _, again = _run(folder / "again", long, "general", threads=2)
    megabytes = sum(len(text.encode()) for text in long) / 1e6
    sample = long[:: max(1, len(long) // 60)]
    peer_s = _plain_statistics(sample)
    peer_short_s = _plain_statistics(short[:2000])
    return [
        _row("corpus run, long documents", megabytes / long_s, 15, "MB/s/core", peer=_megabytes(sample) / peer_s),
        _row("corpus run, short documents", len(short) / short_s, 30_000, "documents/s/core", peer=2000 / peer_short_s),
        _row("same bytes from one thread and from two", float(one == again), 1, "0 or 1"),
        _row("peak memory of all runs", peak, 1024, "MiB", better="lower"),
    ]


def _run(folder: Path, texts: list[str], domain: str, threads: int = 1) -> tuple[float, str]:
    """(CPU-seconds of the pipeline, content hash); collecting is not measured."""
    writer = RawWriter(folder / "raw" / "all", "all", domain, "LicenseRef-measuring")
    for number, text in enumerate(texts):
        writer.add(Document(str(number), text))
    source = {"key": "all", "title": "all", "licence": "LicenseRef-measuring", "domain": domain, "origin": "folder"}
    record = {"source": source, "documents": len(texts), "characters": 0, "rejected": {}, "shards": writer.finish()}
    write_json(folder / "raw" / "collection.json", {"format": 1, "sources": [record], "skipped": []})
    inputs = Inputs.of([folder / "raw"])
    start = time.process_time()
    manifest = build(inputs, Recipe(), folder / "out", {"zh": "测", "en": "t"}, lambda message: None, threads)
    return time.process_time() - start, str(manifest["content_sha256"])


def _plain_statistics(texts: list[str]) -> float:
    """CPU-seconds for the composition, repetition and a 125-slot MinHash of each text in plain Python."""
    start = time.process_time()
    for text in texts:
        Counter("han" if "\u4e00" <= character <= "\u9fff" else character.isdigit() for character in text)
        grams = [text[at : at + 10] for at in range(len(text) - 9)]
        len(set(grams))
        lines = text.split("\n")
        len(set(lines))
        hashes = np.array([hash(text[at : at + 5]) & 0xFFFFFFFF for at in range(max(1, len(text) - 4))], np.uint64)
        for slot in range(125):
            ((hashes * np.uint64(2 * slot + 3) + np.uint64(slot)) & np.uint64(0xFFFFFFFF)).min()
    return time.process_time() - start


def _megabytes(texts: list[str]) -> float:
    return sum(len(text.encode()) for text in texts) / 1e6


def _duplicates(texts: list[str], chance: random.Random, count: int) -> list[Row]:
    """Deletions of near-duplicates judged by all-pairs Jaccard on a sample of paragraphs from whole documents."""
    sample: list[str] = []
    for text in chance.sample(texts, len(texts)):
        sample += [p for p in dict.fromkeys(text.split("\n")) if len(p) <= 400 and len(shingles(p)) >= 15]
        if len(sample) >= count:
            break
    sample = sorted(dict.fromkeys(sample[:count]), key=lambda text: (-len(text), text))
    truth = exact_truth(sample, threshold=0.7)
    column = Texts.of(pl.Series(sample))
    distinct, keys = sketch(column)
    result = resolve(column, distinct, shared_buckets(keys)[0], threshold=0.7, related_from=0.5)
    ours = {int(at): int(result.survivor[at]) for at in np.flatnonzero(result.survivor >= 0)}
    peer = deletions_by_collision(sample, bands=14, rows=8)
    print(f"near-duplicates: {len(sample)} paragraphs, {len(truth.deleted)} to delete by exact search")
    return [
        _row("near-duplicates: precision", truth.precision(ours), 0.8, "share at J >= 0.7", peer=truth.precision(peer)),
        _row("near-duplicates: recall", truth.recall(ours), 0.95, "share of exact search", peer=truth.recall(peer)),
    ]


def _row(bar: str, ours: float, target: float, unit: str, peer: float | None = None, better: str = "higher") -> Row:
    rounded = None if peer is None else round(peer, 4)
    figures = {"ours": round(ours, 4), "peer": rounded, "limit": None, "target": target}
    return {"bar": f"data: {bar}", **figures, "unit": unit, "better": better}


def _print(rows: list[Row]) -> None:
    print(f"{'':52}{'ours':>12}{'peer':>12}{'target':>12}  unit")
    for row in rows:
        peer = "-" if row["peer"] is None else f"{row['peer']:,.4g}"
        print(f"{row['bar']:52}{row['ours']:>12,.5g}{peer:>12}{row['target']:>12,}  {row['unit']}")


if __name__ == "__main__":
    main()
