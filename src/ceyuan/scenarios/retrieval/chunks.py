"""Cutting long texts into passages of about equal length at sentence ends."""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"[^。！？!?；;\n]*[。！？!?；;\n]*")


def chunk(text: str, size: int = 120) -> list[str]:
    """Passages of at most about `size` characters, each of whole sentences; a longer sentence is cut hard.

    Joined, the passages are the text.
    """
    passages: list[str] = []
    current = ""
    for sentence in (s for s in _SENTENCE.findall(text) if s):
        if current and len(current) + len(sentence) > size:
            passages.append(current)
            current = ""
        while len(sentence) > size:
            passages.append(sentence[:size])
            sentence = sentence[size:]
        current += sentence
    if current:
        passages.append(current)
    return passages
