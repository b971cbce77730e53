"""Anthropic's messages as chats and back (docs.anthropic.com/en/api/messages): requests, answers, streams, errors.

A call of `/v1/messages` takes the same course as any chat; only what it looks like at either end is different.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from ceyuan.kernel.errors import CeyuanError, Language
from ceyuan.models.gateway.answers import JSON, Header, error_document, error_headers
from ceyuan.models.gateway.course import Incoming, Sink
from ceyuan.models.gateway.errors import BadRequest
from ceyuan.models.gateway.sse import EventSplitter, document_of

PATH = "/v1/messages"
_STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}
_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "invalid_request_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
}
_SAME = ("model", "max_tokens", "temperature", "top_p", "stream")


def chat_of(body: bytes) -> bytes:
    """The chat request for a messages request; raises `BadRequest` that names the field at fault."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(
            ("请求体不是有效的 UTF-8 JSON", f"the body is not valid JSON in UTF-8: {error}"),
            hint=("请检查引号、逗号与编码", "check quotes, commas and the encoding"),
        ) from error
    if not isinstance(document, dict):
        raise BadRequest(("请求体必须是 JSON 对象", "the body must be a JSON object"))
    chat: dict[str, Any] = {name: document[name] for name in _SAME if name in document}
    messages: list[dict[str, Any]] = []
    if system := _text_of(document.get("system")):
        messages.append({"role": "system", "content": system})
    given = document.get("messages")
    if not isinstance(given, list) or not given:
        raise _bad("messages")
    for message in given:
        if not isinstance(message, dict) or message.get("role") not in ("user", "assistant"):
            raise _bad("messages")
        messages += _messages(message["role"], message.get("content"))
    chat["messages"] = messages
    if document.get("stop_sequences"):
        chat["stop"] = document["stop_sequences"]
    if document.get("tools"):
        chat["tools"] = [_tool(tool) for tool in document["tools"]]
        if choice := _choice(document.get("tool_choice")):
            chat["tool_choice"] = choice
    if document.get("stream") is True:
        chat["stream_options"] = {"include_usage": True}
    return orjson.dumps(chat)


def _bad(field: str) -> BadRequest:
    return BadRequest(
        (f"字段 {field} 缺失或格式有误", f"the field {field} is missing or malformed"),
        hint=("请对照 Anthropic 接口文档", "see Anthropic's API reference"),
        param=field,
    )


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(str(block.get("text", "")) for block in content if isinstance(block, dict))
    return ""


def _messages(role: str, content: Any) -> Iterator[dict[str, Any]]:
    """One message of theirs as one or more of a chat: results of tools are messages of their own there."""
    if isinstance(content, str):
        yield {"role": role, "content": content}
        return
    if not isinstance(content, list):
        raise _bad("messages")
    parts: list[dict[str, Any]] = []
    calls: list[dict[str, Any]] = []
    for block in content:
        kind = block.get("type") if isinstance(block, dict) else None
        if kind == "text":
            parts.append({"type": "text", "text": block.get("text", "")})
        elif kind == "image":
            parts.append({"type": "image_url", "image_url": {"url": _image(block.get("source"))}})
        elif kind == "tool_use":
            arguments = orjson.dumps(block.get("input", {})).decode()
            function = {"name": block.get("name"), "arguments": arguments}
            calls.append({"id": block.get("id"), "type": "function", "function": function})
        elif kind == "tool_result":
            yield {"role": "tool", "tool_call_id": block.get("tool_use_id"), "content": _text_of(block.get("content"))}
        elif kind not in ("thinking", "redacted_thinking"):
            raise _bad("messages")
    if parts or calls:
        plain = all(part["type"] == "text" for part in parts)
        said: Any = "".join(part["text"] for part in parts) if plain else parts
        yield {"role": role, "content": said or None, **({"tool_calls": calls} if calls else {})}


