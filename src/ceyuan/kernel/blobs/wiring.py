"""The collection of garbage, every six hours."""

from __future__ import annotations

from ceyuan.kernel.blobs.collection import BlobReferences, collect_garbage
from ceyuan.kernel.platform import Chore, Platform

EVERY_S = 6 * 3600.0


async def _collect(platform: Platform) -> None:
    if platform.find(BlobReferences):  # type: ignore[type-abstract]
        await collect_garbage(platform)


def wire(platform: Platform) -> None:
    """Declare the chore."""
    platform.chores.append(Chore("collect blobs that nothing refers to", EVERY_S, _collect))
