"""Declares the job of safety checks."""

from __future__ import annotations

from ceyuan.governance.safety import tasks
from ceyuan.governance.safety.gate import SafetyGate
from ceyuan.governance.safety.tables import SafetyCheck, SafetyFinding
from ceyuan.identity import OrganisationData, OrganisationRows, Rows, ScopeRoom
from ceyuan.kernel.platform import Platform
from ceyuan.models.releases import ReleaseGate

assert tasks

_OF_ORGANISATION = OrganisationRows(
    "safety",
    Rows("checks", SafetyCheck, SafetyCheck.org_id),
    Rows("findings", SafetyFinding, SafetyCheck.org_id, SafetyFinding.check_id),
)


def wire(platform: Platform) -> None:
    """Fill the release's gate; the import declares the job."""
    platform.provide(ReleaseGate, SafetyGate())  # type: ignore[type-abstract]
    platform.provide(OrganisationData, _OF_ORGANISATION)  # type: ignore[type-abstract]
    platform.provide(
        ScopeRoom, ScopeRoom("governance", ("治理", "Governance"), paths=("/api/v1/safety", "/api/v1/monitoring"))
    )
