"""What the hub's lean ASGI applications share: bodies, answers, and errors in the words of the Hub's clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from fastapi import Request
from starlette.responses import Response

from ceyuan.kernel.errors import CeyuanError, TooLarge
from ceyuan.kernel.web import language_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

ERROR_CODES = {
    "repository_not_found": "RepoNotFound",
    "revision_not_found": "RevisionNotFound",
    "entry_not_found": "EntryNotFound",
    "path_refused": "EntryNotFound",
    "gated_repository": "GatedRepo",
}
"""What the Hub's clients read in `X-Error-Code`."""
_REFUSED_WRITES = frozenset({"path_refused"})
"""A name that no file can bear is not found when it is read; when it is written it is not allowed."""
_STATUSES = {"parent_moved": 412}
"""Where the protocol has another status for a refusal than our REST."""
_WORDS = {
    "repository_not_found": "Repository not found",
    "parent_moved": "The branch was updated since you opened this page. Please refresh and try again.",
}
"""What they show word for word, and scripts look for."""
_QUOTES = str.maketrans("“”‘’", "\"\"''")
_BAD_TOKEN = "Invalid credentials in Authorization header"


class ClientGone(Exception):
    """The client went away before its body was whole."""


class MethodNotAllowed(CeyuanError):
    """The address knows other methods only; `allow` names them."""

    status = 405
    code = "method_not_allowed"
    title = ("此地址不支持该方法", "This address does not know the method")


@dataclass(frozen=True, slots=True)
class Reply:
    """A response that is ready to go: its head, the first bytes of its body, and the rest."""

    status: int
    headers: Mapping[str, str]
    first: bytes = b""
    rest: AsyncIterator[bytes] | None = None

    async def send(self, receive: Receive, send: Send) -> None:
        """Send it; stops when the client goes away."""
        pairs = [(name.encode(), value.encode("latin-1")) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": pairs})
        await send({"type": "http.response.body", "body": self.first, "more_body": self.rest is not None})
        if self.rest is None:
            return
        gone = asyncio.create_task(_disconnected(receive))
        try:
            async for chunk in self.rest:
                if gone.done():
                    return
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()
            if isinstance(self.rest, AsyncGenerator):
                await self.rest.aclose()


async def _disconnected(receive: Receive) -> None:
    """Returns when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def json_reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A JSON answer; it belongs to the one who asked."""
    body = orjson.dumps(value, default=str)
    head = {"content-type": "application/json", "content-length": str(len(body)), "cache-control": "no-store"}
    return Reply(status, {**head, "x-content-type-options": "nosniff", **(headers or {})}, body)


async def chunks_of(receive: Receive) -> AsyncIterator[bytes]:
    """The request's body as it arrives; raises `ClientGone`."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body"):
            return


async def whole_body(receive: Receive, limit: int) -> bytes:
    """The request's body; raises `TooLarge` beyond `limit` bytes."""
    parts: list[bytes] = []
    size = 0
    async for part in chunks_of(receive):
        size += len(part)
        if size > limit:
            raise TooLarge((f"请求超过 {limit} 字节", f"the request has more than {limit} bytes"), limit=limit)
        parts.append(part)
    return b"".join(parts)


@dataclass(slots=True)
class Failure:
    """An error on its way to a client of the Hub."""

    error: CeyuanError
    request: Request
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """The problem document with the headers that those clients read."""
        error = self.error
        language = language_of(self.request)
        plain = error.message[1].translate(_QUOTES).replace("\n", " ").replace("\r", " ")
        message = _WORDS.get(error.code, plain)[:500]
        if error.status == 401 and self.request.headers.get("authorization"):
            message = _BAD_TOKEN
        headers = {
            "x-content-type-options": "nosniff",
            "cache-control": "no-store",
            "content-language": "zh-CN" if language == "zh" else "en",
            **self.headers,
        }
        is_read = self.request.method in ("GET", "HEAD")
        # Header values are ASCII. Clients show header and body both unless they are equal, so words in another script
        # are only in the body, where there is one.
        if message.isascii() or self.request.method == "HEAD":
            headers["x-error-message"] = message.encode("ascii", "replace").decode()
        if error.code in ERROR_CODES and (is_read or error.code not in _REFUSED_WRITES):
            headers["x-error-code"] = ERROR_CODES[error.code]
        if "commit" in error.fields:
            headers["x-repo-commit"] = str(error.fields["commit"])
        if "retry_after_s" in error.fields:
            headers["retry-after"] = str(error.fields["retry_after_s"])
        if isinstance(error, MethodNotAllowed):
            headers["allow"] = str(error.fields.get("allow", "GET, HEAD"))
        if error.status == 401:
            headers["www-authenticate"] = "Bearer"
        status = _STATUSES.get(error.code, error.status)
        # The same words as in the header: clients show both unless they are equal.
        document = {**error.problem(language), "status": status, "error": message}
        body = orjson.dumps(document, default=str)
        return Response(body, status, headers, media_type="application/problem+json")
