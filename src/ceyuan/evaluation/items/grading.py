"""Grading by rule: strict about the content, lenient about politeness around it."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

from ceyuan.evaluation.items.item import Item

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_CHOICE = re.compile(r"(?<![A-Za-z])([A-D])(?![A-Za-z])")
_PUNCTUATION = re.compile(r"[\s，。、；：！？“”‘’\"'`*.,;:!?()（）\[\]【】]+")


def grade(item: Item, answer: str) -> bool:
    """Whether `answer` is right.

    `number`: the only number in the answer, or the last one. `choice`: the first lone letter A-D. `text`: the
    answer's first line, or all of it, is the expected text but for punctuation, or contains it within twelve
    more characters. `json`: the first object in the answer equals the expected one.
    """
    text = unicodedata.normalize("NFKC", answer).strip()
    match item.kind:
        case "number":
            numbers = _NUMBER.findall(text.replace(",", ""))
            return bool(numbers) and any(float(numbers[-1]) == float(a) for a in item.answers)
        case "choice":
            found = _CHOICE.search(text.upper())
            return found is not None and found[1] in item.answers
        case "json":
            expected: dict[str, Any] = json.loads(item.answers[0])
            return bool(_first_object(text) == expected)
        case _:
            return any(_contains(text, expected) for expected in item.answers)


def _contains(text: str, expected: str) -> bool:
    wanted = _PUNCTUATION.sub("", expected)
    for candidate in (text, text.split("\n", 1)[0]):
        bare = _PUNCTUATION.sub("", candidate)
        if wanted == bare or (wanted in bare and len(bare) <= len(wanted) + 12):
            return True
    return False


def _first_object(text: str) -> Any:
    start = text.find("{")
    if start < 0:
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(text[start:])
    except json.JSONDecodeError:
        return None
    return value
