"""What people read about operators, reasons and profiles is in Chinese and in English, and changes no result."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import polars as pl
import pytest
from pydantic import Field

from ceyuan.data.corpus.describe import describe
from ceyuan.data.corpus.recipe import Recipe
from ceyuan.data.operators import Operator, Parameters, find, operator, specifications
from ceyuan.data.operators.operator import _KNOWN
from ceyuan.data.problems import DataProblem

HAN = re.compile(r"[\u4e00-\u9fff]")
TOLD = {one["name"]: one for one in describe()["operators"]}


def speaks_both(words: list[str]) -> bool:
    zh, en = words
    return bool(HAN.search(zh)) and en != "" and not HAN.search(en) and "`" not in zh + en


@pytest.mark.parametrize("name", sorted(TOLD))
def test_every_operator_and_parameter_is_told_in_both_languages(name: str) -> None:
    told = TOLD[name]
    assert speaks_both(told["title"])
    assert speaks_both(told["summary"])
    for parameter in told["schema"].get("properties", {}).values():
        assert speaks_both(parameter["descriptions"])
        assert parameter["description"] == parameter["descriptions"][1]
        values = parameter.get("enum") or parameter.get("items", {}).get("enum") or []
        assert set(parameter.get("choices", {})) == set(values)
        assert all(HAN.search(zh) and not HAN.search(en) for zh, en in parameter.get("choices", {}).values())


@pytest.mark.parametrize("table", ["domains", "statistics", "reasons", "aside"])
def test_every_profile_statistic_and_reason_is_named_in_both_languages(table: str) -> None:
    assert [name for name, words in describe()[table].items() if not speaks_both(words)] == []


def test_every_reason_of_a_profile_has_a_name() -> None:
    told = describe()
    asked = {one["reason"] for filters in told["profiles"].values() for one in filters}
    assert asked <= set(told["reasons"])


@pytest.mark.parametrize(
    ("name", "parameters", "identity"),
    [
        ("links", {}, "e59aab0a8e2f34c2"),
        ("compression", {}, "b1867bf37d8f88c9"),
        ("extract_qa", {}, "6396316ad39f6fdc"),
        ("truncate", {"characters": 500}, "d9d38ce5cef0be1d"),
        ("image_exposure", {}, "64644afdd96fbb2c"),
    ],
)
def test_words_are_no_part_of_an_identity(name: str, parameters: dict[str, object], identity: str) -> None:
    found = find(name, parameters)
    assert found.identity == identity
    reworded = replace(found.specification, title=("甲", "a"), summary=("乙", "b"))
    assert Operator(reworded, found.parameters).identity == identity


@pytest.mark.parametrize(
    ("name", "parameters", "zh", "en"),
    [
        ("truncate", {"characters": 0}, "应不小于 1", "greater than or equal to 1"),
        ("truncate", {}, "必须填写", "Field required"),
        ("quotes", {"form": "round"}, "应为 'curly', 'corner' 之一", "'curly' or 'corner'"),
        ("keyword_hits", {"risks": ["A.9.z"]}, "没有风险类别 A.9.z；可用：A.1.a", "no risk A.9.z; there are: A.1.a"),
        ("replace", {"pattern": "("}, "不是有效的正则表达式", "regex"),
        (
            "extract_qa",
            dict.fromkeys(("marked", "numbered", "headings", "interviews"), False),
            "至少要开启一项",
            "at least one of marked",
        ),
        ("no_such", {}, "没有算子 no_such；可用：", "No operator is called no_such; there are: "),
    ],
)
def test_a_wrong_parameter_is_told_in_both_languages(
    name: str, parameters: dict[str, object], zh: str, en: str
) -> None:
    with pytest.raises(DataProblem) as caught:
        find(name, parameters)
    assert zh in caught.value.message[0]
    assert en in caught.value.message[1]
    assert "Value error" not in "".join(caught.value.message)


def test_a_wrong_recipe_is_told_in_both_languages() -> None:
    for values, zh, en in (
        ({"thresholds": {"law": {"no_such": {"at_least": 1}}}}, "没有这个阈值：law.no_such", "no such threshold"),
        ({"added": {"*": [{"statistic": "s", "reason": "r"}]}}, "过滤条件须有 at_least", "a filter needs at_least"),
        ({"steps": [{"operator": "no_such"}]}, "没有算子 no_such", "No operator is called no_such"),
        (
            {"added": {"*": [{"statistic": "s", "reason": "r", "at_most": 1}]}},
            "统计量 s 没有算子计算",
            "no statistic s",
        ),
    ):
        with pytest.raises(DataProblem) as caught:
            Recipe.of(values)
        assert zh in caught.value.message[0]
        assert en in caught.value.message[1]


class Plain(Parameters):
    """Parameters of a package that speaks one language."""

    least: Annotated[int, Field(description="The least that counts.")] = 1


@pytest.fixture
def registered() -> Iterator[None]:
    known = dict(_KNOWN)
    yield
    _KNOWN.clear()
    _KNOWN.update(known)


@pytest.mark.usefixtures("registered")
def test_an_operator_of_a_package_may_speak_one_language() -> None:
    @operator("by_docstring", title=("甲", "a"), kind="map", parameters=Plain, cost=1.0)
    def by_docstring(batch: pl.DataFrame, parameters: Plain) -> pl.DataFrame:
        """Says it in one line.

        And more to developers."""
        return batch

    @operator("by_summary", title=("甲", "a"), summary="Says it once.", kind="map", parameters=Plain, cost=1.0)
    def by_summary(batch: pl.DataFrame, parameters: Plain) -> pl.DataFrame:
        return batch

    assert specifications()["by_docstring"].summary == ("Says it in one line.", "Says it in one line.")
    assert specifications()["by_summary"].summary == ("Says it once.", "Says it once.")
    assert by_summary.__doc__ == "Says it once."
    told = {one["name"]: one for one in describe()["operators"]}["by_summary"]
    assert told["schema"]["properties"]["least"]["description"] == "The least that counts."
