"""How operators on media are declared: a function from one decoded item to its statistics, as a column operator.

A file is decoded once and handed to all operators of its kind; an operator called alone on a batch decodes the files
in the column ``path`` itself. Items that cannot be decoded get null.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from ceyuan.data.operators import Operator, Parameters, find, operator, specifications
from ceyuan.data.operators.operator import Modality

__all__ = ["Broken", "columns_of", "measure", "measured_by", "media_operator", "media_operators"]

Q = TypeVar("Q", bound=Parameters)
T = TypeVar("T")
Values = Mapping[str, float | int | str | bool]
_FUNCTIONS: dict[str, Callable[[Any, Any], Values]] = {}
_OPENERS: dict[str, Callable[[Path], Any]] = {}
_ASKED_FOR: set[str] = set()
_DECODING: dict[str, float] = {"image": 50.0, "audio": 25.0, "video": 3.0}
"""MB of files that are decoded in a second; beside it, and it is shared by all of a kind, measuring costs little."""


class Broken(Exception):
    """A file that cannot be used: ``reason`` is a code of ``REASONS``, the text a detail for people."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def opener(modality: str, opening: Callable[[Path], Any]) -> None:
    """Say how files of ``modality`` are decoded."""
    _OPENERS[modality] = opening


def measured_by(
    name: str,
    modality: Modality,
    title: tuple[str, str],
    parameters: type[Q],
    writes: Mapping[str, tuple[str, str]],
    *,
    summary: tuple[str, str] | str = "",
    cost: float | None = None,
    version: int = 1,
    asked_for: bool = False,
    assets: Callable[[], str] = str,
) -> Callable[[Callable[[T, Q], Values]], Callable[[T, Q], Values]]:
    """Declare the decorated function as the ``stat`` operator ``name`` on decoded items of ``modality``. One that needs
    a model, or words beside the file, is ``asked_for``: it runs only where a recipe names it. ``assets`` tells which
    model that is; ``cost`` that of decoding where nothing else is said."""

    def register(function: Callable[[T, Q], Values]) -> Callable[[T, Q], Values]:
        def apply(batch: pl.DataFrame, settings: Q) -> pl.DataFrame:
            rows = [_alone(modality, Path(path), function, settings) for path in batch["path"].to_list()]
            return batch.with_columns([pl.Series(one, [row.get(one) for row in rows]) for one in writes])

        apply.__doc__ = function.__doc__
        operator(
            name,
            title=title,
            summary=summary,
            kind="stat",
            parameters=parameters,
            cost=cost or _DECODING[modality],
            reads=("path",),
            writes=writes,
            version=version,
            assets=assets,
            modality=modality,
        )(apply)
        _FUNCTIONS[name] = function
        if asked_for:
            _ASKED_FOR.add(name)
        return function

    return register


def _alone(modality: str, path: Path, function: Callable[[T, Q], Values], settings: Q) -> Values:
    try:
        return function(_OPENERS[modality](path), settings)
    except Broken:
        return {}


def measure(item: object, chain: Sequence[Operator]) -> dict[str, float | int | str | bool]:
    """The statistics of one decoded item by all of ``chain``, in its order. Raises ``Broken``: ``missing_extra`` where
    an operator lacks its model."""
    values: dict[str, float | int | str | bool] = {}
    for one in chain:
        values |= _FUNCTIONS[one.specification.name](item, one.parameters)
    return values


def media_operators(modality: Modality) -> list[Operator]:
    """Every operator on ``modality`` that needs no model, with its own defaults, in the order of names."""
    names = [name for name, one in specifications().items() if one.modality == modality]
    return [find(name) for name in names if name not in _ASKED_FOR]


def media_operator(name: str, modality: Modality) -> Operator | None:
    """The operator ``name`` on ``modality``, also one that has to be asked for; None where there is none."""
    found = specifications().get(name)
    return find(name) if found is not None and found.modality == modality else None


def columns_of(chain: Sequence[Operator]) -> list[str]:
    """The columns that ``chain`` adds, in order."""
    return [column for one in chain for column in one.specification.writes]
