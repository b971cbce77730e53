"""The recipe: all settings of a run as one typed value, which with the input decides every byte of the output."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, StringConstraints, model_serializer, model_validator

from ceyuan.data.corpus.declared import Declared, Settings, Split, Step, hash_of
from ceyuan.data.corpus.profiles import default_profiles, with_thresholds
from ceyuan.data.duplicates import DIMENSIONS
from ceyuan.data.operators import Filter, Operator, find

__all__ = ["Duplicates", "Output", "Recipe", "Semantic", "Split", "Step"]

_REVISION = 4  # of the decisions and files that follow from a recipe; raise it when they change


class Semantic(Settings):
    """Documents whose embeddings have a cosine of ``threshold`` or more, after all other duplicates are gone.

    ``model`` names an embedding model, which is asked about the first ``characters`` of each document, once for each
    content; without one, vectors are those that the sources bring (their ``vector_field``). ``dimensions``: how many
    numbers a vector has; if not given, as many as most have. ``largest``: documents that are compared each with each;
    where more look alike, they are compared in parts.
    """

    model: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    threshold: Annotated[float, Field(ge=0.7, le=1)] = 0.95
    characters: Annotated[int, Field(ge=50, le=100_000)] = 2000
    dimensions: Annotated[int, Field(ge=1, le=DIMENSIONS)] | None = None
    largest: Annotated[int, Field(ge=2, le=10_000)] = 2000


class Duplicates(Settings):
    """``threshold``: Jaccard similarity from which a document is dropped; ``related_from``: from which two kept
    ones stay on one side of the split. ``prefer``: who survives; the last word has the order of the input.
    ``semantic``: duplicates by the cosine of embeddings; none are sought where it is not given."""

    exact: bool = True
    near: bool = True
    threshold: Annotated[float, Field(ge=0.3, le=1)] = 0.7
    related_from: Annotated[float, Field(ge=0.3, le=1)] = 0.5
    bands: Annotated[int, Field(ge=1, le=64)] = 25
    rows: Annotated[int, Field(ge=1, le=16)] = 5
    comparisons: Annotated[int, Field(ge=1)] = 2000
    prefer: tuple[Literal["rank", "longest", "shortest", "first"], ...] = ("rank", "longest", "first")
    semantic: Semantic | None = None

    @model_serializer(mode="wrap")
    def _what_is_sought(self, values: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A recipe that does not ask for semantic duplicates is what it was before there were any, hash and all."""
        found: dict[str, Any] = values(self)
        if found.get("semantic") is None:
            found.pop("semantic", None)
        return found


class Output(Settings):
    """``shard_bytes``: text per Parquet file; ``samples``: examples per reason."""

    shard_bytes: Annotated[int, Field(ge=1 << 16, le=1 << 30)] = 64 << 20
    samples: Annotated[int, Field(ge=0, le=200)] = 10


class Recipe(Declared):
    """Settings of a corpus run.

    ``steps`` are operators beyond the usual ones: those that change texts come first, in the order given, then
    texts are normalised; those that measure come last. ``added`` holds filters on their statistics by domain,
    ``*`` for all domains; they are asked after the profile's.

    ``form`` and ``simplify`` say how texts are normalised; ``ngram`` the length for self-repetition;
    ``profiles`` replaces whole profiles and ``thresholds`` single bounds of them.
    """

    form: Literal["NFC", "NFKC", "none"] = "NFC"
    simplify: bool = False
    ngram: Annotated[int, Field(ge=2, le=64)] = 10
    duplicates: Duplicates = Duplicates()
    output: Output = Output()

    @model_validator(mode="before")
    @classmethod
    def _without_counter(cls, values: Any) -> Any:
        """Manifests of versions made when recipes could name a counting function, and named none, are read as well."""
        if not isinstance(values, Mapping) or values.get("personal_counter") != "":
            return values
        return {name: value for name, value in values.items() if not name.startswith("personal_")}

    def filters(self) -> dict[str, Sequence[Filter]]:
        """The filters of each domain, with all changes applied."""
        profiles = default_profiles() | self.profiles
        unknown = {*self.added} - {*profiles, "*"}
        profiles |= dict.fromkeys(unknown, profiles["general"])
        everywhere = self.added.get("*", ())
        profiles = {
            domain: (*filters, *self.added.get(domain, ()), *everywhere) for domain, filters in profiles.items()
        }
        return dict(with_thresholds(profiles, self.thresholds))

    def operators(self) -> list[Operator]:
        """The operators that a shard goes through, in order. A step that names one of those that always run gives it
        other parameters."""
        steps = [step.found() for step in self.steps]
        own = {step.specification.name: step for step in steps}
        chain = [step for step in steps if step.specification.kind == "map"]
        chain.append(find("normalise", {"form": self.form}))
        if self.simplify:
            chain.append(find("simplify"))
        chain += [own.get("composition", find("composition")), own.get("repetition", self._repetition())]
        usual = {one.specification.name for one in chain}
        return chain + [s for s in steps if s.specification.kind == "stat" and s.specification.name not in usual]

    def _repetition(self) -> Operator:
        return find("repetition", {"ngram": self.ngram})

    def measuring_identity(self) -> str:
        """Hash of what a measured shard depends on: operators, sketches; not thresholds."""
        chain = [one.identity for one in self.operators()]
        return hash_of([_REVISION, chain, self.duplicates.bands, self.duplicates.rows])
