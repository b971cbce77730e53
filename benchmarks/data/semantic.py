"""Semantic duplicates by the cosine of embeddings, beside exact search: recall, precision, speed, memory.

``python -m benchmarks.data.semantic [--data DIR] [--quick] [--seed N] [--json FILE]``

``DIR`` holds Parquet files with a column ``text``. Paragraphs are taken out of them, a quarter of them a second time in
other words: sentences shuffled, one of them left out, words replaced. Embeddings are latent semantic ones (weighted
pairs of characters, the largest singular vectors), which need no model. Exact search compares all with all by a
product of matrices (BLAS) and is the limit of recall; at each threshold both walk the documents in the same order. A
second run plants pairs of exactly the threshold among random vectors, many more of them than memory should hold,
in a process of its own whose peak is told.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp
from scipy.sparse.linalg import svds

from benchmarks.data.corpus_v1 import _DEFAULT, Row, _print, _row
from ceyuan.data.duplicates import Pairs, Seeking, Vectors, alike, bands_of, pairs_of, quantised, survivors

Matrix = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

_THRESHOLDS = (0.8, 0.9, 0.95)
_DIMENSIONS = 256
_PLANTED = 0.1  # share of vectors that are planted beside another one
_BLOCK = 50_000


def main() -> None:
    """Run both and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=_DEFAULT)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--planted", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.planted:
        print(json.dumps(_planted(options.planted, options.seed)))
        return
    rows = _beside_exact(options.data, 4_000 if options.quick else 20_000, options.seed)
    rows += _at_size(100_000 if options.quick else 1_000_000, options.seed)
    _print(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")


def paragraphs(folder: Path, count: int, chance: random.Random) -> list[str]:
    """Different paragraphs of some sentences each."""
    texts = [t for f in sorted(folder.glob("*.parquet")) for t in pl.read_parquet(f, columns=["text"])["text"]]
    if not texts:
        raise SystemExit(f"no Parquet files in {folder}")
    found = dict.fromkeys(p.strip() for text in texts for p in text.split("\n") if 60 <= len(p) <= 600)
    return chance.sample(list(found), min(count, len(found)))


def otherwise(text: str, chance: random.Random) -> str:
    """The paragraph in other words: its sentences shuffled, one of them left out, some words replaced."""
    sentences = [one for one in text.replace("；", "。").split("。") if one]
    chance.shuffle(sentences)
    kept = sentences[: max(1, len(sentences) - (len(sentences) > 3))]
    words = [
        (one, other) for one, other in (("的", "之"), ("和", "与"), ("或者", "或"), ("可以", "能够"), ("应当", "应该"))
    ]
    shown = "。".join(kept) + "。"
    for one, other in words:
        if chance.random() < 0.5:
            shown = shown.replace(one, other)
    return shown


def embedded(texts: list[str], dimensions: int) -> Matrix:
    """Latent semantic embeddings of pairs of characters (Deerwester et al. 1990)."""
    buckets, rows, columns = 1 << 16, [], []
    for row, text in enumerate(texts):
        for one, other in pairwise(text):
            rows.append(row)
            columns.append(zlib.crc32((one + other).encode()) % buckets)
    counts = sp.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), (len(texts), buckets))
    counts.data = np.log1p(counts.data)
    often = np.asarray((counts > 0).sum(axis=0)).ravel()
    weighted = counts @ sp.diags(np.log(len(texts) / np.maximum(often, 1)).astype(np.float32))
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    unit = sp.diags((1 / np.maximum(lengths, 1e-9)).astype(np.float32)) @ weighted
    left, values, _ = svds(unit, k=dimensions, v0=np.ones(min(unit.shape)), random_state=0)
    return np.asarray(left * values, np.float32)


def exact(matrix: Matrix, threshold: float) -> tuple[dict[int, set[int]], set[int]]:
    """(who resembles whom, what is deleted when documents are taken in order), all compared with all."""
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    similar: dict[int, set[int]] = {}
    for start in range(0, len(unit), 2000):
        found = np.argwhere(unit[start : start + 2000] @ unit.T >= threshold)
        for one, other in found.tolist():
            if one + start != other:
                similar.setdefault(one + start, set()).add(other)
    deleted: set[int] = set()
    for row in sorted(similar):
        if any(other < row and other not in deleted for other in similar[row]):
            deleted.add(row)
    return similar, deleted


def searched(vectors: Vectors, seeking: Seeking) -> tuple[Places, npt.NDArray[np.float32], int]:
    """(survivor of each, similarity, how many were curtailed)."""
    places = np.arange(vectors.rows)
    same = alike(vectors, places)
    first = places[same == places]
    pairs = Pairs.joined([pairs_of(vectors, seeking, bands_of(seeking, 1)[0], first)])
    found = survivors(vectors.rows, places, same, pairs)
    return found.survivor, found.similarity, len(pairs.curtailed)


