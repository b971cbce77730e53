"""What governance's detectors find in texts, as columns: identifiers of persons, keywords, harmful content.

Which patterns and words matter is ``ceyuan.governance.detectors``' to say, the same for the corpus, the gateway and
the safety check; the versions of its library and classifier belong to the identity of the operators here.
"""

from functools import cache
from typing import Annotated, Literal, get_args

import polars as pl
from pydantic import AfterValidator, Field, StringConstraints

from ceyuan.data.operators.operator import Parameters, operator
from ceyuan.governance.detectors import (
    RISKS,
    Keyword,
    KeywordLibrary,
    PersonalInformation,
    default_classifier,
    default_keywords,
    find_personal,
    mask_personal,
)
from ceyuan.governance.detectors.personal import Kind

__all__ = ["Keywords", "Personal", "Redaction", "Toxicity", "keyword_hits", "personal_hints", "redact", "toxicity"]

_RULES = "GB 11643, GB 32100, ISO/IEC 7812-1"
_OWN_RISK = "A.1.a"  # a keyword names a risk; what an own word is counted for does not depend on it


def _risk(value: str) -> str:
    if value not in RISKS:
        raise ValueError(f"no risk {value}; there are: {', '.join(RISKS)}")
    return value


Word = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Risk = Annotated[str, AfterValidator(_risk), Field(json_schema_extra={"enum": list(RISKS)})]


class Personal(Parameters):
    """``kinds`` of identifiers that count."""

    kinds: tuple[Kind, ...] = get_args(Kind)


class Redaction(Personal):
    """``form``: asterisks over the middle (``mask``), or the name of the kind in brackets (``kind``)."""

    form: Literal["mask", "kind"] = "mask"


class Keywords(Parameters):
    """``words`` of one's own; ``library``: the built-in one counts as well, of ``risks`` alone where they are named."""

    words: Annotated[tuple[Word, ...], Field(max_length=20_000)] = ()
    library: bool = True
    risks: tuple[Risk, ...] = ()


class Toxicity(Parameters):
    """``characters``: how much of a text's beginning is judged."""

    characters: Annotated[int, Field(ge=10, le=1_000_000)] = 20_000


@cache
def _library(parameters: Keywords) -> KeywordLibrary:
    """The keywords of one setting; own words stand before equal ones of the built-in library."""
    own = [Keyword(word, _OWN_RISK, "flag") for word in parameters.words]
    listed = [one for one in default_keywords() if not parameters.risks or one.risk in parameters.risks]
    return KeywordLibrary([*own, *(listed if parameters.library else ())])


@operator(
    "personal_hints",
    title=("个人信息", "personal information"),
    kind="stat",
    writes={
        "personal_hints": ("个人信息条数", "identifiers of persons"),
        "sensitive_hints": ("敏感个人信息条数", "sensitive identifiers of persons"),
    },
    parameters=Personal,
    cost=13.0,
    version=2,
    assets=lambda: _RULES,
)
def personal_hints(batch: pl.DataFrame, parameters: Personal) -> pl.DataFrame:
    """Counts identifiers of persons, by form and check digit: identity numbers, telephones, cards, addresses ..."""
    found = [_personal(text, parameters) for text in batch["text"].to_list()]
    return batch.with_columns(
        pl.Series("personal_hints", [len(one) for one in found], pl.Int32),
        pl.Series("sensitive_hints", [sum(hint.sensitive for hint in one) for one in found], pl.Int32),
    )


@operator(
    "keyword_hits",
    title=("关键词命中", "keyword hits"),
    kind="stat",
    writes={
        "keyword_hits": ("关键词命中数", "keywords found"),
        "blocked_keywords": ("拦截级关键词命中数", "keywords found that block"),
    },
    parameters=Keywords,
    cost=50.0,
    version=2,
    assets=lambda: _library(Keywords()).version,
)
def keyword_hits(batch: pl.DataFrame, parameters: Keywords) -> pl.DataFrame:
    """Counts keywords of the library of risks, and one's own, whatever their spelling disguises."""
    library = _library(parameters)
    found = [library.find(text) for text in batch["text"].to_list()]
    return batch.with_columns(
        pl.Series("keyword_hits", [len(one) for one in found], pl.Int32),
        pl.Series("blocked_keywords", [sum(hit.keyword.severity == "block" for hit in one) for one in found], pl.Int32),
    )


@operator(
    "toxicity",
    title=("不良内容分值", "toxicity"),
    kind="stat",
    writes={"toxicity": ("不良内容分值（0–1）", "score of harmful content, 0 to 1")},
    parameters=Toxicity,
    cost=13.0,
    version=2,
    assets=lambda: default_classifier().version,
)
def toxicity(batch: pl.DataFrame, parameters: Toxicity) -> pl.DataFrame:
    """How sure the classifier is that a text does harm: violence, obscenity, fraud, crime, discrimination ..."""
    classifier = default_classifier()
    scores = [
        1 - classifier.probabilities(text[: parameters.characters]).get("safe", 0.0) for text in batch["text"].to_list()
    ]
    return batch.with_columns(pl.Series("toxicity", scores, pl.Float32))


@operator(
    "redact",
    title=("个人信息脱敏", "redact personal information"),
    kind="map",
    parameters=Redaction,
    cost=13.0,
    version=2,
    assets=lambda: _RULES,
)
def redact(batch: pl.DataFrame, parameters: Redaction) -> pl.DataFrame:
    """Masks identifiers of persons, or puts the name of their kind in their place."""
    masked = pl.Series("text", [_redacted(text, parameters) for text in batch["text"].to_list()], pl.String)
    before = batch["changed"] if "changed" in batch.columns else pl.lit(False)
    return batch.with_columns(text=masked, changed=before | (masked != batch["text"]))


def _personal(text: str, parameters: Personal) -> list[PersonalInformation]:
    return [one for one in find_personal(text) if one.kind in parameters.kinds]


def _redacted(text: str, parameters: Redaction) -> str:
    found = _personal(text, parameters)
    if parameters.form == "mask":
        return mask_personal(text, found)
    for one in reversed(found):
        text = f"{text[: one.start]}[{one.kind}]{text[one.end :]}"
    return text
