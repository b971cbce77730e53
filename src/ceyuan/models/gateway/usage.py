"""What an answer used and said: read out of whole answers and of streams alike."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import orjson

from ceyuan.models.gateway.call import Call

BYTES_PER_TOKEN = 4
"""Bytes of UTF-8 text that a token stands for at most, where nobody counts tokens for us."""


@dataclass(slots=True)
class Generated:
    """The texts of an answer by choice, its tool calls, and how much was generated."""

    parts: dict[int, list[str]] = field(default_factory=dict)
    tools: list[Any] = field(default_factory=list)
    pieces: int = 0
    size: int = 0

    def count(self, text: str) -> None:
        """A piece that was generated, whether the client gets to see it or not."""
        self.pieces += 1
        self.size += len(text) if text.isascii() else len(text.encode())

    def add(self, index: int, text: str) -> None:
        """Text of a choice that the client sees, in order."""
        self.parts.setdefault(index, []).append(text)

    def add_tools(self, calls: Any) -> None:
        """Tool calls or parts of them."""
        self.tools.append(calls)
        self.pieces += 1

    @property
    def text(self) -> str:
        """The answer; several choices are separated by a line."""
        if len(self.parts) == 1:
            (only,) = self.parts.values()
            return only[0] if len(only) == 1 else "".join(only)
        return "\n".join("".join(self.parts[index]) for index in sorted(self.parts))

    @property
    def tokens(self) -> int:
        """How many tokens this is at least: streams send one or more in each piece."""
        return max(self.pieces, -(-self.size // BYTES_PER_TOKEN))

    def sha256(self) -> str:
        """The hash of the text in UTF-8, or of the tool calls as JSON where there is no text; empty for nothing."""
        content = self.text.encode()
        if not content and self.tools:
            content = orjson.dumps(self.tools)
        return hashlib.sha256(content).hexdigest() if content else ""


def note_usage(call: Call, usage: Any) -> None:
    """Take the token counts that an upstream reports."""
    if not isinstance(usage, dict):
        return
    prompt = usage.get("prompt_tokens")
    if not isinstance(prompt, int):
        # Pictures are counted as input and output, and some rerankers tell the sum alone.
        prompt = usage.get("input_tokens", usage.get("total_tokens"))
    if not isinstance(prompt, int):
        return
    call.prompt_tokens = max(prompt, 0)
    completion = usage.get("completion_tokens", usage.get("output_tokens"))
    call.completion_tokens = max(completion, 0) if isinstance(completion, int) else 0
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    call.cached_tokens = cached if isinstance(cached, int) else 0
    call.usage_from = "upstream"


def note_relayed(call: Call, said: Generated) -> None:
    """Count what was relayed, where the upstream did not come to report its counts."""
    if call.usage_from == "upstream" or not said.pieces:
        return
    call.prompt_tokens, call.completion_tokens, call.usage_from = call.prompt_estimate, said.tokens, "relayed"


def generated_in(document: dict[str, Any]) -> Generated:
    """The texts of a whole answer."""
    said = Generated()
    for choice in document.get("choices") or ():
        if not isinstance(choice, dict):
            continue
        index = choice.get("index") if isinstance(choice.get("index"), int) else len(said.parts)
        message = choice.get("message")
        text = message.get("content") if isinstance(message, dict) else choice.get("text")
        if isinstance(text, str) and text:
            said.count(text)
            said.add(index or 0, text)
        if isinstance(message, dict) and message.get("tool_calls"):
            said.add_tools(message["tool_calls"])
    return said
