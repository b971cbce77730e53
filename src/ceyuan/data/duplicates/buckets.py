"""Buckets: which texts share a band key with another one."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ceyuan.data.operators.compiling import compiled
from ceyuan.data.operators.kernels import crowded

__all__ = ["buckets_of", "renumbered", "shared_buckets", "sharing"]

Keys = npt.NDArray[np.uint64]
Buckets = npt.NDArray[np.int32]
_MOST_BITS = 22  # of the table of slots: 4 MB


def sharing(count: int, bands: int, column: Callable[[int], Keys]) -> npt.NDArray[np.int64]:
    """Places of the texts that share at least one key; ``column`` gives the keys of one band at a time."""
    shared = np.zeros(count, bool)
    bits = min(_MOST_BITS, max(10, (4 * count).bit_length()))
    for band in range(bands):
        keys = column(band)
        # Who is alone in a slot by the first bits shares nothing; only the values of the few others are sorted.
        many = np.flatnonzero(crowded(keys, bits))
        some = keys[many]
        ordered = np.sort(some)
        again = ordered[1:][(ordered[1:] == ordered[:-1]) & (ordered[1:] != 0)]
        if len(again):
            place = np.searchsorted(again, some)
            shared[many[again[np.minimum(place, len(again) - 1)] == some]] = True
    return np.flatnonzero(shared)


def shared_buckets(keys: Keys) -> tuple[Buckets, int]:
    """(bucket number per text and band, number of buckets). A key nobody shares, or the key 0, gives -1.

    ``keys`` has the shape texts x bands as ``sketch`` makes it.
    """
    return buckets_of(len(keys), keys.shape[1], lambda band: np.ascontiguousarray(keys[:, band]))


def buckets_of(count: int, bands: int, column: Callable[[int], Keys]) -> tuple[Buckets, int]:
    """``shared_buckets`` of keys that ``column`` gives one band at a time. Found by sorting."""
    buckets = np.full((count, bands), -1, np.int32)
    found = 0
    for band in range(bands):
        values, inverse, sizes = np.unique(column(band), return_inverse=True, return_counts=True)
        shared = (sizes > 1) & (values != 0)
        numbers = np.full(len(values), -1, np.int32)
        many = int(shared.sum())
        numbers[shared] = np.arange(found, found + many, dtype=np.int32)
        buckets[:, band] = numbers[inverse]
        found += many
    return buckets, found


@compiled
def renumbered(buckets: Buckets, texts: npt.NDArray[np.int64], numbers: npt.NDArray[np.int32]) -> Buckets:
    """The rows ``texts`` of ``buckets`` with numbers of their own, from 0 on as they appear. ``numbers`` has a place
    for each bucket, holds -1 before and after."""
    result = np.empty((len(texts), buckets.shape[1]), np.int32)
    found = np.int32(0)
    for at in range(len(texts)):
        for band in range(buckets.shape[1]):
            bucket = buckets[texts[at], band]
            if bucket >= 0 and numbers[bucket] < 0:
                numbers[bucket] = found
                found += np.int32(1)
            result[at, band] = numbers[bucket] if bucket >= 0 else np.int32(-1)
    for text in texts:
        for band in range(buckets.shape[1]):
            if buckets[text, band] >= 0:
                numbers[buckets[text, band]] = -1
    return result
