"""The kernel of variety: entropy of characters, distinct ones, and the longest run of one."""

import numpy as np
import numpy.typing as npt

from ceyuan.data.operators.compiling import compiled
from ceyuan.data.operators.kernels import Bytes, Offsets, decode

__all__ = ["character_spread"]


@compiled
def character_spread(data: Bytes, offsets: Offsets, classes: Bytes) -> npt.NDArray[np.float64]:
    """Per text: entropy in bits, distinct characters over all, longest run; spaces do not count."""
    texts = len(offsets) - 1
    last = len(classes) - 1
    found = np.zeros((texts, 3), np.float64)
    table = np.zeros(len(classes), np.int32)
    met = np.zeros(len(classes), np.int32)
    for text in range(texts):
        at, end = offsets[text], offsets[text + 1]
        distinct, total, run, longest, before = 0, 0, 0, 0, -1
        while at < end:
            code, width = decode(data, at)
            at += width
            known = min(code, last)
            if classes[known] == 6:
                continue
            if table[known] == 0:
                met[distinct] = known
                distinct += 1
            table[known] += 1
            total += 1
            run = run + 1 if known == before else 1
            longest = max(longest, run)
            before = known
        bits = 0.0
        for index in range(distinct):
            share = table[met[index]] / total
            bits -= share * np.log2(share)
            table[met[index]] = 0
        found[text, 0] = bits
        found[text, 1] = distinct / total if total else 0.0
        found[text, 2] = longest
    return found