def _image(source: Any) -> str:
    if isinstance(source, dict) and source.get("type") == "base64":
        return f"data:{source.get('media_type')};base64,{source.get('data')}"
    if isinstance(source, dict) and source.get("type") == "url":
        return str(source.get("url"))
    raise _bad("messages")


def _tool(tool: Any) -> dict[str, Any]:
    if not isinstance(tool, dict) or not isinstance(tool.get("name"), str):
        raise _bad("tools")
    function = {"name": tool["name"], "parameters": tool.get("input_schema", {"type": "object"})}
    if "description" in tool:
        function["description"] = tool["description"]
    return {"type": "function", "function": function}


def _choice(choice: Any) -> Any:
    kind = choice.get("type") if isinstance(choice, dict) else None
    if kind == "tool":
        return {"type": "function", "function": {"name": choice.get("name")}}
    return {"auto": "auto", "any": "required", "none": "none"}.get(str(kind))


def _usage(usage: dict[str, Any]) -> dict[str, int]:
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    prompt = int(usage.get("prompt_tokens") or 0)
    return {
        "input_tokens": max(prompt - cached, 0),
        "output_tokens": int(usage.get("completion_tokens") or 0),
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": 0,
    }


def message_of(answer: dict[str, Any], call_id: str) -> dict[str, Any]:
    """The message for a chat's whole answer."""
    choice = (answer.get("choices") or [{}])[0]
    said = choice.get("message") or {}
    content: list[dict[str, Any]] = []
    if said.get("content"):
        content.append({"type": "text", "text": said["content"]})
    for call in said.get("tool_calls") or ():
        function = call.get("function") or {}
        content.append(
            {"type": "tool_use", "id": call.get("id"), "name": function.get("name"), "input": _input(function)}
        )
    message = _message(call_id, str(answer.get("model", "")), content, _usage(answer.get("usage") or {}))
    message["stop_reason"] = _STOPS.get(str(choice.get("finish_reason")), "end_turn")
    if "AIGC" in answer:
        message["AIGC"] = answer["AIGC"]
    return message


def _input(function: dict[str, Any]) -> Any:
    try:
        return orjson.loads(function.get("arguments") or "{}")
    except orjson.JSONDecodeError:
        return {"arguments": function.get("arguments")}


def _message(call_id: str, model: str, content: list[dict[str, Any]], usage: dict[str, int]) -> dict[str, Any]:
    return {
        "id": call_id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }


class MessageStream:
    """A chat's stream as the events of a message."""

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._splitter = EventSplitter()
        self._begun = self._ended = False
        self._index = -1
        self._block: tuple[str, Any] | None = None
        self._stop = "end_turn"
        self._usage = _usage({})

    def feed(self, data: bytes, *, more: bool) -> bytes:
        """The events for a part of the chat's stream."""
        out: list[bytes] = []
        for event in [*self._splitter.feed(data), *([] if more else self._splitter.finish())]:
            document = document_of(event)
            if document is None:
                continue
            if "error" in document:
                out.append(_event("error", {"error": _error(500, str(document["error"].get("message", "")))}))
                self._ended = True
            elif not self._ended:
                self._pass(document, out)
        if not more and not self._ended:
            self._end(out)
        return b"".join(out)

    def _pass(self, document: dict[str, Any], out: list[bytes]) -> None:
        if not self._begun:
            self._begun = True
            message = _message(self._call_id, str(document.get("model", "")), [], self._usage)
            out.append(_event("message_start", {"message": message}))
        if document.get("usage"):
            self._usage = _usage(document["usage"])
        for choice in document.get("choices") or ():
            delta = choice.get("delta") or {}
            if delta.get("content"):
                self._open(("text", 0), {"type": "text", "text": ""}, out)
                self._delta({"type": "text_delta", "text": delta["content"]}, out)
            for call in delta.get("tool_calls") or ():
                function = call.get("function") or {}
                start = {"type": "tool_use", "id": call.get("id"), "name": function.get("name"), "input": {}}
                self._open(("tool", call.get("index", 0)), start, out)
                if function.get("arguments"):
                    self._delta({"type": "input_json_delta", "partial_json": function["arguments"]}, out)
            if choice.get("finish_reason") is not None:
                self._stop = _STOPS.get(str(choice["finish_reason"]), "end_turn")

    def _open(self, block: tuple[str, Any], start: dict[str, Any], out: list[bytes]) -> None:
        if self._block == block:
            return
        self._close(out)
        self._block, self._index = block, self._index + 1
        out.append(_event("content_block_start", {"index": self._index, "content_block": start}))

    def _close(self, out: list[bytes]) -> None:
        if self._block is not None:
            out.append(_event("content_block_stop", {"index": self._index}))
            self._block = None

    def _delta(self, delta: dict[str, Any], out: list[bytes]) -> None:
        out.append(_event("content_block_delta", {"index": self._index, "delta": delta}))

    def _end(self, out: list[bytes]) -> None:
        self._ended = True
        self._close(out)
        delta = {"stop_reason": self._stop, "stop_sequence": None}
        out.append(_event("message_delta", {"delta": delta, "usage": self._usage}))
        out.append(_event("message_stop", {}))


