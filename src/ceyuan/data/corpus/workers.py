"""Who does the heavy parts of a corpus run: threads of this process, or others who promise the same results."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import polars as pl

from ceyuan.data.corpus.decide import near_in_process
from ceyuan.data.corpus.emit import emit
from ceyuan.data.corpus.inputs import Inputs
from ceyuan.data.corpus.measure import measure
from ceyuan.data.corpus.recipe import Duplicates, Recipe
from ceyuan.data.corpus.semantic import Places, seek_in_process
from ceyuan.data.duplicates import Found, Pairs, Seeking, Vectors
from ceyuan.data.reporting import Report

__all__ = ["Threads", "Workers"]


class Workers(Protocol):
    """The parts of a run that grow with the texts. Whoever does them, the files are the same, byte for byte."""

    def measure(self, inputs: Inputs, recipe: Recipe, folder: Path, report: Report) -> list[Path]:
        """As ``ceyuan.data.corpus.measure.measure``."""
        ...

    def near(self, kept: pl.DataFrame, shards: Sequence[Path], settings: Duplicates) -> Found:
        """As ``ceyuan.data.corpus.decide.near_in_process``."""
        ...

    def semantic(self, vectors: Vectors, seeking: Seeking, places: Places) -> Pairs:
        """As ``ceyuan.data.corpus.semantic.seek_in_process``."""
        ...

    def emit(
        self, decisions: pl.DataFrame, measured: Sequence[Path], folder: Path, shard_bytes: int, report: Report
    ) -> list[dict[str, object]]:
        """As ``ceyuan.data.corpus.emit.emit``."""
        ...


@dataclass(frozen=True, slots=True)
class Threads:
    """``count`` threads of this process; 0: one per processor."""

    count: int = 0

    def measure(self, inputs: Inputs, recipe: Recipe, folder: Path, report: Report) -> list[Path]:
        """See ``Workers``."""
        return measure(inputs, recipe, folder, self.count or os.cpu_count() or 1, report)

    def near(self, kept: pl.DataFrame, shards: Sequence[Path], settings: Duplicates) -> Found:
        """See ``Workers``."""
        return near_in_process(kept, shards, settings)

    def semantic(self, vectors: Vectors, seeking: Seeking, places: Places) -> Pairs:
        """See ``Workers``."""
        return seek_in_process(vectors, seeking, places)

    def emit(
        self, decisions: pl.DataFrame, measured: Sequence[Path], folder: Path, shard_bytes: int, report: Report
    ) -> list[dict[str, object]]:
        """See ``Workers``."""
        return emit(decisions, measured, folder, shard_bytes, report)
