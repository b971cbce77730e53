"""Which documents a mixture takes of each corpus: in the order of a hash, until its share of the budget is full."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from ceyuan.data.problems import DataProblem

__all__ = ["Portion", "Unit", "choose", "sizes_of"]

Unit = Literal["tokens", "characters", "bytes"]
_BATCH = 2048


@dataclass(frozen=True, slots=True)
class Portion:
    """A corpus in a mixture: ``name``, the folder of its files, its weight, and how often its documents may come."""

    name: str
    folder: Path
    weight: float
    epochs: int = 1

    def files(self) -> list[Path]:
        """The documents' files, in order. Raises ``DataProblem`` ``nothing_to_mix``."""
        files = sorted(self.folder.glob("data/*.parquet"))
        if not files:
            raise DataProblem("nothing_to_mix", f"{self.name} 中没有文档。", f"{self.name} holds no documents.")
        return files


def sizes_of(portion: Portion, unit: Unit, tokeniser: Path | None) -> pl.DataFrame:
    """``id``, ``file``, ``row`` and ``size`` of every document."""
    frames = []
    for number, path in enumerate(portion.files()):
        rows = pl.read_parquet(path, columns=["id", "text"])
        size = _sizes(rows["text"], unit, tokeniser)
        frames.append(
            rows.select("id").with_row_index("row").with_columns(pl.lit(number).alias("file"), size.alias("size"))
        )
    return pl.concat(frames)


def choose(sizes: pl.DataFrame, budget: float, epochs: int, seed: str) -> pl.DataFrame:
    """Documents in the order of a hash of ``seed`` and id, until ``budget`` is full, at most ``epochs`` times each.

    The document that would pass the budget is left out, and the next that fits is not looked for: so a larger
    budget only adds. Rows have ``pass`` (0 the first time)."""
    keys = [hashlib.blake2b(f"{seed}\0{name}".encode(), digest_size=8).digest() for name in sizes["id"].to_list()]
    order = sizes.with_columns(key=pl.Series(keys, dtype=pl.Binary)).sort("key", "id").drop("key")
    rounds = [order.with_columns(pl.lit(number, pl.Int32).alias("pass")) for number in range(epochs)]
    rows = pl.concat(rounds)
    within = np.cumsum(rows["size"].to_numpy()) <= budget
    return rows.filter(pl.Series(within))


def _sizes(texts: pl.Series, unit: Unit, tokeniser: Path | None) -> pl.Series:
    if unit == "bytes":
        return texts.str.len_bytes().cast(pl.Int64)
    if unit == "characters":
        return texts.str.len_chars().cast(pl.Int64)
    from tokenizers import Tokenizer

    if tokeniser is None or not tokeniser.is_file():
        raise DataProblem("tokeniser_missing", "按词元计需要分词器文件。", "A budget of tokens needs a tokeniser.")
    encoder = Tokenizer.from_file(str(tokeniser))
    counts: list[int] = []
    values: Sequence[str] = texts.to_list()
    for start in range(0, len(values), _BATCH):
        batch = encoder.encode_batch_fast(list(values[start : start + _BATCH]), add_special_tokens=False)
        counts += [len(one.ids) for one in batch]
    return pl.Series(counts, dtype=pl.Int64)
