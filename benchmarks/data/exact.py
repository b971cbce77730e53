"""Near-duplicates by exact search, the truth that deletions are judged by, and deletion on a collision alone."""

import zlib
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp


@dataclass(frozen=True)
class Truth:
    """``similar[i]`` holds the texts with Jaccard similarity of at least the threshold to text ``i``; ``deleted``
    what exact search deletes when texts are taken in order."""

    similar: list[set[int]]
    deleted: set[int]

    def precision(self, deletions: dict[int, int]) -> float:
        """Share of deletions (text -> the one kept for it) that are true near-duplicates of the kept one."""
        right = sum(kept in self.similar[text] for text, kept in deletions.items())
        return right / len(deletions) if deletions else 1.0

    def recall(self, deletions: dict[int, int]) -> float:
        """Share of what exact search deletes that was deleted, rightly."""
        found = {text for text, kept in deletions.items() if kept in self.similar[text]}
        return len(self.deleted & found) / len(self.deleted) if self.deleted else 1.0


def shingles(text: str) -> set[str]:
    """Five-character shingles of the letters and digits, in lower case."""
    letters = "".join(filter(str.isalnum, text)).casefold()
    return {letters[at : at + 5] for at in range(max(1, len(letters) - 4))}


def exact_truth(texts: list[str], threshold: float) -> Truth:
    """All pairs compared, by products of the sparse matrix of texts and shingles."""
    numbers: dict[str, int] = {}
    rows, columns = [], []
    for row, text in enumerate(texts):
        for shingle in shingles(text):
            rows.append(row)
            columns.append(numbers.setdefault(shingle, len(numbers)))
    matrix = sp.csr_matrix((np.ones(len(rows), np.int32), (rows, columns)), (len(texts), len(numbers)))
    sizes = np.asarray(matrix.sum(axis=1)).ravel()
    similar: list[set[int]] = [set() for _ in texts]
    for start in range(0, len(texts), 1000):
        common = (matrix[start : start + 1000] @ matrix.T).tocoo()
        left = common.row + start
        jaccard = common.data / (sizes[left] + sizes[common.col] - common.data)
        for one, other in zip(left[jaccard >= threshold], common.col[jaccard >= threshold], strict=True):
            if one != other:
                similar[int(one)].add(int(other))
    deleted: set[int] = set()
    for text in range(len(texts)):
        if any(other < text and other not in deleted for other in similar[text]):
            deleted.add(text)
    return Truth(similar, deleted)


def deletions_by_collision(texts: list[str], bands: int, rows: int) -> dict[int, int]:
    """MinHash banding without a check: texts that meet in any bucket are one cluster, of which the first is kept."""
    generator = np.random.default_rng(1)
    prime = (1 << 31) - 1
    factors = generator.integers(1, prime, bands * rows, np.int64)
    summands = generator.integers(0, prime, bands * rows, np.int64)
    parent = list(range(len(texts)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    buckets: dict[tuple[int, bytes], int] = defaultdict(lambda: -1)
    for number, text in enumerate(texts):
        hashes = np.array([zlib.crc32(shingle.encode()) % prime for shingle in shingles(text)], np.int64)
        minima = ((hashes[:, None] * factors[None, :] + summands) % prime).min(axis=0)
        for band in range(bands):
            key = (band, minima[band * rows : (band + 1) * rows].tobytes())
            first = buckets[key]
            if first < 0:
                buckets[key] = number
            else:
                one, other = root(first), root(number)
                parent[max(one, other)] = min(one, other)
    return {at: root(at) for at in range(len(texts)) if root(at) != at}
