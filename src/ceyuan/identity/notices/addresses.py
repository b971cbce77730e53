"""Where webhooks may go: not into the operator's own network, unless the operator says so.

The check is made on the addresses that a name resolves to, at the moment of the connection, so that a
name which changes its mind (DNS rebinding) gains nothing; redirects are not followed (OWASP, SSRF).
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from aiohttp import ThreadedResolver
from aiohttp.abc import ResolveResult

from ceyuan.kernel.errors import Invalid

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class PrivateAddress(OSError):
    """A webhook's name leads to an address that it may not reach."""


def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet, also behind IPv6 forms that carry an IPv4 address."""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if inner is None and parsed in _NAT64:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return parsed.is_global and not parsed.is_multicast


def check_url(url: str, *, allow_private: bool) -> str:
    """Return the URL if a webhook may have it, else raise `Invalid`."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("http", "https") or not parts.hostname or port == -1 or parts.username or parts.fragment:
        raise Invalid(("回调地址须为 http(s) 网址", "a webhook's address is an http(s) URL without user or fragment"))
    try:
        literal_is_private = not is_public(parts.hostname)
    except ValueError:
        literal_is_private = parts.hostname == "localhost" or parts.hostname.endswith(".localhost")
    if literal_is_private and not allow_private:
        raise Invalid(
            ("回调地址不能指向内网", "a webhook's address must be public"),
            hint=(
                "运维可设置 CEYUAN_WEBHOOK_ALLOW_PRIVATE=true 放开",
                "an operator can allow it with CEYUAN_WEBHOOK_ALLOW_PRIVATE=true",
            ),
        )
    return url


class GuardedResolver(ThreadedResolver):
    """Resolves names for webhook calls and refuses private addresses."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of `host`; raises `PrivateAddress` if any of them is not public."""
        found = await super().resolve(host, port, family)
        for each in found:
            if not is_public(each["host"]):
                raise PrivateAddress(f"{host} leads to the private address {each['host']}")
        return found
