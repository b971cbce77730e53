"""What the recipes of all corpora have in common: filters by domain, checked against what the operators measure."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ceyuan.data.files import canonical_json
from ceyuan.data.operators import Filter, Operator, find
from ceyuan.data.operators.operator import Modality
from ceyuan.data.problems import DataProblem
from ceyuan.faults import fault, words_of

__all__ = ["Declared", "Settings", "Split", "Step", "hash_of"]


class Settings(BaseModel):
    """Values that do not change; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Split(Settings):
    """``heldout``: share of the clusters to hold out, drawn by ``seed``."""

    heldout: Annotated[float, Field(ge=0, lt=1)] = 0.01
    seed: int = 0


class Step(Settings):
    """An operator beyond the usual ones, by name, with its parameters."""

    operator: str
    parameters: dict[str, Any] = Field(default_factory=dict)

    def found(self, modality: Modality = "text") -> Operator:
        """The operator, which must be one on ``modality``. Raises ``DataProblem``."""
        operator = find(self.operator, self.parameters)
        if operator.specification.modality != modality:
            raise DataProblem(
                "operator_unknown",
                f"算子 {self.operator} 不用于此类数据。",
                f"Operator {self.operator} is not for this kind of data.",
            )
        return operator


class Declared(Settings, ABC):
    """A recipe: ``profiles`` replaces whole profiles, ``thresholds`` single bounds of them (by domain and reason, or
    ``reason:statistic`` where filters share one), ``added`` holds filters by domain (``*`` for all) that are asked
    after the profile's, ``steps`` name operators with their parameters."""

    steps: Annotated[tuple[Step, ...], Field(max_length=60)] = ()
    added: dict[str, tuple[Filter, ...]] = Field(default_factory=dict)
    profiles: dict[str, tuple[Filter, ...]] = Field(default_factory=dict)
    thresholds: dict[str, dict[str, dict[str, float | None]]] = Field(default_factory=dict)
    split: Split = Split()

    @model_validator(mode="after")
    def _meaningful(self) -> Self:
        try:
            known, chosen = set(self.statistics()), self.filters()
        except DataProblem as problem:
            zh, en = problem.message
            raise fault(zh.removesuffix("。"), en.removesuffix(".")) from problem
        except KeyError as error:
            raise fault(f"没有这个阈值：{error.args[0]}", f"no such threshold: {error.args[0]}") from error
        for domain, filters in chosen.items():
            for one in filters:
                if one.statistic not in known:
                    raise fault(
                        f"领域 {domain} 的过滤条件所用的统计量 {one.statistic} 没有算子计算",
                        f"profile {domain}: no statistic {one.statistic}",
                    )
        return self

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """A recipe from JSON. Raises ``DataProblem`` ``recipe_invalid`` with the first fault."""
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "recipe"
            zh, en = words_of(first)
            raise DataProblem("recipe_invalid", f"配方 {where} 无效：{zh}。", f"Recipe: {where}: {en}.") from error

    @abstractmethod
    def filters(self) -> dict[str, Sequence[Filter]]:
        """The filters of each domain, with all changes applied."""

    @abstractmethod
    def operators(self) -> list[Operator]:
        """The operators that an item goes through, in order. Raises ``DataProblem``."""

    @abstractmethod
    def measuring_identity(self) -> str:
        """Hash of what a measured shard depends on."""

    def statistics(self) -> list[str]:
        """Names of the statistics that the operators add, in order."""
        return [
            name for one in self.operators() if one.specification.kind == "stat" for name in one.specification.writes
        ]

    def identity(self) -> str:
        """Hash of everything that the output depends on besides the input."""
        filters = {domain: [one.model_dump() for one in chain] for domain, chain in self.filters().items()}
        settings = self.model_dump(exclude={"profiles", "thresholds", "added", "steps"})
        return hash_of([self.measuring_identity(), filters, settings])


def hash_of(value: object) -> str:
    """32 hexadecimal digits of SHA-256 over the canonical JSON."""
    return hashlib.sha256(canonical_json(value)).hexdigest()[:32]
