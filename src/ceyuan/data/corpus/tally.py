"""What each operator did so far in a run: documents, bytes of text, seconds; added up over threads."""

import threading
import time
from collections.abc import Sequence
from typing import Any

import polars as pl

from ceyuan.data.operators import Operator

__all__ = ["Tally"]

SKETCH = ("sketch", "近似去重指纹", "sketches for near-duplicates")


class Tally:
    """Counts by operator in the order of the chain; safe to use from many threads."""

    def __init__(self, chain: Sequence[Operator]) -> None:
        self._lock = threading.Lock()
        named = [(one.specification.name, *one.specification.title) for one in chain]
        self._rows: dict[str, dict[str, Any]] = {
            name: {"name": name, "zh": zh, "en": en, "documents": 0, "bytes": 0, "seconds": 0.0}
            for name, zh, en in [*named, SKETCH]
        }

    def apply(self, operator: Operator, batch: pl.DataFrame) -> pl.DataFrame:
        """``operator(batch)``, counted."""
        began = time.perf_counter()
        result = operator(batch)
        self.count(operator.specification.name, result, time.perf_counter() - began)
        return result

    def count(self, name: str, batch: pl.DataFrame, seconds: float) -> None:
        """``batch`` went through ``name`` in so many seconds."""
        size = int(batch["text"].str.len_bytes().sum())
        with self._lock:
            row = self._rows[name]
            row["documents"] += batch.height
            row["bytes"] += size
            row["seconds"] = round(row["seconds"] + seconds, 4)

    def rows(self) -> list[dict[str, object]]:
        """The counts so far, as JSON."""
        with self._lock:
            return [dict(row) for row in self._rows.values()]
