"""How studies take part in the platform: their job, and what an organisation takes along."""

from __future__ import annotations

from ceyuan.compute.twin.rules import see_to_rule
from ceyuan.compute.twin.tables import TwinStudy
from ceyuan.compute.twin.tasks import on_job_finished
from ceyuan.identity import OrganisationData, OrganisationRows, Rows
from ceyuan.kernel.platform import Chore, Platform

_RULE_S = 300.0


def wire(platform: Platform) -> None:
    """Hear how jobs end, see to the rule of placing; an organisation's export holds its studies."""
    platform.subscriptions.on("job.finished", on_job_finished)
    rows = OrganisationRows("twin", Rows("studies", TwinStudy, TwinStudy.org_id))
    platform.provide(OrganisationData, rows)  # type: ignore[type-abstract]
    platform.chores.append(Chore("choose the rule of placing", _RULE_S, see_to_rule))
