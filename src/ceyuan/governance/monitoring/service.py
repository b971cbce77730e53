"""Use cases of monitoring."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from sqlalchemy import select

from ceyuan.governance.monitoring.errors import IncidentNotFound, RuleNotFound
from ceyuan.governance.monitoring.process import NAME
from ceyuan.governance.monitoring.schemas import RuleChange, RuleIn
from ceyuan.governance.monitoring.tables import Incident, MonitorRule
from ceyuan.identity import notify, require_role_in
from ceyuan.kernel import workflow
from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.gateway import Totals, totals_since

_OPEN = ("open", "taken")


async def create_rule(uow: UnitOfWork, wanted: RuleIn) -> MonitorRule:
    """Set up a rule over an organisation's own calls."""
    await require_role_in(uow, wanted.org_id, "maintainer")
    rule = MonitorRule(
        id=new_id("mon"),
        is_enabled=True,
        fired_at=None,
        created_by=uow.actor.id,
        created_at=uow.clock.now(),
        **wanted.model_dump(),
    )
    uow.session.add(rule)
    await uow.audit("monitor_rule.create", rule.id, rule.org_id, metric=rule.metric, threshold=rule.threshold)
    return rule


async def find_rule(uow: UnitOfWork, rule_id: str) -> MonitorRule:
    """The rule if the actor belongs to its organisation; raises `RuleNotFound`."""
    uow.actor.require_known()
    rule = await uow.session.get(MonitorRule, rule_id)
    if rule is None or not (uow.actor.may(rule.org_id) or uow.actor.has_duty("regulator")):
        raise RuleNotFound()
    return rule


async def change_rule(uow: UnitOfWork, rule_id: str, change: RuleChange) -> MonitorRule:
    """Change what is given of a rule."""
    rule = await find_rule(uow, rule_id)
    uow.actor.require_role(rule.org_id, "maintainer")
    given = change.model_dump(exclude_none=True)
    for name, value in given.items():
        setattr(rule, name, value)
    await uow.audit("monitor_rule.change", rule.id, rule.org_id, **given)
    return rule


async def find_incident(uow: UnitOfWork, incident_id: str) -> Incident:
    """The incident if the actor may see it; raises `IncidentNotFound`."""
    uow.actor.require_known()
    incident = await uow.session.get(Incident, incident_id)
    if incident is None or not (uow.actor.may(incident.org_id) or uow.actor.has_duty("regulator")):
        raise IncidentNotFound()
    return incident


async def incidents_of_rule(uow: UnitOfWork, rule_id: str) -> list[Incident]:
    """The incidents that a rule opened, newest first; raises what `find_rule` raises."""
    rule = await find_rule(uow, rule_id)
    query = select(Incident).where(Incident.rule_id == rule.id).order_by(Incident.id.desc())
    return list(await uow.session.scalars(query))


async def step_incident(uow: UnitOfWork, incident_id: str, step: str, note: str) -> Incident:
    """Take, resolve or dismiss an incident."""
    incident = await find_incident(uow, incident_id)
    form = {} if step == "take" else {"note": note}
    await workflow.transit(uow, incident.workflow_id, step, form=form)
    return incident


async def watch(platform: Platform) -> list[str]:
    """Look at every enabled rule once; returns the ids of incidents that were opened."""
    async with platform.work(SYSTEM, write=False) as uow:
        rules = list(await uow.session.scalars(select(MonitorRule).where(MonitorRule.is_enabled)))
        now = uow.clock.now()
        seen = [
            (rule, await totals_since(uow.session, now - timedelta(seconds=rule.window_s), rule.org_id))
            for rule in rules
        ]
    opened = []
    for rule, totals in seen:
        if float(getattr(totals, rule.metric)) > rule.threshold:
            async with platform.work(SYSTEM) as uow:
                incident = await _fire(uow, rule.id, totals)
                if incident is not None:
                    opened.append(incident.id)
    return opened


async def _fire(uow: UnitOfWork, rule_id: str, totals: Totals) -> Incident | None:
    rule = await uow.session.get(MonitorRule, rule_id, with_for_update=True)
    if rule is None or not rule.is_enabled:
        return None
    value, now = float(getattr(totals, rule.metric)), uow.clock.now()
    known = await uow.session.scalar(select(Incident).where(Incident.rule_id == rule.id, Incident.state.in_(_OPEN)))
    if known is not None:
        known.value, known.highest = value, max(known.highest, value)
        return None
    if rule.fired_at is not None and now - rule.fired_at < timedelta(seconds=rule.window_s):
        return None  # the calls that opened the last incident still stand in the window
    return await _open(uow, rule, totals, value)


async def _open(uow: UnitOfWork, rule: MonitorRule, totals: Totals, value: float) -> Incident:
    now, incident_id = uow.clock.now(), new_id("inc")
    words = (
        f"{rule.name_zh}:{value:g} 超过 {rule.threshold:g}",
        f"{rule.name_en}: {value:g} exceeds {rule.threshold:g}",
    )
    instance = await workflow.start(uow, NAME, incident_id, title=words, org_id=rule.org_id, owner_id=rule.created_by)
    incident = Incident(
        id=incident_id,
        rule_id=rule.id,
        org_id=rule.org_id,
        title_zh=words[0][:200],
        title_en=words[1][:200],
        severity=rule.severity,
        metric=rule.metric,
        value=value,
        highest=value,
        threshold=rule.threshold,
        evidence={"window_s": rule.window_s, **asdict(totals)},
        workflow_id=instance.id,
        state=instance.state,
        opened_at=now,
        closed_at=None,
    )
    uow.session.add(incident)
    rule.fired_at = now
    await uow.audit("incident.open", incident.id, rule.org_id, rule=rule.id, metric=rule.metric, value=value)
    await uow.publish("incident.opened", incident_id=incident.id, org_id=rule.org_id, severity=rule.severity)
    link = f"/governance/incidents/{incident.id}"
    await notify(
        uow,
        "governance.incident",
        words,
        link=link,
        org_id=rule.org_id,
        duty="regulator",
        level="warning",
        todo=True,
        key=workflow.notices.todo_key(instance),
    )
    return incident
