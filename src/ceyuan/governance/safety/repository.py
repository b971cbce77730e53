"""All SQL of safety checks."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.governance.safety.errors import CheckNotFound
from ceyuan.governance.safety.tables import SafetyCheck, SafetyFinding
from ceyuan.kernel.actor import Actor


async def get(session: AsyncSession, check_id: str) -> SafetyCheck:
    """The check; raises `CheckNotFound`."""
    row = await session.get(SafetyCheck, check_id)
    if row is None:
        raise CheckNotFound()
    return row


def visible_to(actor: Actor) -> Select[SafetyCheck]:
    """The checks of the actor's organisations; a regulator sees all."""
    query = select(SafetyCheck)
    if actor.has_duty("regulator"):
        return query
    return query.where(SafetyCheck.org_id.in_(list(actor.roles)))


def findings(check_id: str, part: str | None, clause: str | None, action: str | None) -> Select[SafetyFinding]:
    """The findings of a check, filtered."""
    query = select(SafetyFinding).where(SafetyFinding.check_id == check_id)
    if part:
        query = query.where(SafetyFinding.part == part)
    if clause:
        query = query.where(SafetyFinding.clause == clause)
    if action:
        query = query.where(SafetyFinding.action == action)
    return query
