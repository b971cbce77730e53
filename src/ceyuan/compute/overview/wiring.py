"""The chores of the overview: to write down how capacity changes."""

from __future__ import annotations

from ceyuan.compute.overview.capacity import forget_old, note_capacity
from ceyuan.kernel.platform import Chore, Platform

_LOOK_S, _SWEEP_S = 60.0, 24 * 3600.0


def wire(platform: Platform) -> None:
    """Declare the chores."""
    platform.chores.append(Chore("note how compute capacity changes", _LOOK_S, note_capacity))
    platform.chores.append(Chore("forget old compute capacity", _SWEEP_S, forget_old))
