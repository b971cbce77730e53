"""Puts the overview into the platform: how capacity changes is written down, and handed out with the rest."""

from __future__ import annotations

from ceyuan.compute.overview.capacity import forget_old, note_capacity
from ceyuan.compute.overview.tables import CapacityChange
from ceyuan.identity import OrganisationData, OrganisationRows, Rows
from ceyuan.kernel.platform import Chore, Platform

_LOOK_S, _SWEEP_S = 60.0, 24 * 3600.0


def wire(platform: Platform) -> None:
    """Declare the chores, and what an organisation's export holds."""
    rows = OrganisationRows("capacity", Rows("capacity_changes", CapacityChange, CapacityChange.org_id))
    platform.provide(OrganisationData, rows)  # type: ignore[type-abstract]
    platform.chores.append(Chore("note how compute capacity changes", _LOOK_S, note_capacity))
    platform.chores.append(Chore("forget old compute capacity", _SWEEP_S, forget_old))
