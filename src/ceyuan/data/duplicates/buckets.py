"""Buckets: which texts share a band key with another one."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ceyuan.data.operators.kernels import crowded

__all__ = ["shared_buckets", "sharing"]

Keys = npt.NDArray[np.uint64]
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


def shared_buckets(keys: Keys) -> tuple[npt.NDArray[np.int32], int]:
    """(bucket number per text and band, number of buckets). A key nobody shares, or the key 0, gives -1.

    ``keys`` has the shape texts x bands as ``sketch`` makes it. Found by sorting, one band at a time.
    """
    buckets = np.full(keys.shape, -1, np.int32)
    count = 0
    for band in range(keys.shape[1]):
        values, inverse, sizes = np.unique(keys[:, band], return_inverse=True, return_counts=True)
        shared = (sizes > 1) & (values != 0)
        numbers = np.full(len(values), -1, np.int32)
        numbers[shared] = np.arange(count, count + int(shared.sum()), dtype=np.int32)
        buckets[:, band] = numbers[inverse]
        count += int(shared.sum())
    return buckets, count
