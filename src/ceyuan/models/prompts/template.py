"""A template's text: which variables it has, and what it says once they are given.

A variable stands as `{{name}}`. Filling in is one pass: what a value says is never read as a template itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ceyuan.models.prompts.errors import VariablesUnfit

Message = Mapping[str, Any]
"""A chat message: `role`, and `content` as text or as a list of parts as in OpenAI's API."""
_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_]\w{0,63})\s*\}\}", re.ASCII)


def _texts(messages: Sequence[Message]) -> Iterator[str]:
    for message in messages:
        content = message["content"]
        if isinstance(content, str):
            yield content
        else:
            yield from (str(part["text"]) for part in content if part.get("type") == "text")


def variables_of(messages: Sequence[Message]) -> list[str]:
    """The names of the variables, in the order in which they come first."""
    return list(dict.fromkeys(name for text in _texts(messages) for name in _VARIABLE.findall(text)))


def length_of(messages: Sequence[Message]) -> int:
    """The characters of all texts."""
    return sum(map(len, _texts(messages)))


def _fitting(defaults: Mapping[str, str | None], given: Mapping[str, Any]) -> dict[str, str]:
    unknown = sorted(given.keys() - defaults.keys())
    if unknown:
        raise VariablesUnfit(
            (f"模板没有变量 {'、'.join(unknown)[:200]}", f"the template has no variable {', '.join(unknown)[:200]}"),
            hint=(f"它的变量:{'、'.join(defaults) or '无'}", f"its variables: {', '.join(defaults) or 'none'}"),
        )
    values: dict[str, str] = {}
    for name, default in defaults.items():
        value = given.get(name, default)
        if isinstance(value, bool | int | float):
            value = str(value).lower() if isinstance(value, bool) else str(value)
        if not isinstance(value, str):
            reason = "缺少值" if value is None else "的值必须是文字或数字"
            why = "has no value" if value is None else "must be a text or a number"
            raise VariablesUnfit(
                (f"变量 {name} {reason}", f"the variable {name} {why}"),
                hint=("请在 prompt_variables 中给出", "give it in prompt_variables"),
            )
        values[name] = value
    return values


def fill(
    messages: Sequence[Message], defaults: Mapping[str, str | None], given: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The messages with values in place of their variables.

    `defaults` holds every variable with its default (`None` = it must be given). Raises `VariablesUnfit` for one that
    is missing, unknown, or neither text nor number.
    """
    values = _fitting(defaults, given)

    def filled(text: str) -> str:
        return _VARIABLE.sub(lambda match: values[match.group(1)], text)

    def part_of(part: Mapping[str, Any]) -> dict[str, Any]:
        return {**part, "text": filled(part["text"])} if part.get("type") == "text" else dict(part)

    def content_of(content: Any) -> Any:
        return filled(content) if isinstance(content, str) else [part_of(part) for part in content]

    return [{**message, "content": content_of(message["content"])} for message in messages]
