"""What is wrong with a field is said in Chinese too."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ceyuan.faults import fault, words_of, words_zh


class Wish(BaseModel):
    model_config = ConfigDict(extra="forbid")
    cpus: Annotated[int, Field(ge=1, le=64)]
    kind: Literal["a", "b"] = "a"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"cpus": 0}, "应不小于 1"),
        ({"cpus": 65}, "应不大于 64"),
        ({"cpus": "x"}, "应为整数"),
        ({}, "必须填写"),
        ({"cpus": 1, "gpus": 1}, "没有这个字段"),
        ({"cpus": 1, "kind": "c"}, "应为 'a', 'b' 之一"),
    ],
)
def test_a_fault_has_chinese_words(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Wish.model_validate(given)
    assert [words_zh(fault) for fault in raised.value.errors()] == [words]


def test_a_fault_that_has_none_names_only_its_field() -> None:
    assert words_zh({"type": "custom"}) == ""


class Even(BaseModel):
    number: int

    @field_validator("number")
    @classmethod
    def _even(cls, value: int) -> int:
        if value == 13:
            raise ValueError("unlucky")
        if value % 2:
            raise fault(f"{value} 不是偶数", f"{value} is odd")
        return value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (3, ("3 不是偶数", "3 is odd")),
        (13, ("unlucky", "unlucky")),
        ("x", ("应为整数", "Input should be a valid integer, unable to parse string as an integer")),
    ],
)
def test_a_fault_is_told_in_both_languages_where_its_validator_does(value: object, words: tuple[str, str]) -> None:
    with pytest.raises(ValidationError) as raised:
        Even.model_validate({"number": value})
    assert words_of(raised.value.errors()[0]) == words
