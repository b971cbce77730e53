"""The upstream side of a call: pooled connections and faults with names. How long an upstream may take is watched by
who waits for it (`pulse`)."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import ssl
from collections.abc import Coroutine, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from ceyuan.addresses import PrivateAddress, may_reach
from ceyuan.models.gateway.errors import UnreachableUpstream, UpstreamFault
from ceyuan.models.gateway.pulse import Pulse
from ceyuan.models.gateway.wire import Broken, Connection

_KEEP_ALIVE_S = 4.0
"""Shorter than the five seconds after which common servers close an idle connection, so that none is used while
it is being closed: a POST that was cut off must not be sent twice."""
_MOST_IDLE = 512
_MOST_WAYS = 4096
_ENDS_WITHIN_S = 1.0
_PASSED_ON = (b"content-type", b"openai-processing-ms", b"openai-version")


class Target(NamedTuple):
    """Where a call goes: the address, headers of our own (its key), a Unix socket for the embedded engine. `direct`:
    never through a proxy of the environment."""

    url: str
    headers: Mapping[str, str]
    socket: Path | None = None
    direct: bool = False


class Origin(NamedTuple):
    """What a connection leads to."""

    scheme: str
    host: str
    port: int
    socket: str | None = None


class Proxy(NamedTuple):
    """The environment's HTTP proxy for an origin; `authorization` as the header's value, or empty."""

    host: str
    port: int
    authorization: str


class Way(NamedTuple):
    """How a target is reached, and the head of a request for it after its method, up to the value of `x-request-id`."""

    target: Target
    origin: Origin
    proxy: Proxy | None
    head: bytes


class Answer:
    """What an upstream answers: its status and headers, then its body, whole or as it comes."""

    __slots__ = ("_connection", "_pool", "is_stream", "status")

    def __init__(self, connection: Connection, pool: Upstreams, origin: Origin) -> None:
        self._connection: Connection | None = connection
        self._pool = (pool, origin)
        self.status = connection.status
        self.is_stream = connection.headers.get(b"content-type", b"").startswith(b"text/event-stream")

    def header(self, name: bytes) -> bytes | None:
        """A header by its name in lower case, while the answer is open."""
        return self._connection.headers.get(name) if self._connection is not None else None

    def passed_on(self) -> list[tuple[bytes, bytes]]:
        """The headers that the client gets to see."""
        headers = self._connection.headers if self._connection is not None else {}
        return [(name, headers[name]) for name in _PASSED_ON if name in headers]

    async def read(self, limit: int) -> bytes:
        """The whole body; raises `UpstreamFault` if it is longer than `limit` bytes or breaks off."""
        assert self._connection is not None
        announced = self._connection.headers.get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > limit:
            raise _too_long(limit)
        try:
            body = await self._connection.rest(limit)
        except Broken as error:
            raise _broken_off() from error
        if len(body) > limit:
            raise _too_long(limit)
        return body

    async def more(self) -> bytes:
        """More of the body as it comes; empty at its end. Raises `UpstreamFault`."""
        assert self._connection is not None
        try:
            return await self._connection.more()
        except Broken as error:
            raise _broken_off() from error

    def close(self, *, whole: bool = True) -> None:
        """Give the connection back, or end it and with it the upstream's work if the answer was not read to its end.
        `whole`: only the mark of its end may be missing, so the connection may wait for that."""
        connection, self._connection = self._connection, None
        if connection is not None:
            pool, origin = self._pool
            pool.leave(connection, origin, whole=whole)


def _too_long(limit: int) -> UpstreamFault:
    return UpstreamFault((f"上游回答超过 {limit >> 20} MB", f"the upstream's answer is longer than {limit >> 20} MB"))


def _broken_off() -> UpstreamFault:
    return UpstreamFault(("模型服务在回答中途断开", "the model's server broke off in the middle of its answer"))


class Upstreams:
    """The connections of this process to all upstreams."""

    def __init__(self, *, connect_s: float) -> None:
        self._connect_s = connect_s
        self._pulse = Pulse()
        self._idle: dict[Origin, list[Connection]] = {}
        self._tls: ssl.SSLContext | None = None
        self._open: set[Connection] = set()
        self._ways: dict[str, Way] = {}

    def post(self, target: Target, body: bytes, request_id: str) -> Coroutine[Any, Any, Answer]:
        """Send a JSON body and give the answer as soon as its head is there; whoever gets it must close it.

        Raises `UnreachableUpstream` while nothing was sent, `UpstreamFault` after that.
        """
        return self._ask(b"POST", target, body, request_id)

    def get(self, target: Target, request_id: str) -> Coroutine[Any, Any, Answer]:
        """The same for a GET."""
        return self._ask(b"GET", target, b"", request_id)

    async def _ask(self, method: bytes, target: Target, body: bytes, request_id: str) -> Answer:
        way = self._ways.get(target.url)
        if way is None or way.target != target:
            if len(self._ways) > _MOST_WAYS:
                self._ways.clear()
            way = self._ways[target.url] = _way_of(target)
        origin, proxy, head = way.origin, way.proxy, way.head
        data = b"%b %b%b\r\ncontent-length: %d\r\n\r\n%b" % (method, head, request_id.encode(), len(body), body)
        connection = self._pooled(origin) or await self._connect(origin, proxy)
        self._open.add(connection)
        try:
            await connection.request(data)
        except Broken as error:
            self.leave(connection, origin)
            if not error.sent:
                raise _unreachable() from error
            raise UpstreamFault(
                ("模型服务没有回答就断开了连接", "the model's server closed the connection without an answer")
            ) from error
        except BaseException:
            self.leave(connection, origin)
            raise
        return Answer(connection, self, origin)

    def leave(self, connection: Connection, origin: Origin, *, whole: bool = False) -> None:
        """Take a connection back; after a `whole` answer it may have a moment to end in order."""
        loop = asyncio.get_running_loop()
        if whole and connection.ends_soon and origin.socket is None:
            connection.when_ended = lambda: self._keep(connection, origin)
            loop.call_later(_ENDS_WITHIN_S, self._give_up, connection)
            return
        self._keep(connection, origin)

    def _give_up(self, connection: Connection) -> None:
        if connection in self._open and connection.when_ended is not None:
            self._open.discard(connection)
            connection.transport.abort()

    def _keep(self, connection: Connection, origin: Origin) -> None:
        self._open.discard(connection)
        # The engine gives each connection a thread, so none is kept for later.
        if connection.leave(asyncio.get_running_loop().time()) and origin.socket is None:
            idle = self._idle.setdefault(origin, [])
            idle.append(connection)
            if len(idle) > _MOST_IDLE:
                idle.pop(0).transport.abort()
        elif origin.socket is not None:
            connection.transport.abort()

    def _pooled(self, origin: Origin) -> Connection | None:
        idle = self._idle.get(origin)
        if not idle:
            return None
        oldest = asyncio.get_running_loop().time() - _KEEP_ALIVE_S
        while idle:
            connection = idle.pop()
            if connection.idle_since >= oldest and not connection.transport.is_closing():
                return connection
            connection.transport.abort()
        return None

    async def _connect(self, origin: Origin, proxy: Proxy | None) -> Connection:
        timer = self._pulse.begin(self._connect_s)
        try:
            return await self._connected(origin, proxy)
        except (OSError, Broken) as error:
            raise _unreachable() from error
        except asyncio.CancelledError:
            if timer.was_late():
                raise _unreachable() from None
            raise
        finally:
            self._pulse.end(timer)

    async def _connected(self, origin: Origin, proxy: Proxy | None) -> Connection:
        loop = asyncio.get_running_loop()

        def made() -> Connection:
            return Connection(loop)

        if origin.socket is not None:
            return (await loop.create_unix_connection(made, origin.socket))[1]
        tls = self._context() if origin.scheme == "https" else None
        if proxy is None:
            return _judged((await loop.create_connection(made, origin.host, origin.port, ssl=tls))[1])
        connection = (await loop.create_connection(made, proxy.host, proxy.port))[1]
        return await _tunnelled(connection, origin, proxy, tls) if tls is not None else connection

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    async def close(self) -> None:
        """Close all connections."""
        for connection in [*self._open, *(one for idle in self._idle.values() for one in idle)]:
            connection.transport.abort()
        self._idle.clear()


def _judged(connection: Connection) -> Connection:
    """The connection, unless a name led it to where no model's server stands; nothing was sent yet."""
    peer = str(connection.transport.get_extra_info("peername")[0])
    if not may_reach(ipaddress.ip_address(peer.partition("%")[0])):
        connection.transport.abort()
        raise PrivateAddress(f"the upstream's name leads to {peer}")
    return connection


