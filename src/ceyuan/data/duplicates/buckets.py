"""Buckets: which texts share a band key with another one."""

import numpy as np
import numpy.typing as npt

__all__ = ["shared_buckets"]


def shared_buckets(keys: npt.NDArray[np.uint64]) -> tuple[npt.NDArray[np.int32], int]:
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
