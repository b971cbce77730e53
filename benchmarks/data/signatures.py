"""Near-duplicates among ten million documents: signatures, buckets and verified deletions within 4 GB.

``python -m benchmarks.data.signatures [--count N] [--quick] [--seed N] [--json FILE]``

Texts of 40 characters are made from the seed, block by block, and never held: one in ten is a copy of an earlier
one with one character changed (Jaccard 0.75 or more). Signatures lie on disk, one file per band. The truth is known, so
precision and recall are those of what was planted. A hundred million need ten times the disk (20 GB) and time, and
with the candidates split by component into ten tasks the same memory.
"""

import argparse
import json
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.data.corpus_v1 import Row, _print, _row
from ceyuan.data.duplicates import Banding, Search, search, sketch
from ceyuan.data.operators import Texts

_BLOCK = 100_000
_LENGTH = 40
_BANDING = Banding(bands=16, rows=4)


def main() -> None:
    """Run all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000_000)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    count = 200_000 if options.quick else options.count
    with tempfile.TemporaryDirectory() as name:
        rows = _run(Path(name), count, options.seed)
    _print(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")


def letters(block: int, seed: int, count: int = _BLOCK) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """(characters of each text, number of the text it was copied from or -1) of one block."""
    chance = np.random.default_rng([seed, block])
    made = chance.integers(0x4E00, 0x4E00 + 6000, (count, _LENGTH), np.uint32)
    origin = np.full(count, -1, np.int64)
    copies = np.flatnonzero(chance.random(count) < 0.1)
    copies = copies[copies > 0]
    sources = (chance.random(len(copies)) * copies).astype(np.int64)
    whole = ~np.isin(sources, copies)
    copies, sources = copies[whole], sources[whole]
    made[copies] = made[sources]
    changes = chance.integers(0, _LENGTH, (len(copies), 1))
    made[copies[:, None], changes] = chance.integers(0x4E00, 0x4E00 + 6000, changes.shape, np.uint32)
    origin[copies] = block * _BLOCK + sources
    return made, origin


def texts_of(characters: npt.NDArray[np.uint32]) -> Texts:
    """Rows of characters between U+0800 and U+FFFF as texts: three bytes each."""
    bytes_ = np.empty((*characters.shape, 3), np.uint8)
    bytes_[..., 0] = 0xE0 | (characters >> 12)
    bytes_[..., 1] = 0x80 | ((characters >> 6) & 0x3F)
    bytes_[..., 2] = 0x80 | (characters & 0x3F)
    offsets = np.arange(len(characters) + 1, dtype=np.int64) * characters.shape[1] * 3
    return Texts(bytes_.reshape(-1), offsets)


def _run(folder: Path, count: int, seed: int) -> list[Row]:
    blocks = range((count + _BLOCK - 1) // _BLOCK)
    started = time.process_time()
    keys = [np.memmap(folder / f"{band}.u64", np.uint64, "w+", shape=(count,)) for band in range(_BANDING.bands)]
    distinct, origin = np.empty(count, np.int32), np.empty(count, np.int64)
    for block in blocks:
        start = block * _BLOCK
        size = min(_BLOCK, count - start)
        characters, copied = letters(block, seed, size)
        found, signature = sketch(texts_of(characters), _BANDING)
        distinct[start : start + size], origin[start : start + size] = found, copied
        for band, file in enumerate(keys):
            file[start : start + size] = signature[:, band]
    for file in keys:
        file.flush()
    del keys
    signed = time.process_time() - started

    keys = _Files(folder, np.arange(count))

    def read(places: npt.NDArray[np.int64]) -> Texts:
        parts = []
        for block in np.unique(places // _BLOCK).tolist():
            size = min(_BLOCK, count - block * _BLOCK)
            here = places[places // _BLOCK == block] - block * _BLOCK
            parts.append(letters(block, seed, size)[0][here])
        return texts_of(np.concatenate(parts))

    sizes = np.full(count, 3 * _LENGTH, np.int64)
    found = search(keys, distinct, np.arange(count, dtype=np.uint64), sizes, read, Search(batch_bytes=256 << 20))
    total = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return _judged(found.survivor, origin, count, signed, total, peak)


@dataclass(frozen=True, slots=True)
class _Files:
    """Band keys that lie in a file per band, of the texts ``places``."""

    folder: Path
    places: npt.NDArray[np.int64]
    bands: int = _BANDING.bands

    def __len__(self) -> int:
        return len(self.places)

    def column(self, band: int) -> npt.NDArray[np.uint64]:
        """All keys of a band."""
        return np.fromfile(self.folder / f"{band}.u64", np.uint64)[self.places]

    def at(self, places: npt.NDArray[np.int64]) -> "_Files":
        """Those of some texts."""
        return _Files(self.folder, self.places[places])


def _judged(
    survivor: npt.NDArray[np.int64],
    origin: npt.NDArray[np.int64],
    count: int,
    signed: float,
    total: float,
    peak: float,
) -> list[Row]:
    text = np.flatnonzero(survivor >= 0)
    kept = survivor[text]
    family = np.where(origin >= 0, origin, np.arange(count))
    right = family[text] == family[kept]
    copies = int((origin >= 0).sum())
    print(f"{count:,} documents, {len(text):,} dropped of {copies:,} copies")
    return [
        _row(f"{count:,} signatures: peak memory", peak, 4096, "MiB", better="lower"),
        _row(f"{count:,} signatures: deletions that are copies", float(right.mean()), 0.8, "share"),
        _row(f"{count:,} signatures: copies found", float(right.sum()) / copies, 0.95, "share"),
        _row(f"{count:,} signatures: signing", count / signed, 50_000, "documents/s/core"),
        _row(f"{count:,} signatures: all", count / total, 40_000, "documents/s/core"),
    ]


if __name__ == "__main__":
    main()
