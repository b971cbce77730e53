"""The recipe of a media corpus: one typed value that with the input decides what is kept."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ceyuan.data.corpus.media.profiles import KINDS, Purpose, default_filters
from ceyuan.data.corpus.profiles import with_thresholds
from ceyuan.data.corpus.recipe import Split, Step
from ceyuan.data.files import canonical_json
from ceyuan.data.media import columns_of, media_operators
from ceyuan.data.operators import Filter, Operator
from ceyuan.data.problems import DataProblem

__all__ = ["MediaDuplicates", "MediaRecipe"]

_REVISION = 1
_ALIKE = {"images": 0.9, "speech": 0.8, "video": 0.85}


class MediaDuplicates(BaseModel):
    """``threshold``: similarity of the prints from which an item is dropped (None: 0.9 for images, 0.8 for speech, 0.85
    for video); ``related_from``: from which two kept ones stay on one side of the split. ``prefer``: who survives."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    exact: bool = True
    near: bool = True
    threshold: Annotated[float, Field(ge=0.5, le=1)] | None = None
    related_from: Annotated[float, Field(ge=0.5, le=1)] = 0.75
    comparisons: Annotated[int, Field(ge=1)] = 2000
    prefer: tuple[Literal["rank", "finest", "largest", "first"], ...] = ("rank", "finest", "largest", "first")


class MediaOutput(BaseModel):
    """``samples``: examples per reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    samples: Annotated[int, Field(ge=0, le=200)] = 10


class MediaRecipe(BaseModel):
    """Settings of a media run.

    ``media`` names the purpose, which decides the kind of media, the operators (all of that kind) and the profile.
    ``steps`` set parameters of single operators; ``profiles``, ``thresholds`` and ``added`` change filters as in a
    ``Recipe``, by domain; ``general`` is the purpose's profile.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    media: Purpose
    steps: Annotated[tuple[Step, ...], Field(max_length=60)] = ()
    added: dict[str, tuple[Filter, ...]] = Field(default_factory=dict)
    profiles: dict[str, tuple[Filter, ...]] = Field(default_factory=dict)
    thresholds: dict[str, dict[str, dict[str, float | None]]] = Field(default_factory=dict)
    duplicates: MediaDuplicates = MediaDuplicates()
    split: Split = Split()
    output: MediaOutput = MediaOutput()

    @model_validator(mode="after")
    def _meaningful(self) -> Self:
        try:
            known, chosen = set(self.statistics()), self.filters()
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

    @property
    def kind(self) -> str:
        """The kind of media that is taken."""
        return KINDS[self.media]

    @property
    def threshold(self) -> float:
        """The similarity from which an item is a duplicate."""
        return self.duplicates.threshold or _ALIKE[self.media]

    def filters(self) -> dict[str, Sequence[Filter]]:
        """The filters of each domain, with all changes applied."""
        profiles = {"general": default_filters(self.media)} | self.profiles
        for domain in (*self.added, *self.thresholds):
            if domain != "*":
                profiles.setdefault(domain, profiles["general"])
        everywhere = self.added.get("*", ())
        added = {name: (*chain, *self.added.get(name, ()), *everywhere) for name, chain in profiles.items()}
        return dict(with_thresholds(added, self.thresholds))

    def operators(self) -> list[Operator]:
        """Every operator of the kind, with the parameters that ``steps`` give. Raises ``DataProblem``."""
        chain = {one.specification.name: one for one in media_operators(KINDS[self.media])}
        for step in self.steps:
            if step.operator not in chain:
                raise DataProblem(
                    "operator_unknown",
                    f"{self.media} 配方没有算子 {step.operator}。",
                    f"A recipe for {self.media} has no operator {step.operator}.",
                )
            chain[step.operator] = step.found(KINDS[self.media])
        return list(chain.values())

    def statistics(self) -> list[str]:
        """Names of the statistics that the operators add, in order."""
        return columns_of(self.operators())

    def measuring_identity(self) -> str:
        """Hash of what a measured shard depends on."""
        return _hash([_REVISION, self.kind, [one.identity for one in self.operators()]])

    def identity(self) -> str:
        """Hash of everything that the output depends on besides the input."""
        filters = {domain: [one.model_dump() for one in chain] for domain, chain in self.filters().items()}
        settings = self.model_dump(exclude={"profiles", "thresholds", "added", "steps"})
        return _hash([self.measuring_identity(), filters, settings])


def _hash(value: object) -> str:
    return hashlib.sha256(canonical_json(value)).hexdigest()[:32]
