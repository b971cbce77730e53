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

# Of an answer in a short sentence: what may stand before the expected text, and after it. A bare substring would
# take 11月5日 for 1月5日, and a list of all names for the right one.
_OPENING = re.compile(r"|.{0,24}(?:是|为|在|叫|到|了|答案?|结果|answer|is)", re.IGNORECASE)
_DENIAL = re.compile(r"不|没|非|无|未|not|n't", re.IGNORECASE)
_ENDING = re.compile(r"(?:的?问题|的|了|吧|啊|哦|人)?")


def grade(item: Item, answer: str) -> bool:
    """Whether `answer` is right.

    `number`: the only number in the answer, or the last one. `choice`: the first lone letter A-D. `text`: the
    answer's first line, or all of it, is the expected text but for punctuation, or ends with it after a short
    affirmative opening such as “最高的是”. `json`: the first object in the answer equals the expected one.
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
            return any(_states(text, expected) for expected in item.answers)


def _states(text: str, expected: str) -> bool:
    wanted = _PUNCTUATION.sub("", expected)
    for candidate in (text, text.split("\n", 1)[0]):
        bare = _PUNCTUATION.sub("", candidate)
        if bare == wanted:
            return True
        before, found, after = bare.rpartition(wanted)
        if found and _OPENING.fullmatch(before) and not _DENIAL.search(before) and _ENDING.fullmatch(after):
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
