"""Use cases: ask for an export, ask for erasure, withdraw it, fetch what was exported."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Select, select

from ceyuan.identity.access.credential import require_own_hands
from ceyuan.identity.errors import LastOwner
from ceyuan.identity.notices.inbox import notify
from ceyuan.identity.organisations import repository as organisations
from ceyuan.identity.organisations.tables import Membership, Organisation
from ceyuan.identity.people import repository as people
from ceyuan.identity.privacy.tables import DataRequest
from ceyuan.identity.settings import RetentionSettings
from ceyuan.kernel.errors import Conflict, NotFound
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.jobs import submit
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork

EXPORT_JOB = "identity.export"
OPEN = ("waiting", "running")


async def _add(uow: UnitOfWork, kind: str, person_id: str, *, org_id: str | None, wait: timedelta) -> DataRequest:
    same = select(DataRequest.id).where(
        DataRequest.kind == kind,
        DataRequest.org_id == org_id if org_id else DataRequest.person_id == person_id,
        DataRequest.state.in_(OPEN),
    )
    if await uow.session.scalar(same.limit(1)) is not None:
        raise Conflict(("已有同样的请求在处理中", "such a request is under way already"))
    now = uow.clock.now()
    row = DataRequest(
        id=new_id("drq"),
        kind=kind,
        person_id=person_id,
        org_id=org_id,
        state="waiting",
        created_at=now,
        due_at=now + wait,
    )
    uow.session.add(row)
    await uow.session.flush()
    await uow.audit(f"identity.{kind}_request", org_id or person_id, org_id)
    return row


async def _start_export(uow: UnitOfWork, row: DataRequest) -> DataRequest:
    job = await submit(uow, EXPORT_JOB, {"request_id": row.id}, org_id=row.org_id, key=f"export:{row.id}")
    row.job_id = job.id
    await uow.session.flush()
    return row


async def export_person(uow: UnitOfWork) -> DataRequest:
    """Gather all of one's own data into an archive; a job does it."""
    require_own_hands(uow.actor)
    return await _start_export(uow, await _add(uow, "export_person", uow.actor.id, org_id=None, wait=timedelta()))


async def export_organisation(uow: UnitOfWork, reference: str) -> DataRequest:
    """Gather all that the organisation has into an archive; its owners may."""
    org = await organisations.find(uow.session, reference)
    uow.actor.require_role(org.id, "owner")
    require_own_hands(uow.actor)
    return await _start_export(
        uow, await _add(uow, "export_organisation", uow.actor.id, org_id=org.id, wait=timedelta())
    )


async def ask_erasure(uow: UnitOfWork) -> DataRequest:
    """Ask to have one's account and data erased; it happens after the days of grace unless one withdraws.

    Raises `LastOwner` while an organisation with other members has no other owner.
    """
    require_own_hands(uow.actor)
    person = await people.get(uow.session, uow.actor.id)
    if person.is_admin and await people.admin_ids(uow.session) == [person.id]:
        raise Conflict(("您是最后一名管理员", "you are the last administrator"))
    await require_no_orphans(uow, person.id)
    days = uow.platform.section(RetentionSettings).erasure_grace_days
    row = await _add(uow, "erase_person", person.id, org_id=None, wait=timedelta(days=days))
    await notify(
        uow,
        "identity.erasure_asked",
        ("账号将被注销", "Your account will be erased"),
        body=(
            f"账号与个人数据将于 {row.due_at:%Y-%m-%d} 删除;在此之前可以撤回。",
            f"Account and personal data are erased on {row.due_at:%Y-%m-%d}; until then you can withdraw.",
        ),
        link="/console/settings/privacy",
        to=[person.id],
        level="warning",
    )
    return row


async def require_no_orphans(uow: UnitOfWork, person_id: str) -> None:
    """Raise `LastOwner` for an organisation with other members that would be left without an owner."""
    owned = await uow.session.scalars(
        select(Organisation)
        .join(Membership, Membership.org_id == Organisation.id)
        .where(
            Membership.person_id == person_id,
            Membership.role == "owner",
            Organisation.kind != "personal",
            Organisation.closed_at.is_(None),
        )
        .order_by(Organisation.name)
    )
    for org in owned:
        alone = await organisations.count_members(uow.session, org.id) == 1
        if not alone and await organisations.count_owners(uow.session, org.id) == 1:
            raise LastOwner(
                (f"您是组织 {org.name} 唯一的所有者", f"you are the only owner of {org.name}"),
                hint=("请先移交或关闭该组织", "hand it over or close it first"),
            )


async def withdraw_erasure(uow: UnitOfWork, request_id: str) -> DataRequest:
    """Keep the account after all."""
    require_own_hands(uow.actor)
    row = await uow.session.get(DataRequest, request_id, with_for_update=True)
    if row is None or row.person_id != uow.actor.id or row.kind != "erase_person":
        raise NotFound(("未找到该请求", "no such request"))
    if row.state != "waiting":
        raise Conflict(("该请求已处理", "the request was settled already"))
    row.state, row.done_at = "withdrawn", uow.clock.now()
    await uow.audit("identity.erase_person_withdraw", row.person_id)
    return row


def _visible(uow: UnitOfWork, org_id: str | None) -> Select[DataRequest]:
    if org_id is not None:
        return select(DataRequest).where(DataRequest.org_id == org_id)
    return select(DataRequest).where(DataRequest.person_id == uow.actor.id, DataRequest.org_id.is_(None))


async def list_requests(uow: UnitOfWork, paging: PageRequest, organisation: str | None) -> Rows[DataRequest]:
    """One's own requests, or those of an organisation for its owners."""
    uow.actor.require_known()
    org_id = None
    if organisation is not None:
        org = await organisations.find(uow.session, organisation)
        uow.actor.require_role(org.id, "owner")
        org_id = org.id
    return await fetch_page(
        uow.session,
        _visible(uow, org_id),
        paging,
        key=DataRequest.id,
        sorts={"created_at": DataRequest.created_at},
        default="-created_at",
    )


async def find_archive(uow: UnitOfWork, request_id: str) -> DataRequest:
    """The finished export that the actor may fetch; raises `NotFound`."""
    require_own_hands(uow.actor)
    row = await uow.session.get(DataRequest, request_id)
    mine = row is not None and (
        uow.actor.roles.get(row.org_id) == "owner" if row.org_id else row.person_id == uow.actor.id
    )
    if row is None or not mine or row.blob is None or (row.expires_at and row.expires_at <= uow.clock.now()):
        raise NotFound(("导出不存在或已过期", "there is no such export, or its time is over"))
    await uow.audit("identity.export_fetch", row.id, row.org_id)
    return row
