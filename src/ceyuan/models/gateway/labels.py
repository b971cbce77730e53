"""Labels of generated content after GB 45438-2025 (in force since 1 September 2025).

Implicit label: metadata whose name contains `AIGC`, a JSON object of strings with `Label` ("1": it is
generated), `ContentProducer`, `ProduceID`, `ReservedCode1` (here the SHA-256 of the answer where it is
known) and the same for a propagator. Explicit label: words that say "AI" and "generated" at the end of the text.
"""

from __future__ import annotations

import json
from typing import Any, Literal

import orjson

from ceyuan.models.gateway.answers import Header

LabelMode = Literal["off", "header", "field", "text"]
GENERATED: Header = (b"x-ceyuan-generated", b"1")


def implicit_label(producer: str, produce_id: str, integrity: str = "") -> dict[str, str]:
    """The metadata of the standard's implicit label."""
    return {
        "Label": "1",
        "ContentProducer": producer,
        "ProduceID": produce_id,
        "ReservedCode1": integrity,
        "ContentPropagator": "",
        "PropagateID": "",
        "ReservedCode2": "",
    }


class Labeller:
    """Labels the answers of one producer; the part of the header that never changes is made once."""

    def __init__(self, producer: str) -> None:
        self._producer = producer
        # JSON in ASCII: header values carry nothing else.
        before, after = json.dumps(implicit_label(producer, "\0")).split("\\u0000")
        self._before, self._after = before.encode(), after.encode()

    def headers(self, mode: LabelMode, produce_id: str) -> list[Header]:
        """The headers that mark an answer; none where labels are off."""
        if mode == "off":
            return []
        return [GENERATED, (b"x-aigc", self._before + produce_id.encode() + self._after)]

    def document(self, produce_id: str, integrity: str) -> dict[str, str]:
        """The member `AIGC` of an answer."""
        return implicit_label(self._producer, produce_id, integrity)


def with_label(body: bytes, label: dict[str, str]) -> bytes:
    """A JSON object's bytes with a last member `AIGC`; everything else stays as it is, byte for byte."""
    end = body.rstrip()
    if not end.endswith(b"}"):
        return body
    separator = b"" if end[:-1].rstrip().endswith(b"{") else b","
    return end[:-1] + separator + b'"AIGC":' + orjson.dumps(label) + b"}"


def add_text(document: dict[str, Any], text: str) -> bool:
    """Append the visible label to each choice of a whole answer; False if there was no text to label."""
    changed = False
    for choice in document.get("choices") or ():
        message = choice.get("message")
        if isinstance(message, dict) and isinstance(message.get("content"), str) and message["content"]:
            message["content"] += text
            changed = True
        elif isinstance(choice.get("text"), str) and choice["text"]:
            choice["text"] += text
            changed = True
    return changed
