"""The content-addressed store over HTTP, as the Xet client speaks to it (https://huggingface.co/docs/xet/api).

A lean ASGI application below FastAPI: its bodies are large and its tokens are grants, not people's.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from os import urandom

from fastapi import Request

from ceyuan.hub import grants
from ceyuan.hub.chunks import MAX_SHARD, ChunkProblem, Xorb, parse_hash, parse_shard, stored_shard
from ceyuan.hub.downloads.ranges import Unsatisfiable, parse_range
from ceyuan.hub.grants import Grant, GrantRejected
from ceyuan.hub.lean import (
    ClientGone,
    Failure,
    MethodNotAllowed,
    Receive,
    Reply,
    Scope,
    Send,
    chunks_of,
    json_reply,
    whole_body,
)
from ceyuan.hub.xet import repository
from ceyuan.hub.xet.encoding import xorb_of
from ceyuan.hub.xet.errors import WriteNeeded, XetNotFound, explained
from ceyuan.hub.xet.following import Trails
from ceyuan.hub.xet.keeping import keep_shard, keep_xorb
from ceyuan.hub.xet.reconstruction import first_version, reconstruction
from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.platform import Platform

logger = logging.getLogger(__name__)
READ, WRITE = "xet-read", "xet-write"
_NEIGHBOURS = 64
_KEY_SECONDS = 7 * 24 * 3600
_PATH = re.compile(
    r"/xet/(?:(?P<xorb>v1/xorbs/default)|(?P<chunk>v1/chunks/(?:default|default-merkledb))|(?P<one>v1/reconstructions)"
    r"|(?P<two>v2/reconstructions)|(?P<data>data))/(?P<hash>[^/]+)|/xet/(?P<shard>v1/shards)"
)
_METHODS = {"xorb": "POST", "shard": "POST"}


class XetApp:
    """Answers everything below `/xet/`."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._trails = Trails()
        self._parts: dict[str, Callable[[Request, Receive, str], Awaitable[Reply]]] = {
            "xorb": self._xorb,
            "shard": self._shard,
            "chunk": self._chunk,
            "one": self._reconstruction,
            "two": self._reconstruction,
            "data": self._data,
        }

    @staticmethod
    def serves(path: str) -> bool:
        """Whether a path is the store's."""
        return path.startswith("/xet/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            reply = await self._reply(request, receive)
        except ClientGone:
            return
        except CeyuanError as error:
            await Failure(error, request).response()(scope, receive, send)
            return
        await reply.send(receive, send)

    async def _reply(self, request: Request, receive: Receive) -> Reply:
        match = _PATH.fullmatch(request.url.path)
        if match is None:
            raise XetNotFound()
        part = next(name for name in self._parts if match.group(name))
        wanted = _METHODS.get(part, "GET")
        if request.method != wanted:
            raise MethodNotAllowed(allow=wanted)
        return await self._parts[part](request, receive, match.group("hash") or "")

    def _grant(self, request: Request, *, write: bool = False) -> Grant:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise GrantRejected()
        grant = grants.read(self._platform, token.strip(), READ, WRITE)
        if write and grant.purpose != WRITE:
            raise WriteNeeded()
        return grant

    async def _xorb(self, request: Request, receive: Receive, digest: str) -> Reply:
        grant = self._grant(request, write=True)
        inserted = await keep_xorb(self._platform, grant, digest, chunks_of(receive), self._trails)
        return json_reply({"was_inserted": inserted})

    async def _shard(self, request: Request, receive: Receive, _digest: str) -> Reply:
        grant = self._grant(request, write=True)
        body = await whole_body(receive, MAX_SHARD)
        try:
            shard = await asyncio.to_thread(parse_shard, body)
        except ChunkProblem as problem:
            raise explained(problem) from problem
        await keep_shard(self._platform, grant, shard, self._trails)
        return json_reply({"result": 1})

    async def _chunk(self, request: Request, _receive: Receive, digest: str) -> Reply:
        self._grant(request)
        self._check(digest)
        async with self._platform.database.session(write=False) as session:
            rows = await repository.neighbours(session, digest, _NEIGHBOURS)
        if not rows:
            raise XetNotFound()
        now = int(self._platform.clock.now().timestamp())
        body = await asyncio.to_thread(_stored, [xorb_of(row) for row in rows], now)
        return Reply(200, {"content-type": "application/octet-stream", "content-length": str(len(body))}, body)

    async def _reconstruction(self, request: Request, _receive: Receive, digest: str) -> Reply:
        grant = self._grant(request)
        self._check(digest)
        base = str(request.base_url).rstrip("/")
        answer = await reconstruction(self._platform, grant, digest, request.headers.get("range"), base)
        return json_reply(first_version(answer) if "/v1/" in request.url.path else answer)

    async def _data(self, request: Request, _receive: Receive, digest: str) -> Reply:
        grant = grants.read(self._platform, request.query_params.get("permit", ""), "xet-data")
        if grant.details["x"] != digest:
            raise GrantRejected()
        begin, end = int(grant.details["b"]), int(grant.details["n"])
        try:
            asked = parse_range(request.headers.get("range"), end) or (begin, end)
        except Unsatisfiable:
            asked = (0, 0)
        if not begin <= asked[0] < asked[1] <= end:
            raise GrantRejected()
        sha256 = str(grant.details["s"])
        size = (await self._platform.blobs.stat(sha256)).size
        headers = {
            "content-type": "application/octet-stream",
            "content-length": str(asked[1] - asked[0]),
            "content-range": f"bytes {asked[0]}-{asked[1] - 1}/{size}",
            "cache-control": "private, max-age=3600",
        }
        return Reply(206, headers, b"", self._platform.blobs.stream(sha256, *asked))

    @staticmethod
    def _check(digest: str) -> None:
        try:
            parse_hash(digest)
        except ChunkProblem as problem:
            raise explained(problem) from problem


def _stored(xorbs: list[Xorb], now: int) -> bytes:
    return stored_shard(xorbs, urandom(32), made=now, expires=now + _KEY_SECONDS)
