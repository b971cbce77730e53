"""Operators: declared once with typed parameters and the columns they read and write, applied to batches.

An operator is a function from a Polars frame and its parameters to a frame. Its identity is a hash of its
name, version, parameters and assets, so that a result is known by what made it. ``map`` changes the text,
``stat`` only adds columns. Title, summary, columns and parameters are told in Chinese and English, and no word of that
is part of the identity. A new one is a decorated function in a module that is imported, or a package with an entry
point in the group ``ceyuan.operators``.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any, Literal, TypeVar, cast

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ceyuan.data.files import canonical_json
from ceyuan.data.problems import DataProblem
from ceyuan.faults import words_of

__all__ = [
    "ALWAYS",
    "STATISTICS",
    "Modality",
    "Nothing",
    "Operator",
    "Parameters",
    "Specification",
    "find",
    "meaning",
    "operator",
    "specifications",
]

STATISTICS: dict[str, tuple[str, str]] = {}
"""Meaning of each statistic in both languages, as the operators that write them declare it."""

ALWAYS: dict[str, tuple[str, str]] = {"bytes": ("正文字节数", "bytes of text")}
"""What every run measures without an operator."""


class Parameters(BaseModel):
    """Base of an operator's parameters: frozen, and unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Nothing(Parameters):
    """No parameters."""


def meaning(zh: str, en: str, choices: Mapping[str, tuple[str, str]] | None = None) -> Any:
    """What a parameter means, in both languages, for ``Annotated``; ``choices`` names each value it may be one of.

    The JSON Schema has them as ``descriptions`` and ``choices``; ``description`` is the English for tools that read
    the standard's own words alone.
    """
    named: dict[str, Any] = {"choices": {value: list(words) for value, words in choices.items()}} if choices else {}
    return Field(description=en, json_schema_extra={"descriptions": [zh, en], **named})


Modality = Literal["text", "image", "audio", "video"]
Q = TypeVar("Q", bound=Parameters)
Function = Callable[[pl.DataFrame, Q], pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Specification:
    """What an operator is: ``reads`` and ``writes`` are columns, ``cost`` a rough MB/s on one core (of text, or
    of files), ``title`` its name and ``summary`` what it does in both languages, ``modality`` what its
    documents are."""

    name: str
    title: tuple[str, str]
    kind: Literal["map", "stat"]
    version: int
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    parameters: type[Parameters]
    cost: float
    assets: Callable[[], str]
    apply: Callable[[pl.DataFrame, Any], pl.DataFrame]
    summary: tuple[str, str]
    modality: Modality = "text"


@dataclass(frozen=True)
class Operator:
    """An operator with its parameters, ready for batches."""

    specification: Specification
    parameters: Parameters
    identity: str = field(init=False)

    def __post_init__(self) -> None:
        specification = self.specification
        known = [specification.name, specification.version, self.parameters.model_dump(), specification.assets()]
        object.__setattr__(self, "identity", hashlib.sha256(canonical_json(known)).hexdigest()[:16])

    def __call__(self, batch: pl.DataFrame) -> pl.DataFrame:
        """The batch with the operator's columns. The number and order of rows never change."""
        result = self.specification.apply(batch, self.parameters)
        if result.height != batch.height:
            raise ValueError(f"operator {self.specification.name} changed the number of rows")
        return result

    def described(self) -> dict[str, object]:
        """Name, version, parameters and identity as JSON."""
        return {
            "name": self.specification.name,
            "version": self.specification.version,
            "parameters": self.parameters.model_dump(),
            "identity": self.identity,
        }


_KNOWN: dict[str, Specification] = {}


def operator(
    name: str,
    *,
    title: tuple[str, str],
    summary: tuple[str, str] | str = "",
    kind: Literal["map", "stat"],
    parameters: type[Q],
    cost: float,
    reads: tuple[str, ...] = ("text",),
    writes: Mapping[str, tuple[str, str]] | None = None,
    version: int = 1,
    assets: Callable[[], str] = str,
    modality: Modality = "text",
) -> Callable[[Function[Q]], Function[Q]]:
    """Register the decorated function as the operator ``name``. Raise ``version`` when results change.

    ``writes`` names the columns that a ``stat`` adds, in both languages; a ``map`` writes ``text`` and ``changed``.
    ``summary`` is what everybody reads where it is one text, and the docstring's first line where there is none.
    """

    def register(function: Function[Q]) -> Function[Q]:
        if name in _KNOWN:
            raise ValueError(f"two operators are called {name}")
        alone = summary or (function.__doc__ or "").strip().partition("\n")[0]
        told = (alone, alone) if isinstance(alone, str) else alone
        function.__doc__ = function.__doc__ or told[1]
        columns = tuple(writes or ("text", "changed"))
        STATISTICS.update(writes or {})
        _KNOWN[name] = Specification(
            name, title, kind, version, reads, columns, parameters, cost, assets, cast(Any, function), told, modality
        )
        return function

    return register


def specifications() -> dict[str, Specification]:
    """Every known operator by name, those of installed packages too."""
    for point in entry_points(group="ceyuan.operators"):
        point.load()
    return dict(sorted(_KNOWN.items()))


def find(name: str, parameters: dict[str, Any] | None = None) -> Operator:
    """The operator ``name`` with ``parameters``. Raises ``DataProblem`` for an unknown name or bad value."""
    specification = _KNOWN.get(name) or specifications().get(name)
    if specification is None:
        known = sorted(_KNOWN)
        raise DataProblem(
            "operator_unknown",
            f"没有算子 {name}；可用：{'、'.join(known)}。",
            f"No operator is called {name}; there are: {', '.join(known)}.",
        )
    try:
        return Operator(specification, specification.parameters.model_validate(parameters or {}))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        zh, en = words_of(first)
        raise DataProblem(
            "operator_parameter",
            f"算子 {name} 的参数 {where} 无效：{zh}。",
            f"Parameter {where} of operator {name} is not valid: {en}.",
        ) from error
