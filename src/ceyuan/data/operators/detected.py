"""What governance's detectors find in texts, as columns: identifiers of persons, keywords, harmful content.

Which patterns and words matter is ``ceyuan.governance.detectors``' to say, the same for the corpus, the gateway and
the safety check; the versions of its library and classifier belong to the identity of the operators here.
"""

from functools import cache
from typing import Annotated, Literal, get_args

import polars as pl
from pydantic import AfterValidator, Field, StringConstraints

from ceyuan.data.operators.operator import Parameters, meaning, operator
from ceyuan.faults import fault
from ceyuan.governance.detectors import (
    KINDS,
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
        choices = ", ".join(RISKS)
        raise fault(f"没有风险类别 {value}；可用：{choices}", f"no risk {value}; there are: {choices}")
    return value


Word = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Risk = Annotated[str, AfterValidator(_risk), Field(json_schema_extra={"enum": list(RISKS)})]


class Personal(Parameters):
    """Which identifiers of persons count."""

    kinds: Annotated[
        tuple[Kind, ...], meaning("参与识别的标识类别。", "Kinds of identifiers that are looked for.", KINDS)
    ] = get_args(Kind)


class Redaction(Personal):
    """Which identifiers of persons go, and what stands in their place."""

    form: Annotated[
        Literal["mask", "kind"],
        meaning(
            "标识被替换成什么。",
            "What stands in the place of an identifier.",
            {
                "mask": ("中间各位改为星号", "asterisks over its middle"),
                "kind": ("方括号中的类别，如 [mobile]", "its kind in brackets, such as [mobile]"),
            },
        ),
    ] = "mask"


class Keywords(Parameters):
    """Which keywords count."""

    words: Annotated[
        tuple[Word, ...], Field(max_length=20_000), meaning("自备的关键词。", "Keywords of one's own.")
    ] = ()
    library: Annotated[
        bool, meaning("内置的风险关键词库是否计入。", "Whether the built-in library of risks counts as well.")
    ] = True
    risks: Annotated[
        tuple[Risk, ...],
        meaning(
            "只用词库中的这些风险类别（GB/T 45654—2025 附录 A）；不填则全部使用。",
            "The risks whose words count, by annex A of GB/T 45654-2025; all of them where none is named.",
            {name: (risk.zh, risk.en) for name, risk in RISKS.items()},
        ),
    ] = ()


class Toxicity(Parameters):
    """How much of a text is judged."""

    characters: Annotated[
        int,
        Field(ge=10, le=1_000_000),
        meaning(
            "只判断正文开头的这么多字符。",
            "Characters from the beginning of a text that are judged.",
        ),
    ] = 20_000


@cache
def _library(parameters: Keywords) -> KeywordLibrary:
    """The keywords of one setting; own words stand before equal ones of the built-in library."""
    own = [Keyword(word, _OWN_RISK, "flag") for word in parameters.words]
    listed = [one for one in default_keywords() if not parameters.risks or one.risk in parameters.risks]
    return KeywordLibrary([*own, *(listed if parameters.library else ())])


@operator(
    "personal_hints",
    title=("个人信息", "personal information"),
    summary=(
        "按格式与校验位统计个人信息标识：身份证号、电话、银行卡号、邮箱、IP 地址等。",
        "Counts identifiers of persons, by form and check digit: identity numbers, telephones, cards, addresses ...",
    ),
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
    found = [_personal(text, parameters) for text in batch["text"].to_list()]
    return batch.with_columns(
        pl.Series("personal_hints", [len(one) for one in found], pl.Int32),
        pl.Series("sensitive_hints", [sum(hint.sensitive for hint in one) for one in found], pl.Int32),
    )


@operator(
    "keyword_hits",
    title=("关键词命中", "keyword hits"),
    summary=(
        "统计风险关键词库及自备关键词的命中数；字形变换等规避写法也能识别。",
        "Counts keywords of the library of risks, and one's own, whatever their spelling disguises.",
    ),
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
    library = _library(parameters)
    found = [library.find(text) for text in batch["text"].to_list()]
    return batch.with_columns(
        pl.Series("keyword_hits", [len(one) for one in found], pl.Int32),
        pl.Series("blocked_keywords", [sum(hit.keyword.severity == "block" for hit in one) for one in found], pl.Int32),
    )


@operator(
    "toxicity",
    title=("不良内容分值", "toxicity"),
    summary=(
        "分类器判断正文有害的把握程度：暴力、淫秽、诈骗、违法犯罪、歧视等。",
        "How sure the classifier is that a text does harm: violence, obscenity, fraud, crime, discrimination ...",
    ),
    kind="stat",
    writes={"toxicity": ("不良内容分值（0–1）", "score of harmful content, 0 to 1")},
    parameters=Toxicity,
    cost=13.0,
    version=2,
    assets=lambda: default_classifier().version,
)
def toxicity(batch: pl.DataFrame, parameters: Toxicity) -> pl.DataFrame:
    classifier = default_classifier()
    scores = [
        1 - classifier.probabilities(text[: parameters.characters]).get("safe", 0.0) for text in batch["text"].to_list()
    ]
    return batch.with_columns(pl.Series("toxicity", scores, pl.Float32))


@operator(
    "redact",
    title=("个人信息脱敏", "redact personal information"),
    summary=(
        "遮盖个人信息标识，或代之以其类别。",
        "Masks identifiers of persons, or puts the name of their kind in their place.",
    ),
    kind="map",
    parameters=Redaction,
    cost=13.0,
    version=2,
    assets=lambda: _RULES,
)
def redact(batch: pl.DataFrame, parameters: Redaction) -> pl.DataFrame:
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
