"""The upstream side of a call: pooled connections, time limits, and faults with names."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import getproxies

import aiohttp

from ceyuan.models.gateway.errors import UpstreamFault, UpstreamTimeout

_KEEP_ALIVE_S = 4.0
"""Shorter than the five seconds after which common servers close an idle connection, so that none is used while
it is being closed: a POST that was cut off must not be sent twice."""
_PASSED_ON = ("content-type", "openai-processing-ms", "openai-version")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes: the address, headers of our own (its key), a Unix socket for the embedded engine."""

    url: str
    headers: Mapping[str, str]
    socket: Path | None = None


class Answer:
    """What an upstream answers: its status and headers, then its body, whole or as it comes."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.is_stream = response.headers.get("content-type", "").startswith("text/event-stream")
        self.retry_after = response.headers.get("retry-after")

    def header(self, name: str) -> str | None:
        return self._response.headers.get(name)

    def passed_on(self) -> list[tuple[bytes, bytes]]:
        """The headers that the client gets to see."""
        headers = self._response.headers
        return [(name.encode(), headers[name].encode("latin-1", "replace")) for name in _PASSED_ON if name in headers]

    async def read(self, limit: int) -> bytes:
        """The whole body; raises `UpstreamFault` if it is longer than `limit` bytes or breaks off."""
        announced = self._response.content_length
        if announced is not None and announced > limit:
            raise _too_long(limit)
        parts, size = [], 0
        async for chunk in self.chunks():
            size += len(chunk)
            if size > limit:
                raise _too_long(limit)
            parts.append(chunk)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes."""
        try:
            async for chunk in self._response.content.iter_any():
                yield chunk
        except (aiohttp.ClientError, ConnectionError) as error:
            raise UpstreamFault(
                ("模型服务在回答中途断开", "the model's server broke off in the middle of its answer")
            ) from error


def _too_long(limit: int) -> UpstreamFault:
    return UpstreamFault((f"上游回答超过 {limit >> 20} MB", f"the upstream's answer is longer than {limit >> 20} MB"))


class Upstreams:
    """The connections of this process to all upstreams."""

    def __init__(self, *, connect_s: float, first_byte_s: float) -> None:
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_s)
        self._first_byte_s = first_byte_s
        self._remote: aiohttp.ClientSession | None = None
        self._local: dict[Path, aiohttp.ClientSession] = {}

    @asynccontextmanager
    async def post(self, target: Target, body: bytes) -> AsyncIterator[Answer]:
        """Send a JSON body and give the answer as soon as its headers are there.

        The connection is closed, and with it the upstream's work, if the block is left before the end of the
        answer. Raises `UpstreamFault` or `UpstreamTimeout`.
        """
        session = self._session(target.socket)
        try:
            async with asyncio.timeout(self._first_byte_s):
                response = await session.post(
                    target.url,
                    data=body,
                    headers={"Content-Type": "application/json", "Accept-Encoding": "identity", **target.headers},
                    allow_redirects=False,
                )
        except TimeoutError as error:
            if isinstance(error, aiohttp.ConnectionTimeoutError):
                raise _unreachable() from error
            raise UpstreamTimeout(hint=("请稍后重试或缩短输入", "try again later, or shorten the prompt")) from error
        except aiohttp.ClientConnectorError as error:
            raise _unreachable() from error
        except (aiohttp.ClientError, ConnectionError, ssl.SSLError, socket.gaierror) as error:
            raise UpstreamFault(
                ("模型服务没有回答就断开了连接", "the model's server closed the connection without an answer")
            ) from error
        answer = Answer(response)
        try:
            yield answer
        finally:
            # Reading on to reuse the connection would let the upstream work for nobody.
            response.close() if not response.content.at_eof() else response.release()

    async def get(self, target: Target, timeout_s: float = 5.0) -> tuple[int, Any]:
        """A small GET for health checks: the status and the JSON body, if any."""
        try:
            async with self._session(target.socket).get(
                target.url, headers=dict(target.headers), timeout=aiohttp.ClientTimeout(total=timeout_s)
            ) as response:
                try:
                    return response.status, await response.json(content_type=None)
                except ValueError:
                    return response.status, None
        except (TimeoutError, aiohttp.ClientError, ConnectionError) as error:
            raise _unreachable() from error

    def _session(self, path: Path | None) -> aiohttp.ClientSession:
        if path is None:
            if self._remote is None:
                connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_S, ttl_dns_cache=60)
                self._remote = self._new_session(connector)
            return self._remote
        if path not in self._local:
            self._forget_gone()
            # The engine gives each connection a thread, so none is kept for later.
            self._local[path] = self._new_session(aiohttp.UnixConnector(str(path), limit=0, force_close=True))
        return self._local[path]

    def _new_session(self, connector: aiohttp.BaseConnector) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            # Looking the environment's proxies up costs each request, so only where there are any.
            trust_env=not isinstance(connector, aiohttp.UnixConnector) and bool(getproxies()),
            read_bufsize=1 << 18,
        )

    def _forget_gone(self) -> None:
        for path in [path for path in self._local if not path.exists()]:
            session = self._local.pop(path)
            task = asyncio.ensure_future(session.close())
            task.add_done_callback(lambda done: done.exception())

    async def close(self) -> None:
        """Close all connections."""
        sessions = [*self._local.values(), *([self._remote] if self._remote else [])]
        self._local.clear()
        self._remote = None
        for session in sessions:
            await session.close()


def _unreachable() -> UpstreamFault:
    return UpstreamFault(
        ("无法连接模型服务", "the model's server cannot be reached"),
        hint=("请稍后重试;若持续失败请联系平台运维", "try again later; if it goes on, tell the operator"),
        retry_after_s=5,
    )
