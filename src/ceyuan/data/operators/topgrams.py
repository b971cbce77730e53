"""The kernel of the most frequent n-gram."""

import numpy as np
import numpy.typing as npt

from ceyuan.data.operators.compiling import compiled
from ceyuan.data.operators.kernels import Bytes, Offsets, decode, mixed

__all__ = ["top_ngram"]


@compiled
def top_ngram(data: Bytes, offsets: Offsets, classes: Bytes, length: int) -> npt.NDArray[np.float64]:
    """Per text: characters in its most frequent n-gram of ``length``, occurring twice or more, over all; no spaces."""
    texts = len(offsets) - 1
    last = len(classes) - 1
    shares = np.zeros(texts, np.float64)
    table = np.zeros(1024, np.uint64)
    counts = np.zeros(1024, np.int32)
    mask = (np.uint64(1) << np.uint64(16 * (length - 1))) - np.uint64(1)
    for text in range(texts):
        begin, end = offsets[text], offsets[text + 1]
        size = 1024
        while size < end - begin:
            size *= 2
        if size > len(table):
            table = np.zeros(size, np.uint64)
            counts = np.zeros(size, np.int32)
        else:
            table[:size] = 0
            counts[:size] = 0
        at, seen, best, rolling = begin, 0, 1, np.uint64(0)
        while at < end:
            code, width = decode(data, at)
            at += width
            if classes[min(code, last)] == 6:
                continue
            rolling = ((rolling & mask) << np.uint64(16)) ^ np.uint64(code)
            seen += 1
            if seen < length:
                continue
            key = mixed(rolling) | np.uint64(1)
            place = np.int64(key >> np.uint64(1)) & (size - 1)
            while table[place] != 0 and table[place] != key:
                place = (place + 1) & (size - 1)
            table[place] = key
            counts[place] += 1
            best = max(best, counts[place])
        shares[text] = min(1.0, best * length / seen) if best > 1 else 0.0
    return shares
