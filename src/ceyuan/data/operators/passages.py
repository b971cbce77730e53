"""Passages that many documents share (footers, licences, calls to subscribe): found in one pass, taken out in another.

The first counts in how many documents each sentence or paragraph stands; a recipe's operator then takes those out that
stand in many. Source: Wenzek et al. 2020, "CCNet", section 3.1, which hashes paragraphs; Rae et al. 2021.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from ceyuan.data.operators.digests import DIGEST, digests
from ceyuan.data.operators.models import Model, keep_model, loaded_model
from ceyuan.data.operators.operator import operator
from ceyuan.data.operators.sentences import PIECE
from ceyuan.data.operators.texts import Texts
from ceyuan.data.problems import DataProblem

__all__ = ["Unit", "find_common_passages", "strip_common_passages"]

Unit = Literal["sentence", "paragraph"]
_PATTERNS: dict[str, str] = {"sentence": PIECE, "paragraph": r"[^\n]*\n|[^\n]+"}
_SPACES = " \t\r\n\u00a0\u3000"
_BATCH = 5000  # documents counted together


def find_common_passages(
    texts: Iterable[str], path: Path, *, unit: Unit = "sentence", documents: int = 10, shortest: int = 8
) -> tuple[str, int]:
    """Write to ``path`` which passages of ``shortest`` characters or more stand in so many ``documents`` of ``texts``
    or in more; the file's SHA-256 and how many there are.

    Raises ``DataProblem`` ``model_data`` where no passage is so common.
    """
    marks, counts = np.empty(0, np.uint64), np.empty(0, np.int64)
    for batch in _batches(texts):
        pieces = _pieces(pl.DataFrame({"text": batch}), unit, shortest)
        marks, counts = _counted(marks, counts, pieces.unique(["row", "mark"])["mark"].to_numpy())
    common = marks[counts >= documents]
    if not len(common):
        raise DataProblem(
            "model_data",
            f"没有一段文字出现在 {documents} 篇或更多文档中。",
            f"No passage stands in {documents} documents or more.",
        )
    about = {"paragraphs": np.array([unit == "paragraph"]), "shortest": np.array([shortest])}
    return keep_model(path, passages=common, **about), len(common)


@operator(
    "strip_common_passages",
    title=("跨文档段落去重", "strip passages that many documents share"),
    summary=(
        "去除在语料中许多文档都出现的句子或段落，其余内容逐字节不变。",
        "Sentences or paragraphs that stand in many documents of a corpus are taken out; all else stays byte for byte.",
    ),
    kind="map",
    parameters=Model,
    cost=23.0,
)
def strip_common_passages(batch: pl.DataFrame, parameters: Model) -> pl.DataFrame:
    """Which passages are common, ``ceyuan data train passages`` finds."""
    model = loaded_model(parameters, ("passages", "paragraphs", "shortest"))
    unit: Unit = "paragraph" if model["paragraphs"][0] else "sentence"
    pieces = _pieces(batch, unit, int(model["shortest"][0]))
    touched = pieces.with_columns(common=pl.Series(np.isin(pieces["mark"].to_numpy(), model["passages"])))
    touched = touched.filter(pl.col("common").any().over("row"))
    before = batch["changed"] if "changed" in batch.columns else pl.lit(False)
    if not touched.height:
        return batch.with_columns(changed=before)
    left = touched.group_by("row", maintain_order=True).agg(
        pl.col("piece").filter(~pl.col("common")).str.join("").alias("text")
    )
    texts = batch["text"].clone().scatter(left["row"], left["text"].fill_null(""))
    changed = pl.Series(np.isin(np.arange(batch.height), left["row"].to_numpy()))
    return batch.with_columns(text=texts, changed=before | changed)


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    left = iter(texts)
    while some := list(islice(left, _BATCH)):
        yield some


def _pieces(batch: pl.DataFrame, unit: Unit, shortest: int) -> pl.DataFrame:
    """``row``, ``piece`` and ``mark`` of each piece of the texts: half of the digest of what it says without the spaces
    around it, 0 where that is shorter than ``shortest``."""
    pieces = batch.select(piece=pl.col("text").str.extract_all(_PATTERNS[unit])).with_row_index("row")
    pieces = pieces.explode("piece").filter(pl.col("piece").is_not_null())
    said = pieces["piece"].str.strip_chars(_SPACES)
    found = np.ascontiguousarray(digests(Texts.of(said))[:, : DIGEST // 4]).view(np.uint64).reshape(-1)
    return pieces.with_columns(mark=pl.Series(np.where(said.str.len_chars().to_numpy() < shortest, 0, found)))


def _counted(
    marks: npt.NDArray[np.uint64], counts: npt.NDArray[np.int64], more: npt.NDArray[np.uint64]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """The marks known so far and how often each was met, with those of more documents; none is 0."""
    weights = np.concatenate([counts, np.ones(len(more), np.int64)])
    values, places = np.unique(np.concatenate([marks, more]), return_inverse=True)
    sums = np.bincount(places, weights, len(values)).astype(np.int64)
    return values[values != 0], sums[values != 0]
