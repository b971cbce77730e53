"""The sweeper's turn, every twenty seconds."""

from __future__ import annotations

from ceyuan.kernel.platform import Chore, Platform
from ceyuan.kernel.workflow.sweeping import sweep

EVERY_S = 20.0


async def _sweep(platform: Platform) -> None:
    await sweep(platform)


def wire(platform: Platform) -> None:
    """Declare the chore."""
    platform.chores.append(Chore("move workflows whose time has come", EVERY_S, _sweep))
