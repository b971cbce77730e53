"""Registers the workflow of incidents and watches the rules."""

from __future__ import annotations

from ceyuan.governance.monitoring.process import INCIDENT
from ceyuan.governance.monitoring.service import watch
from ceyuan.governance.monitoring.tables import Incident, MonitorRule
from ceyuan.identity import OrganisationData, OrganisationRows, Rows
from ceyuan.kernel.platform import Chore, Platform
from ceyuan.kernel.workflow import workflows

EVERY_S = 5.0
_OF_ORGANISATION = OrganisationRows(
    "monitoring",
    Rows("rules", MonitorRule, MonitorRule.org_id),
    Rows("incidents", Incident, Incident.org_id),
)


async def _watch(platform: Platform) -> None:
    await watch(platform)


def wire(platform: Platform) -> None:
    """Make the workflow known; look at the rules every few seconds."""
    workflows(platform).register(INCIDENT)
    platform.provide(OrganisationData, _OF_ORGANISATION)  # type: ignore[type-abstract]
    platform.chores.append(Chore("watch the monitoring rules", EVERY_S, _watch))
