"""Puts quotas into the platform."""

from __future__ import annotations

from ceyuan.compute.quotas.tables import ComputeQuota
from ceyuan.identity import OrganisationData, OrganisationRows, Rows
from ceyuan.kernel.platform import Platform


def wire(platform: Platform) -> None:
    """An organisation's export holds its quota."""
    rows = OrganisationRows("quotas", Rows("quotas", ComputeQuota, ComputeQuota.org_id))
    platform.provide(OrganisationData, rows)  # type: ignore[type-abstract]
