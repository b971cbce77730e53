"""Addresses at which a cluster's service may stand: private networks are meant, credentials' sources are not.

Link-local addresses and those at which clouds hand out credentials to whoever asks (OWASP, SSRF) are refused. A
secret travels only under TLS, or on this machine.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

_METADATA = frozenset({"100.100.100.200", "192.0.0.192", "fd00:ec2::254"})
"""Metadata services of clouds outside the link-local ranges (Alibaba Cloud, Oracle Cloud, AWS over IPv6)."""


def checked_url(url: str, *, secret: bool) -> str:
    """The address of a cluster's service without its last slash; raises `ValueError` where it may not be used."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError("url must be http(s)://host[:port] without user, query or fragment")
    if parts.port is not None and not 0 < parts.port < 65_536:
        raise ValueError("url has no such port")
    if parts.scheme == "http" and secret and not _is_loopback(parts.hostname):
        raise ValueError("a secret is sent only over https")
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return url.rstrip("/")
    if not may_reach(literal):
        raise ValueError(f"{literal} is no address of a cluster")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def may_reach(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether a cluster's service may stand at an address, also behind IPv6 forms that carry an IPv4 address."""
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if inner is not None:
        return may_reach(inner)
    refused = address.is_link_local or address.is_multicast or address.is_unspecified
    return not refused and str(address) not in _METADATA
