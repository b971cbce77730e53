"""Operators on a Ray dataset: the same ones, block by block, on columns."""

from collections.abc import Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from ceyuan.data.operators import Operator, find

__all__ = ["applied"]


class _Chain:
    """Operators by name and parameters, found again where the block lies."""

    def __init__(self, chain: Sequence[tuple[str, dict[str, Any]]]) -> None:
        self._chain = chain

    def __call__(self, block: pa.Table) -> pa.Table:
        frame = pl.DataFrame(pl.from_arrow(block))
        for name, parameters in self._chain:
            frame = find(name, parameters)(frame)
        return frame.to_arrow()


def applied(dataset: Any, chain: Sequence[Operator]) -> Any:
    """``dataset`` (a ``ray.data.Dataset`` with a column ``text``) with ``chain`` applied, streamed block by block."""
    named = [(one.specification.name, one.parameters.model_dump(mode="json")) for one in chain]
    return dataset.map_batches(_Chain(named), batch_format="pyarrow", batch_size=None, zero_copy_batch=True)
