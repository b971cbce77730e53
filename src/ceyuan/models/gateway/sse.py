"""Server-sent events on the byte path (WHATWG HTML §9.2): split, read, write; what is not touched passes as it came."""

from __future__ import annotations

from typing import Any

import orjson

from ceyuan.models.gateway.errors import UpstreamFault

DONE = b"data: [DONE]"
MAX_EVENT = 16 << 20
"""Bytes that one event may have."""


class EventSplitter:
    """Cuts a byte stream into whole events, without the empty line that ends them."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """The events that `chunk` completes; raises `UpstreamFault` for one that never ends."""
        data = self._rest + chunk if self._rest else chunk
        if b"\r" in data:
            # A carriage return at the end may be half of a line's end.
            held = b"\r" if data.endswith(b"\r") else b""
            data = data.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n") + held
        *events, self._rest = data.split(b"\n\n")
        if len(self._rest) > MAX_EVENT:
            raise UpstreamFault(("上游的事件过长", "an event of the upstream is too long"))
        return [event for event in events if event]

    def finish(self) -> list[bytes]:
        """What is left when the stream ends without its last empty line."""
        rest, self._rest = self._rest.strip(b"\r\n"), b""
        return [rest] if rest else []


def document_of(event: bytes) -> dict[str, Any] | None:
    """The JSON object that an event carries; `None` for comments and `[DONE]`. Raises `UpstreamFault` for data that is
    no JSON in UTF-8: no client could read it, and no guard has."""
    if b"data:" not in event:
        return None
    if event.startswith(b"data: {") and b"\n" not in event:
        payload = event[6:]
    else:
        lines = [line[5:].removeprefix(b" ") for line in event.split(b"\n") if line.startswith(b"data:")]
        payload = b"\n".join(lines)
    try:
        document = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        if payload.strip() in (b"", b"[DONE]"):
            return None
        raise UpstreamFault(
            ("上游的流中有无效的 JSON 或 UTF-8", "an event of the upstream's stream is not valid JSON in UTF-8")
        ) from error
    return document if isinstance(document, dict) else None


def event_of(document: dict[str, Any]) -> bytes:
    """The event, without its ending empty line, that carries a JSON object."""
    return b"data: " + orjson.dumps(document)
