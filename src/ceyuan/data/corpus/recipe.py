"""The recipe: all settings of a run as one typed value, which with the input decides every byte of the output."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ceyuan.data.corpus.profiles import default_profiles, with_thresholds
from ceyuan.data.files import canonical_json
from ceyuan.data.operators import Filter, Operator, find
from ceyuan.data.operators.operator import Modality
from ceyuan.data.problems import DataProblem

__all__ = ["Duplicates", "Output", "Recipe", "Split", "Step"]

_REVISION = 2  # of the decisions and files that follow from a recipe; raise it when they change


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Duplicates(_Settings):
    """``threshold``: Jaccard similarity from which a document is dropped; ``related_from``: from which two kept
    ones stay on one side of the split. ``prefer``: who survives; the last word has the order of the input."""

    exact: bool = True
    near: bool = True
    threshold: Annotated[float, Field(ge=0.3, le=1)] = 0.7
    related_from: Annotated[float, Field(ge=0.3, le=1)] = 0.5
    bands: Annotated[int, Field(ge=1, le=64)] = 25
    rows: Annotated[int, Field(ge=1, le=16)] = 5
    comparisons: Annotated[int, Field(ge=1)] = 2000
    prefer: tuple[Literal["rank", "longest", "shortest", "first"], ...] = ("rank", "longest", "first")


class Split(_Settings):
    """``heldout``: share of the clusters to hold out, drawn by ``seed``."""

    heldout: Annotated[float, Field(ge=0, lt=1)] = 0.01
    seed: int = 0


class Output(_Settings):
    """``shard_bytes``: text per Parquet file; ``samples``: examples per reason."""

    shard_bytes: Annotated[int, Field(ge=1 << 16, le=1 << 30)] = 64 << 20
    samples: Annotated[int, Field(ge=0, le=200)] = 10


class Step(_Settings):
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


class Recipe(_Settings):
    """Settings of a corpus run.

    ``steps`` are operators beyond the usual ones: those that change texts come first, in the order given, then
    texts are normalised; those that measure come last. ``added`` holds filters on their statistics by domain,
    ``*`` for all domains; they are asked after the profile's.

    ``form`` and ``simplify`` say how texts are normalised; ``ngram`` the length for self-repetition;
    ``profiles`` replaces whole profiles and ``thresholds`` single bounds of them; ``personal_counter`` names a
    function that counts hints of personal information (``module:function``), ``personal_at_most`` the bound.
    """

    form: Literal["NFC", "NFKC", "none"] = "NFC"
    simplify: bool = False
    steps: Annotated[tuple[Step, ...], Field(max_length=60)] = ()
    added: dict[str, tuple[Filter, ...]] = Field(default_factory=dict)
    ngram: Annotated[int, Field(ge=2, le=64)] = 10
    profiles: dict[str, tuple[Filter, ...]] = Field(default_factory=dict)
    thresholds: dict[str, dict[str, dict[str, float | None]]] = Field(default_factory=dict)
    personal_counter: str = ""
    personal_version: str = ""
    personal_at_most: Annotated[int, Field(ge=0)] = 20
    duplicates: Duplicates = Duplicates()
    split: Split = Split()
    output: Output = Output()

    @model_validator(mode="after")
    def _meaningful(self) -> Self:
        try:
            known = set(self.statistics())
            chosen = self.filters()
        except DataProblem as problem:
            raise ValueError(problem.message[1]) from problem
        except KeyError as error:
            raise ValueError(f"no such threshold: {error.args[0]}") from error
        for domain, filters in chosen.items():
            for one in filters:
                if one.statistic not in known:
                    raise ValueError(f"profile {domain}: no statistic {one.statistic}")
        return self

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """A recipe from JSON. Raises ``DataProblem`` ``recipe_invalid`` with the first fault."""
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "recipe"
            raise DataProblem(
                "recipe_invalid", f"配方 {where} 无效：{first['msg']}。", f"Recipe: {where}: {first['msg']}."
            ) from error

    def filters(self) -> dict[str, Sequence[Filter]]:
        """The filters of each domain, with all changes applied."""
        profiles = default_profiles() | self.profiles
        if self.personal_counter:
            bound = Filter(
                statistic="personal_hints", reason="personal_information", at_most=float(self.personal_at_most)
            )
            profiles = {domain: (*filters, bound) for domain, filters in profiles.items()}
        unknown = {*self.added} - {*profiles, "*"}
        profiles |= dict.fromkeys(unknown, profiles["general"])
        everywhere = self.added.get("*", ())
        profiles = {
            domain: (*filters, *self.added.get(domain, ()), *everywhere) for domain, filters in profiles.items()
        }
        return dict(with_thresholds(profiles, self.thresholds))

    def operators(self) -> list[Operator]:
        """The operators that a shard goes through, in order."""
        steps = [step.found() for step in self.steps]
        chain = [step for step in steps if step.specification.kind == "map"]
        chain.append(find("normalise", {"form": self.form}))
        if self.simplify:
            chain.append(find("simplify"))
        chain += [find("composition"), find("repetition", {"ngram": self.ngram})]
        if self.personal_counter:
            chain.append(find("personal_hints", {"counter": self.personal_counter, "version": self.personal_version}))
        usual = {one.specification.name for one in chain}
        return chain + [s for s in steps if s.specification.kind == "stat" and s.specification.name not in usual]

    def statistics(self) -> list[str]:
        """Names of the statistics that the operators add, in order."""
        return [
            name for one in self.operators() if one.specification.kind == "stat" for name in one.specification.writes
        ]

    def measuring_identity(self) -> str:
        """Hash of what a measured shard depends on: operators, sketches; not thresholds."""
        chain = [one.identity for one in self.operators()]
        return _hash([_REVISION, chain, self.duplicates.bands, self.duplicates.rows])

    def identity(self) -> str:
        """Hash of everything that the output depends on besides the input."""
        filters = {domain: [one.model_dump() for one in chain] for domain, chain in self.filters().items()}
        settings = self.model_dump(exclude={"profiles", "thresholds", "added", "steps"})
        return _hash([self.measuring_identity(), filters, settings])


def _hash(value: object) -> str:
    return hashlib.sha256(canonical_json(value)).hexdigest()[:32]
