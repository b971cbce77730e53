"""The inbox: notices and to-dos of a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from sqlalchemy import CursorResult, func, select, update

from ceyuan.identity.notices.outbox import mail_to_person, queue_webhooks
from ceyuan.identity.notices.tables import Notice
from ceyuan.identity.organisations import repository as organisations
from ceyuan.identity.people import repository as people
from ceyuan.kernel.actor import Role
from ceyuan.kernel.errors import NotFound, Text
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork

Level = Literal["info", "success", "warning", "error"]
NO_TEXT: Text = ("", "")


async def notify(
    uow: UnitOfWork,
    kind: str,
    title: Text,
    *,
    body: Text = NO_TEXT,
    link: str = "",
    to: Iterable[str] = (),
    org_id: str | None = None,
    roles: Sequence[Role] = ("maintainer", "owner"),
    duty: str | None = None,
    level: Level = "info",
    todo: bool = False,
    key: str | None = None,
    mail: bool = True,
) -> int:
    """Tell people something; returns how many.

    `kind` is a dotted word such as `programmes.review_due`. The readers are the people `to`, the members of `org_id`
    who hold one of `roles`, and the holders of `duty`, each once. `link` is a path of the console. A `todo` stays open
    until `settle(key)`. Those who wish get it by `mail` too, and the organisation's webhooks hear `notice.<kind>`.
    """
    ids = dict.fromkeys(to)
    if org_id is not None and roles:
        ids |= dict.fromkeys(await organisations.person_ids_with(uow.session, org_id, roles))
    if duty is not None:
        ids |= dict.fromkeys(await people.ids_with_duty(uow.session, duty))
    readers = [p for p in (await people.many(uow.session, ids)).values() if p.state == "active"]
    for person in sorted(readers, key=lambda p: p.id):
        uow.session.add(
            Notice(
                id=new_id("ntc"),
                person_id=person.id,
                org_id=org_id,
                kind=kind,
                level=level,
                title_zh=title[0][:200],
                title_en=title[1][:200],
                body_zh=body[0][:2000],
                body_en=body[1][:2000],
                link=link,
                is_todo=todo,
                key=key,
                created_at=uow.clock.now(),
            )
        )
        if mail and person.wants_mail:
            await mail_to_person(uow, person, kind, title, body, link)
    await uow.session.flush()
    if org_id is not None:
        data = {"title_zh": title[0], "title_en": title[1], "body_zh": body[0], "body_en": body[1], "link": link}
        await queue_webhooks(uow, org_id, f"notice.{kind}", data)
    return len(readers)


async def settle(uow: UnitOfWork, key: str, *, person_id: str | None = None) -> int:
    """Close the to-dos with this key (of one person), because their cause is done; returns how many were open."""
    statement = update(Notice).where(Notice.key == key, Notice.settled_at.is_(None))
    if person_id is not None:
        statement = statement.where(Notice.person_id == person_id)
    now = uow.clock.now()
    return await _count(uow, statement.values(settled_at=now, read_at=func.coalesce(Notice.read_at, now)))


async def _count(uow: UnitOfWork, statement: Any) -> int:
    done: CursorResult[Any] = await uow.session.execute(  # type: ignore[assignment]
        statement.execution_options(synchronize_session=False)
    )
    return done.rowcount


async def list_notices(
    uow: UnitOfWork, paging: PageRequest, *, unread: bool, todo: bool, kind: str | None
) -> Rows[Notice]:
    """The actor's inbox, newest first; `todo` = only what is still to be done."""
    uow.actor.require_known()
    query = select(Notice).where(Notice.person_id == uow.actor.id)
    if unread:
        query = query.where(Notice.read_at.is_(None))
    if todo:
        query = query.where(Notice.is_todo, Notice.settled_at.is_(None))
    if kind:
        query = query.where(Notice.kind == kind)
    return await fetch_page(
        uow.session, query, paging, key=Notice.id, sorts={"created_at": Notice.created_at}, default="-created_at"
    )


async def count_notices(uow: UnitOfWork) -> tuple[int, int]:
    """How many of the actor's notices are unread, and how many to-dos are open."""
    uow.actor.require_known()
    mine = select(func.count()).select_from(Notice).where(Notice.person_id == uow.actor.id)
    unread = await uow.session.scalar(mine.where(Notice.read_at.is_(None)))
    todo = await uow.session.scalar(mine.where(Notice.is_todo, Notice.settled_at.is_(None)))
    return unread or 0, todo or 0


async def mark_read(uow: UnitOfWork, notice_id: str | None) -> int:
    """Mark one of the actor's notices as read, or all; returns how many were unread."""
    uow.actor.require_known()
    mine = [Notice.person_id == uow.actor.id]
    if notice_id is not None:
        mine.append(Notice.id == notice_id)
        if await uow.session.scalar(select(Notice.id).where(*mine)) is None:
            raise NotFound(("未找到该通知", "no such notice"))
    return await _count(uow, update(Notice).where(*mine, Notice.read_at.is_(None)).values(read_at=uow.clock.now()))
