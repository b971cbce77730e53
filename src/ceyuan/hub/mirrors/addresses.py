"""Which addresses a mirror may reach: the public internet, and the networks that the operator allows besides.

Names are judged by what they resolve to when the connection is made, so one that changes its mind gains nothing (OWASP,
SSRF).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

from aiohttp import ThreadedResolver
from aiohttp.abc import ResolveResult

from ceyuan.identity import is_public_address


def reachable(address: str, allowed: Sequence[str]) -> bool:
    """Whether an IP address is public or in one of the `allowed` networks (CIDR)."""
    parsed = ipaddress.ip_address(address)
    return any(parsed in ipaddress.ip_network(network) for network in allowed) or is_public_address(address)


class GuardedResolver(ThreadedResolver):
    """Resolves names and refuses those that lead where a mirror may not go."""

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__()
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of `host`; raises `OSError` if any of them may not be reached."""
        found = await super().resolve(host, port, family)
        if not all(reachable(each["host"], self._allowed) for each in found):
            raise OSError(f"{host} leads to an address that may not be reached")
        return found