async def _tunnelled(connection: Connection, origin: Origin, proxy: Proxy, tls: ssl.SSLContext) -> Connection:
    """A connection through a proxy (RFC 9110 §9.3.6) that speaks TLS with the origin."""
    loop = asyncio.get_running_loop()
    place = f"{origin.host}:{origin.port}"
    extra = f"proxy-authorization: {proxy.authorization}\r\n" if proxy.authorization else ""
    await connection.request(f"CONNECT {place} HTTP/1.1\r\nhost: {place}\r\n{extra}\r\n".encode())
    if connection.status != 200:
        connection.transport.abort()
        raise Broken(f"the proxy refuses the tunnel ({connection.status})", sent=False)
    inner = Connection(loop)
    transport = await loop.start_tls(connection.transport, inner, tls, server_hostname=origin.host)
    assert transport is not None
    inner.connection_made(transport)
    return inner


@lru_cache(maxsize=4096)
def place_of(url: str, socket: str | None) -> tuple[Origin, str]:
    """The origin of an address, and the path below it."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Origin(parts.scheme, parts.hostname or "", port, socket), path


def _way_of(target: Target) -> Way:
    origin, path = place_of(target.url, str(target.socket) if target.socket is not None else None)
    proxy = None if target.direct else proxy_of(origin)
    return Way(target, origin, proxy, head_of(origin, path, tuple(target.headers.items()), proxy))


def head_of(origin: Origin, path: str, headers: tuple[tuple[str, str], ...], proxy: Proxy | None) -> bytes:
    """The head of a request after its method, up to the value of `x-request-id`."""
    name = f"[{origin.host}]" if ":" in origin.host else origin.host
    usual = 443 if origin.scheme == "https" else 80
    host = name if origin.port == usual else f"{name}:{origin.port}"
    own = {
        "host": host,
        "accept": "application/json, text/event-stream",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "user-agent": "ceyuan",
        **{name.lower(): value for name, value in headers},
    }
    if origin.socket is not None:
        own["connection"] = "close"
    through = ""
    if proxy is not None and origin.scheme == "http":
        through = f"http://{host}"
        if proxy.authorization:
            own["proxy-authorization"] = proxy.authorization
    if any(character in value for value in own.values() for character in "\r\n\0"):
        raise UpstreamFault(("上游请求头含有非法字符", "a header for the upstream has a forbidden character"))
    lines = "".join(f"{name}: {value}\r\n" for name, value in own.items())
    return f"{through}{path} HTTP/1.1\r\n{lines}x-request-id: ".encode("latin-1", "replace")


@lru_cache(maxsize=1024)
def proxy_of(origin: Origin) -> Proxy | None:
    """The proxy that the environment names for this origin (`http_proxy`, `https_proxy`, `no_proxy`)."""
    if origin.socket is not None:
        return None
    address = getproxies().get(origin.scheme)
    if not address or proxy_bypass(origin.host):
        return None
    parts = urlsplit(address if "//" in address else f"http://{address}")
    known = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    authorization = "Basic " + base64.b64encode(known.encode()).decode() if parts.username else ""
    return Proxy(parts.hostname or "", parts.port or 80, authorization)


def _unreachable() -> UnreachableUpstream:
    return UnreachableUpstream(
        ("无法连接模型服务", "the model's server cannot be reached"),
        hint=("请稍后重试;若持续失败请联系平台运维", "try again later; if it goes on, tell the operator"),
        retry_after_s=5,
    )
