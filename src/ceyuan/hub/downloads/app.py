"""The lean ASGI application that answers downloads."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import quote, unquote

from fastapi import Request

from ceyuan.hub.browsing.service import find_file, open_repository
from ceyuan.hub.downloads.counter import DownloadCounter
from ceyuan.hub.downloads.ranges import Unsatisfiable, matches_any, parse_range, range_still_fits
from ceyuan.hub.downloads.types import BINARY, POLICY, content_type, disposition
from ceyuan.hub.gating.access import require_open
from ceyuan.hub.lean import Failure, MethodNotAllowed, Receive, Reply, Scope, Send
from ceyuan.hub.naming import PREFIXES, Kind, is_commit_id, kind_of_prefix
from ceyuan.hub.repositories.service import find_repository
from ceyuan.hub.settings import HubSettings
from ceyuan.hub.trees import File
from ceyuan.hub.xet import repository as xorbs
from ceyuan.hub.xet.reading import layout_of, stream
from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.platform import Platform

logger = logging.getLogger(__name__)
_ADDRESS = re.compile(r"/(?:(models|datasets|reports)/)?([^/]+)/([^/]+)/resolve/([^/]+)/(.+)", re.DOTALL)
_NOT_OWNERS = frozenset({"api", "console", "v1", "xet", "metrics", *PREFIXES.values()})
_FOREVER = "private, max-age=31536000, immutable"
_ASK_AGAIN = "private, no-cache"


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
    xet_hash: str | None

    @property
    def etag(self) -> str:
        return f'"{self.file.sha256 if self.file.large else self.file.git_oid}"'


class HubDownloads:
    """Answers GET and HEAD of files with ranges, validators and headers that keep strangers' content harmless."""

    def __init__(self, platform: Platform, counter: DownloadCounter) -> None:
        self._platform = platform
        self._counter = counter
        self._flattening: set[asyncio.Task[None]] = set()

    @staticmethod
    def serves(path: str) -> bool:
        """Whether a (decoded) path is a download."""
        return "/resolve/" in path and Target.parse(quote(path)) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            reply = await self._reply(request, scope)
        except CeyuanError as error:
            await Failure(error, request).response()(scope, receive, send)
            return
        # What goes wrong from here on breaks the connection: the client must see that the content is not whole.
        await reply.send(receive, send)

    async def _reply(self, request: Request, scope: Scope) -> Reply:
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed(allow="GET, HEAD")
        raw = scope.get("raw_path") or quote(scope["path"]).encode()
        target = Target.parse(raw.decode("latin-1").partition("?")[0])
        assert target is not None
        found = await self._find(request, target)
        headers = _headers(request, target, found, attachment=request.query_params.get("download") in ("1", "true"))
        size, etag = found.file.size, found.etag
        if matches_any(request.headers.get("if-none-match"), etag):
            del headers["content-length"]
            return Reply(304, headers)
        asked = request.headers.get("range") if range_still_fits(request.headers.get("if-range"), etag) else None
        try:
            part = parse_range(asked, size)
        except Unsatisfiable:
            return Reply(416, headers | {"content-range": f"bytes */{size}", "content-length": "0"})
        start, end = part or (0, size)
        headers["content-length"] = str(end - start)
        if part is not None:
            headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
        status = 200 if part is None else 206
        if request.method == "HEAD":
            return Reply(status, headers)
        if (address := await self._elsewhere(request, found)) is not None:
            if start == 0:
                self._counter.add(found.repository_id, self._platform.clock.now().date(), end)
            for name in ("content-range", "content-type", "content-disposition"):
                headers.pop(name, None)
            # The address is good for a while only: nobody may keep it for the next time.
            moved = {"location": address, "content-length": "0", "cache-control": "private, no-store"}
            return Reply(302, headers | moved)
        chunks = await self._chunks(found, start, end)
        # The first bytes are read before the status is sent, so that a missing blob is an error and no torso.
        first = await anext(chunks, b"")
        if start == 0:
            self._counter.add(found.repository_id, self._platform.clock.now().date(), end)
        return Reply(status, headers, first, chunks)

    async def _elsewhere(self, request: Request, found: _Found) -> str | None:
        """A signed address at the object store itself for a large file, where clients reach that; browsers, which ask
        from our pages, get everything from us."""
        if not found.file.large or "sec-fetch-mode" in request.headers:
            return None
        seconds = self._platform.section(HubSettings).transfer_seconds
        return await self._platform.blobs.address(found.file.sha256, seconds)

    async def _chunks(self, found: _Found, start: int, end: int) -> AsyncIterator[bytes]:
        """The content: from its flat form, or from chunks at once while the flat form is made for the next one."""
        store, sha256 = self._platform.blobs, found.file.sha256
        if found.xet_hash is None or await store.backend.stat(sha256) is not None:
            return store.stream(sha256, start, end)
        where = await layout_of(self._platform, sha256)
        if where is None:
            return store.stream(sha256, start, end)
        if where.size <= self._platform.section(HubSettings).flat_cache_bytes // 4:
            self._flatten(sha256)
        return stream(self._platform, where, start, end)

    def _flatten(self, sha256: str) -> None:
        task = asyncio.create_task(self._flat(sha256), name=f"flatten {sha256[:8]}")
        self._flattening.add(task)
        task.add_done_callback(self._flattening.discard)

    async def _flat(self, sha256: str) -> None:
        try:
            await self._platform.blobs.ensure(sha256)
        except Exception:
            logger.exception("the flat form of %s could not be made", sha256)

    async def _find(self, request: Request, target: Target) -> _Found:
        actor = await self._platform.authenticate(self._platform, request)
        async with self._platform.work(actor, write=False) as uow:
            row = await find_repository(uow, target.kind, target.owner, target.name)
            await require_open(uow, row)
            view = await open_repository(uow, row, target.revision)
            file = await find_file(view, target.path)
            in_xorbs = await xorbs.hashes_of(uow.session, [file.sha256]) if file.large else {}
            return _Found(row.id, view.commit.id, file, in_xorbs.get(file.sha256))


def _headers(request: Request, target: Target, found: _Found, *, attachment: bool) -> dict[str, str]:
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
    if found.xet_hash is not None:
        base = str(request.base_url).rstrip("/")
        address = f"{PREFIXES[target.kind]}/{quote(target.owner)}/{quote(target.name)}"
        headers["x-xet-hash"] = found.xet_hash
        headers["link"] = f'<{base}/api/{address}/xet-read-token/{found.commit}>; rel="xet-auth"'
    return headers
