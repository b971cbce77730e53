"""Which addresses the platform's own requests may reach: the public internet, and what an operator allows besides.

Names are judged by what they resolve to at the moment of the connection, so one that changes its mind (DNS rebinding)
gains nothing; whoever follows redirects judges each of them (OWASP, SSRF). What an operator names (a cluster, a
model's server) may stand in a private network, but not where clouds hand out credentials. A leaf: any room or engine
imports it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

__all__ = ["PrivateAddress", "may_reach", "reachable"]
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_METADATA = frozenset({"100.100.100.200", "192.0.0.192", "fd00:ec2::254"})
"""Metadata services of clouds outside the link-local ranges (Alibaba Cloud, Oracle Cloud, AWS over IPv6)."""


class PrivateAddress(OSError):
    """A name or an address leads where the platform may not go."""


def reachable(address: str, allowed: Sequence[str] = ()) -> bool:
    """Whether an IP address is public, also behind IPv6 forms that carry an IPv4 address, or in one of the `allowed`
    networks (CIDR). Raises `ValueError` for what is no IP address."""
    parsed = ipaddress.ip_address(address)
    if any(parsed in ipaddress.ip_network(network) for network in allowed):
        return True
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if inner is None and parsed in _NAT64:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inner is not None:
            return reachable(str(inner), allowed)
    return parsed.is_global and not parsed.is_multicast


def may_reach(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether a service that an operator names may stand at an address: not at link-local ones nor where clouds hand
    out credentials to whoever asks, also behind IPv6 forms that carry an IPv4 address."""
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if inner is not None:
        return may_reach(inner)
    refused = address.is_link_local or address.is_multicast or address.is_unspecified
    return not refused and str(address) not in _METADATA
