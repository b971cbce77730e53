"""Both searches cut alike, and as the rule says."""

from __future__ import annotations

import numpy as np
import pytest

from ceyuan.hub.chunks.cuts import MIN_CHUNK, ends_by_columns, search, table
from ceyuan.hub.chunks.xorbs import MAX_CHUNK


def _cut(find: object, data: np.ndarray) -> list[int]:
    ends = np.empty(len(data) // MIN_CHUNK + 1, dtype=np.int64)
    count = find(data, table(), ends)  # type: ignore[operator]
    return ends[:count].tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize("size", [0, 1, MIN_CHUNK - 1, MIN_CHUNK, 1024 * 1024 + 40, 3_000_001])
@pytest.mark.parametrize("kind", ["random", "same", "few"])
def test_columns_cut_where_bytes_do(size: int, kind: str) -> None:
    draw = np.random.default_rng(size)
    data = {
        "random": lambda: draw.integers(0, 256, size, dtype=np.uint8),
        "same": lambda: np.full(size, 7, np.uint8),
        "few": lambda: np.repeat(draw.integers(0, 256, size // 32768 + 1, dtype=np.uint8), 32768)[:size],
    }[kind]()
    ends = _cut(ends_by_columns, data)
    assert ends == _cut(search(), data)
    lengths = np.diff([0, *ends])
    assert all(MIN_CHUNK <= length <= MAX_CHUNK for length in lengths)
    assert size - (ends[-1] if ends else 0) < MAX_CHUNK
