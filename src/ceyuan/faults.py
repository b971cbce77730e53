"""What is wrong with a field of a request or a recipe, in Chinese: the validator's own words are English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticCustomError

_TOLD = "told"
_WORDS = {
    "missing": "必须填写",
    "extra_forbidden": "没有这个字段",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "应不小于 {ge}",
    "less_than": "应小于 {lt}",
    "less_than_equal": "应不大于 {le}",
    "multiple_of": "应为 {multiple_of} 的倍数",
    "finite_number": "应为有限的数",
    "string_too_short": "至少 {min_length} 个字符",
    "string_too_long": "至多 {max_length} 个字符",
    "string_pattern_mismatch": "格式不符({pattern})",
    "too_short": "至少 {min_length} 项",
    "too_long": "至多 {max_length} 项",
    "literal_error": "应为 {expected} 之一",
    "enum": "应为 {expected} 之一",
    "json_invalid": "不是有效的 JSON",
}
_KINDS = {
    "int": "应为整数",
    "float": "应为数",
    "decimal": "应为数",
    "bool": "应为 true 或 false",
    "string": "应为文字",
    "list": "应为列表",
    "dict": "应为一组字段",
    "model": "应为一组字段",
    "datetime": "应为日期与时间",
    "timezone": "时间须带时区",
    "date": "应为日期",
}


def fault(zh: str, en: str) -> PydanticCustomError:
    """A fault for a validator to raise, that says in both languages what is wrong."""
    return PydanticCustomError(_TOLD, "{en}", {"zh": zh, "en": en})


def words_of(found: Mapping[str, Any]) -> tuple[str, str]:
    """One fault of Pydantic's `errors()` in Chinese and in English; where there is no Chinese, English says it."""
    english = str(found["msg"]).removeprefix("Value error, ")
    return words_zh(found) or english, english


def words_zh(found: Mapping[str, Any]) -> str:
    """One fault of Pydantic's `errors()` in a few words; empty where only the field can be named."""
    kind = str(found["type"])
    if kind == _TOLD:
        return str(found["ctx"]["zh"])
    if kind in _WORDS:
        return _WORDS[kind].format_map(_listed(found.get("ctx", {})))
    return _KINDS.get(kind.partition("_")[0], "")


def _listed(context: Mapping[str, Any]) -> dict[str, Any]:
    """What a fault tells of itself, choices without the English word between the last two."""
    expected = {"expected": str(context["expected"]).replace(" or ", ", ")} if "expected" in context else {}
    return {**context, **expected}
