"""Forms point at the fields that are wrong, in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.kernel.workflow import FormInvalid, forms

SCHEMA = forms.form(
    required=["name", "kind"],
    name=forms.text(("名称", "Name"), least=2, most=5, pattern="^[a-z]+$"),
    kind=forms.choice(("类型", "Kind"), model=("模型", "Model"), data=("数据", "Data")),
    amount=forms.money(("金额", "Amount"), least=1, most=100),
    rate=forms.number(("比例", "Rate"), least=0, most=1),
    day=forms.day(("日期", "Day")),
    agreed=forms.flag(("同意", "Agreed"), must=True),
    files=forms.text(("材料", "Files"), lines=5),
)
GOOD = {"name": "abc", "kind": "model"}


def faults(given: dict[str, Any], schema: dict[str, Any] | None = SCHEMA) -> dict[str, str]:
    with pytest.raises(FormInvalid) as caught:
        forms.check_form(schema, given)
    errors = caught.value.fields["errors"]
    assert all(error["message_zh"] and error["message_en"] for error in errors)
    return {error["field"]: error["message_en"] for error in errors}


def test_a_good_form_passes_as_it_is() -> None:
    full = {**GOOD, "amount": 5, "rate": 0.5, "day": "2026-01-31", "agreed": True}
    assert forms.check_form(SCHEMA, full) == full


def test_each_missing_field_is_named() -> None:
    assert faults({}) == {"name": "is required", "kind": "is required"}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "a", "must be at least 2 characters"),
        ("name", "abcdef", "must be at most 5 characters"),
        ("name", "ABC", "does not have the right form"),
        ("name", 5, "must be a text"),
        ("kind", "x", "must be one of: model, data"),
        ("amount", 0, "must be at least 1"),
        ("amount", 1.5, "must be a whole number"),
        ("amount", 101, "must be at most 100"),
        ("rate", "0.5", "must be a number"),
        ("day", "31.1.2026", "must be a date"),
        ("agreed", False, "must be True"),
        ("files", "", "must not be empty"),
        ("extra", 1, "is not a field of this form"),
    ],
)
def test_a_wrong_field_is_pointed_at(field: str, value: object, message: str) -> None:
    assert faults({**GOOD, field: value}) == {field: message}


def test_nested_fields_have_a_path() -> None:
    schema = forms.form(items={"type": "array", "items": forms.form(price=forms.integer(("价", "Price")))})
    assert faults({"items": [{"price": 1}, {}, {"price": "x"}]}, schema) == {
        "items.1.price": "is required",
        "items.2.price": "must be a whole number",
    }


def test_a_step_without_a_form_takes_none() -> None:
    assert forms.check_form(None, {}) == {}
    assert faults({"x": 1}, None) == {"x": "is not a field of this form"}


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
FIELDS = st.sampled_from([*SCHEMA["properties"], "other", ""])


@given(st.dictionaries(FIELDS, VALUES, max_size=5))
@settings(max_examples=60, deadline=None)
def test_any_content_is_accepted_or_explained(given: dict[str, Any]) -> None:
    try:
        accepted = forms.check_form(SCHEMA, given)
    except FormInvalid as error:
        accepted, explained = None, error.fields["errors"]
    else:
        explained = []
    assert (accepted == given) != bool(explained)