def _event(name: str, document: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps({"type": name, **document}))


def _error(status: int, message: str) -> dict[str, Any]:
    return {"type": _ERRORS.get(status, "api_error"), "message": message}


class MessageSink:
    """Gives a chat's answer to a client of Anthropic's protocol."""

    def __init__(self, inner: Sink, call_id: str) -> None:
        self._inner = inner
        self._stream: MessageStream | None = None
        self._call_id = call_id
        self._status = 200
        self._headers: list[Header] = []
        self._parts: list[bytes] = []

    async def start(self, status: int, headers: list[Header]) -> None:
        """The head; that of a whole answer waits, since its length will be another."""
        self._status = status
        self._headers = [(name, value) for name, value in headers if name not in (b"content-length", b"content-type")]
        if any(name == b"content-type" and value.startswith(b"text/event-stream") for name, value in headers):
            self._stream = MessageStream(self._call_id)
            await self._inner.start(status, [*self._headers, (b"content-type", b"text/event-stream; charset=utf-8")])

    async def send(self, data: bytes, *, more: bool) -> None:
        """A part of the answer."""
        if self._stream is not None:
            passed = self._stream.feed(data, more=more)
            if passed or not more:
                await self._inner.send(passed, more=more)
            return
        self._parts.append(data)
        if not more:
            await self._send_whole(b"".join(self._parts))

    async def _send_whole(self, body: bytes) -> None:
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            document = {}
        if self._status < 400:
            document = message_of(document, self._call_id)
        else:
            words = document.get("error") if isinstance(document, dict) else None
            message = words.get("message") if isinstance(words, dict) else body[:500].decode("utf-8", "replace")
            document = {"type": "error", "error": _error(self._status, str(message)), "request_id": self._call_id}
        data = orjson.dumps(document)
        await self._inner.start(self._status, [*self._headers, JSON, (b"content-length", b"%d" % len(data))])
        await self._inner.send(data, more=False)

    async def fail(self, error: CeyuanError, incoming: Incoming, *, started: bool) -> None:
        """An error in Anthropic's shape."""
        if started:
            words = error_document(error, incoming.id, incoming.language)["error"]["message"]
            await self._inner.send(_event("error", {"error": _error(error.status, words)}), more=False)
            return
        await self.refuse(error, incoming.id, incoming.language)

    async def refuse(self, error: CeyuanError, request_id: str, language: Language) -> None:
        """An answer that is nothing but an error."""
        document = error_document(error, request_id, language)["error"]
        words = {**_error(error.status, document["message"]), "code": error.code, "ceyuan": document["ceyuan"]}
        body = orjson.dumps({"type": "error", "error": words, "request_id": request_id}, default=str)
        await self._inner.start(error.status, error_headers(error, body, request_id))
        await self._inner.send(body, more=False)
