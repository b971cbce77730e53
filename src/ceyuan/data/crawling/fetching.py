"""One page: redirects followed by hand, each hop judged by address and robots rules, the body bounded."""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import aiohttp

from ceyuan.addresses import PrivateAddress, reachable

__all__ = ["Answer", "Refused", "fetch"]

_HOPS = 5
_REDIRECTS = (301, 302, 303, 307, 308)


class Refused(Exception):
    """A page that was not had: a stable reason, and a detail for people."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said in the end: the address after redirects, status, header fields, body."""

    url: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


async def fetch(
    session: aiohttp.ClientSession,
    url: str,
    headers: Mapping[str, str],
    *,
    allowed: Sequence[str],
    max_bytes: int,
    before: Callable[[str], Awaitable[None]],
) -> Answer:
    """GET ``url``; ``before`` is awaited before each request and raises ``Refused`` where it may not be made.

    Raises ``Refused``: ``redirect_cycle``, ``too_many_redirects``, ``bad_redirect``, ``private_address``,
    ``too_large``, ``timeout``, ``unreachable``, and what ``before`` raises."""
    seen = [url]
    while True:
        check_address(seen[-1], allowed)
        await before(seen[-1])
        answer = await _once(session, seen[-1], headers, max_bytes)
        if answer.status not in _REDIRECTS:
            return answer
        target = urljoin(seen[-1], answer.headers.get("location", "")).partition("#")[0]
        if urlsplit(target).scheme not in ("http", "https"):
            raise Refused("bad_redirect", target)
        if target in seen:
            raise Refused("redirect_cycle", " → ".join([*seen, target])[:500])
        if len(seen) > _HOPS:
            raise Refused("too_many_redirects", target)
        seen.append(target)


def check_address(url: str, allowed: Sequence[str]) -> None:
    """Raise ``Refused`` for an address written as a number that may not be reached; names are the resolver's part."""
    host = urlsplit(url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if not host:
            raise Refused("bad_address", url) from None
        return
    if not reachable(host, allowed):
        raise Refused("private_address", host)


async def _once(session: aiohttp.ClientSession, url: str, headers: Mapping[str, str], max_bytes: int) -> Answer:
    try:
        async with session.get(url, headers=headers, allow_redirects=False) as response:
            body = b""
            if response.status == 200:
                parts, size = [], 0
                async for part in response.content.iter_chunked(1 << 16):
                    size += len(part)
                    if size > max_bytes:
                        raise Refused("too_large", f"over {max_bytes} bytes")
                    parts.append(part)
                body = b"".join(parts)
            fields = {name.lower(): value for name, value in response.headers.items()}
            return Answer(url, response.status, fields, body)
    except TimeoutError as error:
        raise Refused("timeout", url) from error
    except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError, ValueError) as error:
        if isinstance(error, PrivateAddress) or isinstance(getattr(error, "os_error", None), PrivateAddress):
            raise Refused("private_address", url) from error
        raise Refused("unreachable", str(error)[:200]) from error
