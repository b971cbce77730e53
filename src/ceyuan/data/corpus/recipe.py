"""The recipe: all settings of a run as one typed value, which with the input decides every byte of the output."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from ceyuan.data.corpus.declared import Declared, Settings, Split, Step, hash_of
from ceyuan.data.corpus.profiles import default_profiles, with_thresholds
from ceyuan.data.operators import Filter, Operator, find

__all__ = ["Duplicates", "Output", "Recipe", "Split", "Step"]

_REVISION = 4  # of the decisions and files that follow from a recipe; raise it when they change


class Duplicates(Settings):
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
    ``profiles`` replaces whole profiles and ``thresholds`` single bounds of them; ``personal_counter`` names a
    function that counts hints of personal information (``module:function``), ``personal_at_most`` the bound.
    """

    form: Literal["NFC", "NFKC", "none"] = "NFC"
    simplify: bool = False
    ngram: Annotated[int, Field(ge=2, le=64)] = 10
    personal_counter: str = ""
    personal_version: str = ""
    personal_at_most: Annotated[int, Field(ge=0)] = 20
    duplicates: Duplicates = Duplicates()
    output: Output = Output()

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

    def measuring_identity(self) -> str:
        """Hash of what a measured shard depends on: operators, sketches; not thresholds."""
        chain = [one.identity for one in self.operators()]
        return hash_of([_REVISION, chain, self.duplicates.bands, self.duplicates.rows])
