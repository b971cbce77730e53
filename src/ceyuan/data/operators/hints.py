"""What functions from outside count, score or mask: which patterns matter is governance's to say, not the engine's.

A function is named ``module:function``; it takes the texts of a batch and returns one result for each.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated, Any, cast

import polars as pl
from pydantic import StringConstraints

from ceyuan.data.operators.operator import Parameters, operator
from ceyuan.data.problems import DataProblem

__all__ = ["Counter", "Outside", "PersonalHints", "personal_hints"]

Counter = Callable[[Sequence[str]], Sequence[int]]
"""From texts to the number of hints in each."""

Named = Annotated[str, StringConstraints(pattern=r"^[\w.]+:\w+$")]


class PersonalHints(Parameters):
    """``counter``: a ``Counter`` as ``module:function``; ``version``: what its results depend on beyond its name."""

    counter: Named
    version: str = ""


class Outside(Parameters):
    """``function``: as ``module:function``; ``version``: what its results depend on beyond its name."""

    function: Named
    version: str = ""


@operator(
    "personal_hints",
    title=("个人信息线索", "hints of personal information"),
    kind="stat",
    writes={"personal_hints": ("个人信息线索数", "hints of personal information")},
    parameters=PersonalHints,
    cost=20.0,
)
def personal_hints(batch: pl.DataFrame, parameters: PersonalHints) -> pl.DataFrame:
    """How many hints of personal information each text has, by the named counter."""
    count = cast(Counter, _function(parameters.counter))
    return batch.with_columns(pl.Series("personal_hints", count(batch["text"].to_list()), pl.Int32))


@operator(
    "keyword_hits",
    title=("关键词命中", "keyword hits"),
    kind="stat",
    writes={"keyword_hits": ("关键词库命中数", "hits of a library of keywords")},
    parameters=Outside,
    cost=80.0,
)
def keyword_hits(batch: pl.DataFrame, parameters: Outside) -> pl.DataFrame:
    """How often keywords of a library occur in each text, by the named function."""
    hits = _function(parameters.function)(batch["text"].to_list())
    return batch.with_columns(pl.Series("keyword_hits", hits, pl.Int32))


@operator(
    "toxicity",
    title=("不良内容分值", "toxicity"),
    kind="stat",
    writes={"toxicity": ("不良内容分值（0–1）", "score of harmful content, 0 to 1")},
    parameters=Outside,
    cost=5.0,
)
def toxicity(batch: pl.DataFrame, parameters: Outside) -> pl.DataFrame:
    """How harmful a classifier holds each text, by the named function."""
    scores = _function(parameters.function)(batch["text"].to_list())
    return batch.with_columns(pl.Series("toxicity", scores, pl.Float32))


@operator("redact", title=("脱敏", "redact"), kind="map", parameters=Outside, cost=20.0)
def redact(batch: pl.DataFrame, parameters: Outside) -> pl.DataFrame:
    """Texts as the named function masks them, such as personal information replaced by its kind."""
    masked = pl.Series("text", _function(parameters.function)(batch["text"].to_list()), pl.String)
    before = batch["changed"] if "changed" in batch.columns else pl.lit(False)
    return batch.with_columns(text=masked, changed=before | (masked != batch["text"]))


def _function(named: str) -> Callable[[Sequence[str]], Any]:
    module, _, name = named.partition(":")
    try:
        return cast(Callable[[Sequence[str]], Any], getattr(import_module(module), name))
    except (ImportError, AttributeError) as error:
        raise DataProblem("counter_missing", f"找不到检测函数 {named}。", f"There is no {named}.") from error
