"""Who may see what of the log: overseers all of it, owners their organisation's part, people their own deeds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ceyuan.kernel.actor import Actor
from ceyuan.kernel.audit import repository
from ceyuan.kernel.audit.log import ConsistencyProof, InclusionProof
from ceyuan.kernel.audit.tables import AuditEntry, AuditHead
from ceyuan.kernel.audit.verification import Verification
from ceyuan.kernel.errors import Forbidden, NotFound
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork

OVERSEERS = ("regulator", "operator")
"""Duties that see the whole log, beside administrators."""


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Conditions on entries; None means any. `action` ending in a dot means all that begin so."""

    org_id: str | None = None
    actor_id: str | None = None
    action: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def oversees(actor: Actor) -> bool:
    """Whether the actor may see everybody's entries."""
    return any(actor.has_duty(duty) for duty in OVERSEERS)


async def list_entries(uow: UnitOfWork, wanted: EntryFilter, paging: PageRequest) -> Rows[AuditEntry]:
    """A page of entries, newest first; raises unless the filter keeps to what the actor may see."""
    actor = uow.actor
    actor.require_known()
    if not oversees(actor) and wanted.actor_id != actor.id:
        if wanted.org_id is None:
            raise Forbidden(
                ("只有监管与运维人员可以查看全部审计记录", "only overseers may see all entries"),
                hint=(
                    "请指定您担任所有者的组织(org_id),或用 actor_id 查看自己的操作",
                    "name an organisation that you own (org_id), or ask for your own deeds with actor_id",
                ),
            )
        actor.require_role(wanted.org_id, "owner")
    query = repository.select_entries(
        org_id=wanted.org_id,
        actor_id=wanted.actor_id,
        action=wanted.action,
        subject=wanted.subject,
        since=wanted.since,
        until=wanted.until,
    )
    return await fetch_page(
        uow.session, query, paging, key=AuditEntry.seq, sorts={"seq": AuditEntry.seq}, default="-seq"
    )


async def get_entry(uow: UnitOfWork, entry_id: str) -> AuditEntry:
    """One entry; 404 for everybody who may not see it."""
    actor = uow.actor
    actor.require_known()
    entry = await repository.entry_by_id(uow.session, entry_id)
    if entry is None:
        raise NotFound()
    own = entry.actor_id == actor.id or (entry.org_id is not None and actor.may(entry.org_id, "owner"))
    if not (own or oversees(actor)):
        raise NotFound()
    return entry


async def prove_inclusion(uow: UnitOfWork, entry_id: str, size: int | None) -> InclusionProof:
    """The proof that an entry which the actor may see is in the log."""
    await get_entry(uow, entry_id)
    return await uow.platform.audit.prove_inclusion(uow, entry_id, size=size)


async def prove_consistency(uow: UnitOfWork, first: int, second: int | None) -> ConsistencyProof:
    """The proof that the log only grew between two sizes (`second` None: the newest signed head)."""
    uow.actor.require_known()
    if second is None:
        second = (await uow.platform.audit.latest_head(uow)).size
    return await uow.platform.audit.prove_consistency(uow, first, second)


async def latest_head(uow: UnitOfWork) -> AuditHead:
    """The newest signed head, which everybody who is signed in may keep."""
    uow.actor.require_known()
    return await uow.platform.audit.latest_head(uow)


async def list_heads(uow: UnitOfWork, paging: PageRequest) -> Rows[AuditHead]:
    """A page of signed heads, newest first."""
    uow.actor.require_known()
    return await fetch_page(
        uow.session,
        repository.select_heads(),
        paging,
        key=AuditHead.size,
        sorts={"size": AuditHead.size},
        default="-size",
    )


async def sign_head(uow: UnitOfWork) -> AuditHead:
    """Sign a head now."""
    require_overseer(uow.actor)
    return await uow.platform.audit.sign_head(uow)


def require_overseer(actor: Actor) -> None:
    """Raise unless the actor may see the whole log."""
    actor.require_known()
    if not oversees(actor):
        raise Forbidden(("需要监管或运维职责", "this needs the duty regulator or operator"))


async def verify(uow: UnitOfWork) -> Verification:
    """Check the whole log."""
    require_overseer(uow.actor)
    return await uow.platform.audit.verify(uow.platform)
