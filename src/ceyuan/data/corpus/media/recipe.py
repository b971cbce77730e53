"""The recipe of a media corpus: one typed value that with the input decides what is kept."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from ceyuan.data.corpus.declared import Declared, Settings, hash_of
from ceyuan.data.corpus.media.profiles import KINDS, Purpose, default_filters
from ceyuan.data.corpus.profiles import with_thresholds
from ceyuan.data.media import columns_of, media_operator, media_operators
from ceyuan.data.operators import Filter, Operator
from ceyuan.data.problems import DataProblem

__all__ = ["MediaDuplicates", "MediaRecipe"]

_REVISION = 2
_ALIKE = {"images": 0.9, "speech": 0.8, "video": 0.85}


class MediaDuplicates(Settings):
    """``threshold``: similarity of the prints from which an item is dropped (None: 0.9 for images, 0.8 for speech, 0.85
    for video); ``related_from``: from which two kept ones stay on one side of the split. ``prefer``: who survives."""

    exact: bool = True
    near: bool = True
    threshold: Annotated[float, Field(ge=0.5, le=1)] | None = None
    related_from: Annotated[float, Field(ge=0.5, le=1)] = 0.75
    comparisons: Annotated[int, Field(ge=1)] = 2000
    prefer: tuple[Literal["rank", "finest", "largest", "first"], ...] = ("rank", "finest", "largest", "first")


class MediaOutput(Settings):
    """``samples``: examples per reason."""

    samples: Annotated[int, Field(ge=0, le=200)] = 10


class MediaRecipe(Declared):
    """Settings of a media run.

    ``media`` names the purpose, which decides the kind of media, the operators (all of that kind) and the profile.
    ``steps`` set parameters of single operators, and name those that need a model, which run only then; ``profiles``,
    ``thresholds`` and ``added`` change filters as in a ``Recipe``, by domain; ``general`` is the purpose's profile.
    """

    media: Purpose
    duplicates: MediaDuplicates = MediaDuplicates()
    output: MediaOutput = MediaOutput()

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
        """Every operator of the kind that needs no model, and those that ``steps`` name, with the parameters that they
        give. Raises ``DataProblem``."""
        chain = {one.specification.name: one for one in media_operators(KINDS[self.media])}
        for step in self.steps:
            if media_operator(step.operator, KINDS[self.media]) is None:
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
        return hash_of([_REVISION, self.kind, [one.identity for one in self.operators()]])
