"""Names resolved for the platform's own requests: one that leads where they may not go is refused. A leaf, as
`ceyuan.addresses` is; apart from it, because a process that only judges addresses needs no HTTP client.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence

from aiohttp import ThreadedResolver
from aiohttp.abc import ResolveResult

from ceyuan.addresses import PrivateAddress, reachable

__all__ = ["GuardedResolver"]


class GuardedResolver(ThreadedResolver):
    """Resolves names and refuses those that lead to an address which may not be reached."""

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        super().__init__()
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of `host`; raises `PrivateAddress` if any of them may not be reached."""
        found = await super().resolve(host, port, family)
        for each in found:
            if not reachable(each["host"], self._allowed):
                raise PrivateAddress(f"{host} leads to {each['host']}, which may not be reached")
        return found