def stored(path: Path, matrix: Matrix) -> Vectors:
    """The matrix as a file of vectors."""
    with path.open("wb") as file:
        Vectors.put(file, quantised(matrix))
    return Vectors(path, len(matrix), matrix.shape[1])


def _beside_exact(data: Path, count: int, seed: int) -> list[Row]:
    chance = random.Random(seed)
    texts = paragraphs(data, count * 4 // 5, chance)
    texts += [otherwise(text, chance) for text in chance.sample(texts, len(texts) // 4)]
    matrix = embedded(texts, _DIMENSIONS)
    matrix = matrix[np.linalg.norm(matrix, axis=1) > 0]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        vectors = stored(Path(name) / "vectors.bin", matrix)
        searched(vectors, Seeking(_THRESHOLDS[0]))  # compiling is paid once per machine
        for threshold in _THRESHOLDS:
            began = time.process_time()
            survivor, _, _ = searched(vectors, Seeking(threshold))
            ours = time.process_time() - began
            began = time.process_time()
            similar, deleted = exact(matrix, threshold)
            theirs = time.process_time() - began
            dropped = np.flatnonzero(survivor >= 0).tolist()
            right = [one for one in dropped if int(survivor[one]) in similar.get(one, ())]
            recall = len(deleted.intersection(right)) / max(1, len(deleted))
            print(f"{threshold}: exact search deletes {len(deleted):,} of {len(matrix):,}, ours {len(dropped):,}")
            name_ = f"{len(matrix):,} paragraphs, cosine {threshold}"
            rows.append(_limited(f"{name_}: recall", recall, 0.95, "share", 1.0))
            rows.append(_limited(f"{name_}: precision", len(right) / max(1, len(dropped)), 0.99, "share", 1.0))
            speeds = (len(matrix) / ours, len(matrix) / theirs)
            rows.append(_row(f"{name_}: speed", speeds[0], 1_000, "documents/CPU-s", peer=speeds[1]))
    return rows


def _at_size(count: int, seed: int) -> list[Row]:
    command = [sys.executable, "-m", "benchmarks.data.semantic", "--planted", str(count), "--seed", str(seed)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    name = f"{count:,} vectors of {_DIMENSIONS} ({count * _DIMENSIONS * 4 >> 20:,} MiB as floats), cosine 0.95"
    return [
        _row(f"{name}: peak memory", found["peak"], 1024, "MiB", better="lower"),
        _limited(f"{name}: planted pairs found", found["recall"], 0.95, "share", 1.0),
        _limited(f"{name}: deletions that were planted", found["precision"], 0.99, "share", 1.0),
        _row(f"{name}: speed", found["speed"], 5_000, "documents/CPU-s"),
    ]


def _limited(bar: str, ours: float, target: float, unit: str, limit: float) -> Row:
    return _row(bar, ours, target, unit) | {"limit": limit}


def _planted(count: int, seed: int) -> dict[str, float]:
    """Random vectors, every tenth of them at a cosine of exactly 0.95 (and a hair) to one before it."""
    threshold, every = 0.95, round(1 / _PLANTED)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "vectors.bin"
        with path.open("wb") as file:
            for block in range(0, count, _BLOCK):
                chance = np.random.default_rng([seed, block])
                size = min(_BLOCK, count - block)
                made = chance.standard_normal((size, _DIMENSIONS), np.float32)
                made /= np.linalg.norm(made, axis=1, keepdims=True)
                one, across = made[every - 2 :: every], made[every - 1 :: every]
                one = one[: len(across)]
                across -= (across * one).sum(axis=1, keepdims=True) * one
                across /= np.linalg.norm(across, axis=1, keepdims=True)
                cosine = threshold + 1e-4
                made[every - 1 :: every] = cosine * one + np.sqrt(1 - cosine**2) * across
                Vectors.put(file, quantised(made))
        vectors = Vectors(path, count, _DIMENSIONS)
        began = time.process_time()
        survivor, _, _ = searched(vectors, Seeking(threshold))
        seconds = time.process_time() - began
    dropped = np.flatnonzero(survivor >= 0)
    right = (dropped % every == every - 1) & (survivor[dropped] == dropped - 1)
    return {
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "recall": float(right.sum() / (count // every)),
        "precision": float(right.mean()) if len(right) else 1.0,
        "speed": count / seconds,
    }


if __name__ == "__main__":
    main()
