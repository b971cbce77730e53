"""Taking personal information out of a request before it goes to a server that is not the platform's own."""

from __future__ import annotations

from typing import Any

_TEXTS = ("prompt", "input", "suffix", "query", "documents")


def masked_text(text: str) -> str:
    """A text with personal information replaced."""
    from ceyuan.governance.detectors import find_personal, mask_personal

    found = find_personal(text)
    return mask_personal(text, found) if found else text


def masked_document(document: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """The request with personal information replaced in its messages, prompt or input, and how many places were.

    Tool calls and their results are texts of messages as well. What is not text (images, numbers of tokens) stays.
    """
    # Imported where it is used: its patterns are not needed by platforms that send nothing outside.
    from ceyuan.governance.detectors import find_personal, mask_personal

    count = 0

    def text(value: str) -> str:
        nonlocal count
        found = find_personal(value)
        count += len(found)
        return mask_personal(value, found) if found else value

    def content(value: Any) -> Any:
        if isinstance(value, str):
            return text(value)
        if isinstance(value, list):
            return [content(part) for part in value]
        if isinstance(value, dict):
            return {
                name: text(part) if name == "text" and isinstance(part, str) else part for name, part in value.items()
            }
        return value

    def message(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        changed = {**value, "content": content(value.get("content"))} if "content" in value else dict(value)
        if isinstance(value.get("tool_calls"), list):
            changed["tool_calls"] = [tool_call(call) for call in value["tool_calls"]]
        return changed

    def tool_call(value: Any) -> Any:
        function = value.get("function") if isinstance(value, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("arguments"), str):
            return value
        return {**value, "function": {**function, "arguments": text(function["arguments"])}}

    changed = dict(document)
    if isinstance(document.get("messages"), list):
        changed["messages"] = [message(value) for value in document["messages"]]
    for name in _TEXTS:
        if name in document:
            changed[name] = content(document[name])
    return (changed, count) if count else (document, 0)
