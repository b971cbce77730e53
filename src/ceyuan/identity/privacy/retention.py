"""Chores: erasures that are due, and the deletion of what has served its time."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import delete, or_, select, update

from ceyuan.identity.invitations.tables import Invitation
from ceyuan.identity.links.tables import MailedLink
from ceyuan.identity.notices.tables import Delivery, Notice
from ceyuan.identity.people import repository as people
from ceyuan.identity.privacy.hooks import PersonalData
from ceyuan.identity.privacy.service import require_no_orphans
from ceyuan.identity.privacy.tables import DataRequest
from ceyuan.identity.sessions.pauses import MEMORY
from ceyuan.identity.sessions.tables import Session, SignInPause
from ceyuan.identity.settings import RetentionSettings
from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.platform import Platform

logger = logging.getLogger(__name__)


async def erase_due(platform: Platform) -> None:
    """Carry out the erasures whose days of grace are over."""
    now = platform.clock.now()
    async with platform.database.session(write=False) as session:
        due = list(
            await session.scalars(
                select(DataRequest.id).where(
                    DataRequest.kind == "erase_person", DataRequest.state == "waiting", DataRequest.due_at <= now
                )
            )
        )
    for request_id in due:
        try:
            await erase(platform, request_id)
        except CeyuanError as problem:
            logger.warning("an erasure waits: %s", problem.line())


async def erase(platform: Platform, request_id: str) -> None:
    """Let every room erase the person's data, upper rooms first, in one transaction."""
    async with platform.work(SYSTEM) as uow:
        row = await uow.session.get_one(DataRequest, request_id, with_for_update=True)
        if row.state != "waiting":
            return
        await require_no_orphans(uow, row.person_id)
        person = await people.get(uow.session, row.person_id)
        if person.is_admin and await people.admin_ids(uow.session, lock=True) == [person.id]:
            return
        for room in reversed(platform.find(PersonalData)):  # type: ignore[type-abstract]
            await room.erase(uow, row.person_id)
        mine = (DataRequest.person_id == row.person_id, DataRequest.org_id.is_(None))
        await uow.session.execute(update(DataRequest).where(*mine).values(blob=None, size=None))
        row.state, row.done_at = "done", uow.clock.now()
        await uow.audit("identity.erase_person", row.person_id)
        await uow.publish("identity.person_erased", person_id=row.person_id)


async def sweep(platform: Platform) -> None:
    """Delete ended sessions, settled invitations and notices, sent deliveries, old links, counters and exports."""
    keep = platform.section(RetentionSettings)
    async with platform.work(SYSTEM) as uow:
        now = uow.clock.now()

        def before(days: int) -> object:
            return now - timedelta(days=days)

        ended = before(keep.session_days)
        statements = (
            delete(Session).where(or_(Session.ended_at < ended, Session.expires_at < ended)),
            delete(Invitation).where(Invitation.expires_at < before(keep.invitation_days)),
            delete(Notice).where(
                Notice.created_at < before(keep.notice_days), or_(~Notice.is_todo, Notice.settled_at.is_not(None))
            ),
            delete(Delivery).where(Delivery.done_at < before(keep.delivery_days)),
            delete(MailedLink).where(MailedLink.expires_at < now - timedelta(days=1)),
            delete(SignInPause).where(SignInPause.last_at < now - 2 * MEMORY, SignInPause.until < now),
            update(DataRequest).where(DataRequest.expires_at < now).values(blob=None, size=None),
        )
        for statement in statements:
            await uow.session.execute(statement.execution_options(synchronize_session=False))
