"""Addresses at which a cluster's service may stand: private networks are meant, credentials' sources are not.

Link-local addresses and those at which clouds hand out credentials to whoever asks (OWASP, SSRF) are refused. A
secret travels only under TLS, or on this machine.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from ceyuan.addresses import may_reach


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
