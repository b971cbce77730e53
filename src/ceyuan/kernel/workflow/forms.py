"""Forms as JSON Schema (2020-12): building blocks with labels in both languages, and validation that points at fields.

A property's `title` is its Chinese label and `x-title-en` its English one; the console draws the form from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from ceyuan.kernel.errors import Text
from ceyuan.kernel.workflow.errors import FormInvalid
from ceyuan.lazy import later

if TYPE_CHECKING:
    import jsonschema
else:
    jsonschema = later("jsonschema")

Schema = dict[str, Any]
MAX_ERRORS = 50


def form(*, required: Iterable[str] | None = None, **fields: Schema) -> Schema:
    """A form of these fields; all are required unless `required` names the ones that are."""
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields if required is None else required),
        "additionalProperties": False,
    }


def _labelled(label: Text, schema: Schema, **more: Any) -> Schema:
    given = {name: value for name, value in more.items() if value is not None}
    return {"title": label[0], "x-title-en": label[1], **schema, **given}


def text(label: Text, *, least: int = 1, most: int = 200, pattern: str | None = None, lines: int = 1) -> Schema:
    """A text of `least` to `most` characters, in an area of `lines` lines."""
    return _labelled(
        label,
        {"type": "string", "minLength": least, "maxLength": most},
        pattern=pattern,
        **({"x-lines": lines} if lines > 1 else {}),
    )


def number(label: Text, *, least: float | None = None, most: float | None = None) -> Schema:
    """A number."""
    return _labelled(label, {"type": "number"}, minimum=least, maximum=most)


def integer(label: Text, *, least: int | None = None, most: int | None = None) -> Schema:
    """A whole number."""
    return _labelled(label, {"type": "integer"}, minimum=least, maximum=most)


def money(label: Text, *, least: int = 0, most: int | None = None) -> Schema:
    """An amount in micro-yuan; the console shows and takes yuan."""
    return _labelled(label, {"type": "integer", "x-unit": "micro-yuan"}, minimum=least, maximum=most)


def day(label: Text) -> Schema:
    """A date, `2026-01-31`."""
    return _labelled(label, {"type": "string", "format": "date"})


def flag(label: Text, *, must: bool | None = None) -> Schema:
    """Yes or no; `must` demands one of them."""
    return _labelled(label, {"type": "boolean"}, const=must)


def choice(label: Text, **options: Text) -> Schema:
    """One of the options, each with its labels."""
    labels = {name: {"zh": words[0], "en": words[1]} for name, words in options.items()}
    return _labelled(label, {"type": "string", "enum": list(options), "x-options": labels})


def check_form(schema: Mapping[str, Any] | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """The form's content if it keeps to the schema (no schema: it must be empty); raises `FormInvalid`."""
    validator = _validator(orjson.dumps(schema if schema is not None else form()))
    found = sorted(validator.iter_errors(dict(given)), key=lambda error: [str(part) for part in error.absolute_path])
    if found:
        raise FormInvalid([described for error in found[:MAX_ERRORS] for described in _describe(error)])
    return dict(given)


@lru_cache(maxsize=256)
def _validator(schema: bytes) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(orjson.loads(schema), format_checker=jsonschema.FormatChecker())


def _describe(error: jsonschema.ValidationError) -> list[dict[str, str]]:
    path = [str(part) for part in error.absolute_path]
    if error.validator == "required":
        given = error.instance if isinstance(error.instance, dict) else {}
        wanted: Any = error.validator_value
        missing = [name for name in wanted if name not in given and f"'{name}'" in error.message]
        return [_fault([*path, name], "必填", "is required") for name in missing]
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        sent: Any = error.instance
        strange = [name for name in sent if name not in known]
        return [_fault([*path, name], "不是该表单的字段", "is not a field of this form") for name in strange]
    zh, en = _wording(str(error.validator), error.validator_value)
    return [_fault(path, zh, en)]


def _fault(path: list[str], zh: str, en: str) -> dict[str, str]:
    return {"field": ".".join(path), "message_zh": zh, "message_en": en}


_LENGTH, _ITEMS = (" 个字符", " characters"), (" 项", " entries")
_COUNTED = {"minLength": _LENGTH, "maxLength": _LENGTH, "minItems": _ITEMS, "maxItems": _ITEMS}
_TYPES = {
    "string": ("文字", "a text"),
    "number": ("数字", "a number"),
    "integer": ("整数", "a whole number"),
    "boolean": ("是或否", "yes or no"),
    "object": ("一组字段", "an object"),
    "array": ("列表", "a list"),
}


def _wording(keyword: str, value: Any) -> Text:
    match keyword:
        case "type":
            zh, en = _TYPES.get(str(value), (str(value), str(value)))
            return f"应为{zh}", f"must be {en}"
        case "minLength" | "minItems" if value == 1:
            return "必填", "must not be empty"
        case "minimum" | "minLength" | "minItems":
            zh, en = _COUNTED.get(keyword, ("", ""))
            return f"不得少于 {value}{zh}", f"must be at least {value}{en}"
        case "maximum" | "maxLength" | "maxItems":
            zh, en = _COUNTED.get(keyword, ("", ""))
            return f"不得多于 {value}{zh}", f"must be at most {value}{en}"
        case "exclusiveMinimum":
            return f"必须大于 {value}", f"must be more than {value}"
        case "exclusiveMaximum":
            return f"必须小于 {value}", f"must be less than {value}"
        case "enum":
            return f"只能是:{'、'.join(map(str, value))}", f"must be one of: {', '.join(map(str, value))}"
        case "const":
            return f"必须为 {value}", f"must be {value}"
        case "format":
            return f"格式应为 {value}", f"must be a {value}"
        case "pattern":
            return "格式不符", "does not have the right form"
        case _:
            return f"不符合规则 {keyword}", f"breaks the rule {keyword}"
