from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceyuan.models.prompts.errors import VariablesUnfit
from ceyuan.models.prompts.template import fill, variables_of

TEXTS: list[dict[str, Any]] = [
    {"role": "system", "content": "你是{{role}}。"},
    {"role": "user", "content": [{"type": "text", "text": "{{ 问 }}{{question}}{{role}}"}, {"type": "image_url"}]},
]


def test_variables_are_named_in_the_order_of_the_text_and_only_in_ascii() -> None:
    assert variables_of(TEXTS) == ["role", "question"]


def test_values_take_the_place_of_variables_in_texts_and_in_parts() -> None:
    filled = fill(TEXTS, {"role": "律师", "question": None}, {"question": 7})
    assert filled[0]["content"] == "你是律师。"
    assert filled[1]["content"] == [{"type": "text", "text": "{{ 问 }}7律师"}, {"type": "image_url"}]
    assert TEXTS[0]["content"] == "你是{{role}}。", "the template itself stays as it is"


@pytest.mark.parametrize("given", [{}, {"question": None}, {"question": ["a"]}, {"question": "a", "else": "b"}])
def test_values_that_do_not_fit_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(VariablesUnfit):
        fill(TEXTS, {"role": "x", "question": None}, given)


@given(st.text())
def test_what_a_value_says_is_never_a_template(value: str) -> None:
    (message,) = fill([{"role": "user", "content": "{{a}}|{{b}}"}], {"a": None, "b": "B"}, {"a": value + "{{b}}\\1"})
    assert message["content"] == value + "{{b}}\\1|B"
