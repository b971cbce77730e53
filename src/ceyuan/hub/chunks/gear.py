"""Cutting by content: where a chunk ends depends on the bytes before its end, so that a change moves only the cuts
around it.

Rule and bounds: https://huggingface.co/docs/xet/chunking.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

_BLOCK = 16 * 1024 * 1024


def cut(source: BinaryIO) -> Iterator[memoryview]:
    """The chunks of a file in order, each valid until the next is asked for. Needs NumPy."""
    import numpy as np

    from ceyuan.hub.chunks.cuts import MIN_CHUNK, search, table

    numbers, find = table(), search()
    held = b""
    while True:
        block = source.read(_BLOCK)
        data = held + block
        ends = np.empty(len(data) // MIN_CHUNK + 1, dtype=np.int64)
        count = find(np.frombuffer(data, dtype=np.uint8), numbers, ends)
        view, start = memoryview(data), 0
        for end in ends[:count].tolist():
            yield view[start:end]
            start = end
        held = data[start:]
        if not block:
            break
    if held:
        yield memoryview(held)
