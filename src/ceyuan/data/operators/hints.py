"""Hints of personal information, counted by a function from outside: which patterns count is governance's matter."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated, cast

import polars as pl
from pydantic import StringConstraints

from ceyuan.data.operators.operator import Parameters, operator
from ceyuan.data.problems import DataProblem

__all__ = ["Counter", "PersonalHints", "personal_hints"]

Counter = Callable[[Sequence[str]], Sequence[int]]
"""From texts to the number of hints in each."""


class PersonalHints(Parameters):
    """``counter``: a ``Counter`` as ``module:function``; ``version``: what its results depend on beyond its name."""

    counter: Annotated[str, StringConstraints(pattern=r"^[\w.]+:\w+$")]
    version: str = ""


@operator(
    "personal_hints", kind="stat", reads=("text",), writes=("personal_hints",), parameters=PersonalHints, cost=20.0
)
def personal_hints(batch: pl.DataFrame, parameters: PersonalHints) -> pl.DataFrame:
    """How many hints of personal information each text has, by the named counter."""
    module, _, name = parameters.counter.partition(":")
    try:
        count = cast(Counter, getattr(import_module(module), name))
    except (ImportError, AttributeError) as error:
        raise DataProblem(
            "counter_missing", f"找不到个人信息检测函数 {parameters.counter}。", f"There is no {parameters.counter}."
        ) from error
    return batch.with_columns(pl.Series("personal_hints", count(batch["text"].to_list()), pl.Int32))
