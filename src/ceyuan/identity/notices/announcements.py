"""Announcements of the operators: to everybody, to people, to a duty, to a kind of organisation or to one."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import or_, select

from ceyuan.identity.names import clean_text
from ceyuan.identity.notices.tables import Announcement
from ceyuan.identity.organisations import repository as organisations
from ceyuan.kernel.errors import Invalid, NotFound
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork

_AUDIENCE = re.compile(r"^(?:everyone|people|(?:duty|kind|org):[a-z0-9_]{1,50})\Z")
SORTS = {"starts_at": Announcement.starts_at, "created_at": Announcement.created_at}


async def _audiences(uow: UnitOfWork) -> list[str]:
    """The audiences that the actor belongs to."""
    actor = uow.actor
    if not actor.is_known:
        return ["everyone"]
    orgs = await organisations.many(uow.session, actor.roles)
    kinds = {f"kind:{org.kind}" for org in orgs.values()}
    return ["everyone", "people", *(f"duty:{d}" for d in actor.duties), *kinds, *(f"org:{o}" for o in actor.roles)]


async def list_announcements(uow: UnitOfWork, paging: PageRequest) -> Rows[Announcement]:
    """What the actor, or the public, should read now."""
    now = uow.clock.now()
    query = select(Announcement).where(
        Announcement.audience.in_(await _audiences(uow)),
        Announcement.starts_at <= now,
        or_(Announcement.ends_at.is_(None), Announcement.ends_at > now),
    )
    return await fetch_page(uow.session, query, paging, key=Announcement.id, sorts=SORTS, default="-starts_at")


async def list_all_announcements(uow: UnitOfWork, paging: PageRequest) -> Rows[Announcement]:
    """All of them, past and future, for operators."""
    uow.actor.require_duty("operator")
    return await fetch_page(
        uow.session, select(Announcement), paging, key=Announcement.id, sorts=SORTS, default="-starts_at"
    )


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    if "audience" in fields and not _AUDIENCE.fullmatch(fields["audience"]):
        raise Invalid(
            ("受众无效", "this is not an audience"),
            hint=(
                "everyone、people、duty:reviewer、kind:company 或 org:<组织 ID>",
                "everyone, people, duty:reviewer, kind:company or org:<id>",
            ),
        )
    texts = {k: clean_text(v, lines=True) for k, v in fields.items() if k.startswith(("title_", "body_"))}
    return {**fields, **texts}


def _check_window(row: Announcement) -> None:
    if row.ends_at is not None and row.ends_at <= row.starts_at:
        raise Invalid(("结束时间须晚于开始时间", "it must end after it starts"))


async def create_announcement(uow: UnitOfWork, fields: dict[str, Any]) -> Announcement:
    """Publish an announcement; it shows from `starts_at` (null = now) to `ends_at` (null = until deleted)."""
    uow.actor.require_duty("operator")
    now = uow.clock.now()
    fields = _checked(fields)
    fields["starts_at"] = fields["starts_at"] or now
    row = Announcement(id=new_id("ann"), created_by=uow.actor.id, created_at=now, **fields)
    _check_window(row)
    uow.session.add(row)
    await uow.session.flush()
    await uow.audit("identity.announcement_create", row.id, audience=row.audience)
    return row


async def _get(uow: UnitOfWork, announcement_id: str) -> Announcement:
    uow.actor.require_duty("operator")
    row = await uow.session.get(Announcement, announcement_id)
    if row is None:
        raise NotFound(("未找到该公告", "no such announcement"))
    return row


async def change_announcement(uow: UnitOfWork, announcement_id: str, changes: dict[str, Any]) -> Announcement:
    """Correct or end an announcement."""
    row = await _get(uow, announcement_id)
    for field, value in _checked(changes).items():
        setattr(row, field, value)
    _check_window(row)
    await uow.audit("identity.announcement_change", row.id, fields=sorted(changes))
    return row


async def delete_announcement(uow: UnitOfWork, announcement_id: str) -> None:
    """Take an announcement away."""
    row = await _get(uow, announcement_id)
    await uow.session.delete(row)
    await uow.audit("identity.announcement_delete", row.id)
