"""What is wrong with a field is said in Chinese too."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ceyuan.kernel.faults import words_zh


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
        ({"cpus": 1, "kind": "c"}, "应为 'a' or 'b' 之一"),
    ],
)
def test_a_fault_has_chinese_words(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Wish.model_validate(given)
    assert [words_zh(fault) for fault in raised.value.errors()] == [words]


def test_a_fault_that_has_none_names_only_its_field() -> None:
    assert words_zh({"type": "custom"}) == ""
