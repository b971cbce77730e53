"""The lean ASGI application that answers downloads."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from fastapi import Request
from starlette.responses import Response

from ceyuan.hub.browsing.service import find_file, open_repository
from ceyuan.hub.downloads.counter import DownloadCounter
from ceyuan.hub.downloads.ranges import Unsatisfiable, matches_any, parse_range, range_still_fits
from ceyuan.hub.downloads.types import BINARY, POLICY, content_type, disposition
from ceyuan.hub.naming import PREFIXES, Kind, is_commit_id, kind_of_prefix
from ceyuan.hub.repositories.service import find_repository
from ceyuan.hub.trees import File
from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.web import language_of, problem_response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_ADDRESS = re.compile(r"/(?:(models|datasets|reports)/)?([^/]+)/([^/]+)/resolve/([^/]+)/(.+)", re.DOTALL)
_NOT_OWNERS = frozenset({"api", "console", "v1", "xet", "metrics", *PREFIXES.values()})
_ERROR_CODES = {
    "repository_not_found": "RepoNotFound",
    "revision_not_found": "RevisionNotFound",
    "entry_not_found": "EntryNotFound",
    "path_refused": "EntryNotFound",
}
"""What the Hub's clients read in `X-Error-Code`."""
_FOREVER = "private, max-age=31536000, immutable"
_ASK_AGAIN = "private, no-cache"


class MethodNotAllowed(CeyuanError):
    """Downloads know GET and HEAD only."""

    status = 405
    code = "method_not_allowed"
    title = ("此地址只支持 GET 与 HEAD", "Only GET and HEAD are possible here")


@dataclass(frozen=True, slots=True)
class Target:
    """What an address asks for."""

    kind: Kind
    owner: str
    name: str
    revision: str
    path: str

    @classmethod
    def parse(cls, raw_path: str) -> Target | None:
        """Read a path in its percent-encoded form, in which a revision may hold `%2F`; None if it is no download."""
        match = _ADDRESS.fullmatch(raw_path)
        if match is None:
            return None
        prefix, *parts = match.groups()
        if prefix is None and parts[0].lower() in _NOT_OWNERS:
            return None
        kind = (kind_of_prefix(prefix) if prefix else None) or "model"
        return cls(kind, *(unquote(part) for part in parts))


@dataclass(frozen=True, slots=True)
class _Found:
    """The file that a request means."""

    repository_id: str
    commit: str
    file: File

    @property
    def etag(self) -> str:
        return f'"{self.file.sha256 if self.file.large else self.file.git_oid}"'


@dataclass(frozen=True, slots=True)
class _Reply:
    """A response that is ready to go: its head, the first bytes of its body, and the rest."""

    status: int
    headers: dict[str, str]
    first: bytes = b""
    rest: AsyncIterator[bytes] | None = None

    async def send(self, receive: Receive, send: Send) -> None:
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


class HubDownloads:
    """Answers GET and HEAD of files with ranges, validators and headers that keep strangers' content harmless."""

    def __init__(self, platform: Platform, counter: DownloadCounter) -> None:
        self._platform = platform
        self._counter = counter

    @staticmethod
    def serves(path: str) -> bool:
        """Whether a (decoded) path is a download."""
        return "/resolve/" in path and Target.parse(quote(path)) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            reply = await self._reply(request, scope)
        except CeyuanError as error:
            await _problem(error, request)(scope, receive, send)
            return
        # What goes wrong from here on breaks the connection: the client must see that the content is not whole.
        await reply.send(receive, send)

    async def _reply(self, request: Request, scope: Scope) -> _Reply:
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed()
        raw = scope.get("raw_path") or quote(scope["path"]).encode()
        target = Target.parse(raw.decode("latin-1").partition("?")[0])
        assert target is not None
        found = await self._find(request, target)
        headers = _headers(target, found, attachment=request.query_params.get("download") in ("1", "true"))
        size, etag = found.file.size, found.etag
        if matches_any(request.headers.get("if-none-match"), etag):
            del headers["content-length"]
            return _Reply(304, headers)
        asked = request.headers.get("range") if range_still_fits(request.headers.get("if-range"), etag) else None
        try:
            part = parse_range(asked, size)
        except Unsatisfiable:
            return _Reply(416, headers | {"content-range": f"bytes */{size}", "content-length": "0"})
        start, end = part or (0, size)
        headers["content-length"] = str(end - start)
        if part is not None:
            headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
        status = 200 if part is None else 206
        if request.method == "HEAD":
            return _Reply(status, headers)
        chunks = self._platform.blobs.stream(found.file.sha256, start, end)
        # The first bytes are read before the status is sent, so that a missing blob is an error and no torso.
        first = await anext(chunks, b"")
        if start == 0:
            self._counter.add(found.repository_id, self._platform.clock.now().date(), end)
        return _Reply(status, headers, first, chunks)

    async def _find(self, request: Request, target: Target) -> _Found:
        actor = await self._platform.authenticate(self._platform, request)
        async with self._platform.work(actor, write=False) as uow:
            row = await find_repository(uow, target.kind, target.owner, target.name)
            view = await open_repository(uow, row, target.revision)
            return _Found(row.id, view.commit.id, await find_file(view, target.path))


async def _disconnected(receive: Receive) -> None:
    """Returns when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _headers(target: Target, found: _Found, *, attachment: bool) -> dict[str, str]:
    kind = content_type(target.path)
    headers = {
        "content-type": kind,
        "content-length": str(found.file.size),
        "content-disposition": disposition(target.path, attachment=attachment or kind == BINARY),
        "etag": found.etag,
        "accept-ranges": "bytes",
        "x-repo-commit": found.commit,
        "cache-control": _FOREVER if is_commit_id(target.revision) else _ASK_AGAIN,
        "vary": "Authorization, Cookie",
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
    }
    if found.file.large:
        headers |= {"x-linked-size": str(found.file.size), "x-linked-etag": found.etag}
    return headers


def _problem(error: CeyuanError, request: Request) -> Response:
    response = problem_response(error, language_of(request))
    # Header values are Latin-1: the English message, as far as it is.
    message = error.message[1].encode("ascii", "replace").decode().replace("\n", " ").replace("\r", " ")
    response.headers["x-error-message"] = message[:500]
    if error.code in _ERROR_CODES:
        response.headers["x-error-code"] = _ERROR_CODES[error.code]
    if "commit" in error.fields:
        response.headers["x-repo-commit"] = str(error.fields["commit"])
    if isinstance(error, MethodNotAllowed):
        response.headers["allow"] = "GET, HEAD"
    response.headers["x-content-type-options"] = "nosniff"
    response.headers["cache-control"] = "no-store"
    return response
