"""Use cases of gates: ask, see who asked, grant and refuse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import select

from ceyuan.hub.gating.errors import AlreadySo, NotGated, RequestNotFound
from ceyuan.hub.gating.tables import HubAccessRequest
from ceyuan.hub.repositories.access import require_change, require_read
from ceyuan.hub.repositories.cards import clean, plain
from ceyuan.hub.repositories.service import named
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.identity import get_person
from ceyuan.kernel.errors import Forbidden
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork

Status = Literal["pending", "accepted", "rejected"]


def _require_keeper(uow: UnitOfWork, row: HubRepository) -> None:
    require_change(uow.actor, row)
    if row.gated == "no":
        raise NotGated()


async def ask(uow: UnitOfWork, row: HubRepository, fields: dict[str, Any]) -> HubAccessRequest:
    """Ask for the files; with an automatic gate the answer is yes at once. Asking again changes nothing."""
    require_read(uow.actor, row)
    uow.actor.require_known()
    if uow.actor.kind != "person":
        raise Forbidden(("只有个人可以申请", "only people can ask for access"))
    if row.gated == "no":
        raise NotGated()
    known = await _of(uow, row, uow.actor.id)
    if known is not None:
        return known
    status: Status = "accepted" if row.gated == "auto" else "pending"
    made = _request(uow, row, uow.actor.id, uow.actor.label, status, asked=True, fields=plain(fields))
    await uow.session.flush()
    await uow.publish("hub.access_requested", **named(row), request_id=made.id, person_id=made.person_id, status=status)
    return made


def _request(
    uow: UnitOfWork,
    row: HubRepository,
    person_id: str,
    person: str,
    status: Status,
    *,
    asked: bool,
    fields: dict[str, Any],
) -> HubAccessRequest:
    made = HubAccessRequest(
        repository_id=row.id,
        person_id=person_id,
        id=new_id("har"),
        person=person,
        status=status,
        asked=asked,
        reason="",
        fields=fields,
        created_at=uow.clock.now(),
        decided_by=None if asked else uow.actor.id,
        decided_at=None if asked else uow.clock.now(),
    )
    uow.session.add(made)
    return made


async def _of(uow: UnitOfWork, row: HubRepository, person_id: str) -> HubAccessRequest | None:
    return await uow.session.get(HubAccessRequest, (row.id, person_id), with_for_update=True)


async def list_requests(
    uow: UnitOfWork, row: HubRepository, status: Status, paging: PageRequest
) -> Rows[HubAccessRequest]:
    """Who asked, by status; for members of the owner."""
    _require_keeper(uow, row)
    return await fetch_page(
        uow.session,
        select(HubAccessRequest).where(HubAccessRequest.repository_id == row.id, HubAccessRequest.status == status),
        paging,
        key=HubAccessRequest.id,
        sorts={"created_at": HubAccessRequest.created_at},
        default="created_at",
    )


async def grant(uow: UnitOfWork, row: HubRepository, person: str) -> HubAccessRequest:
    """Give somebody the files without their asking; raises `AlreadySo`."""
    _require_keeper(uow, row)
    found = await get_person(uow, person)
    if await _of(uow, row, found.id) is not None:
        raise AlreadySo()
    made = _request(uow, row, found.id, found.name, "accepted", asked=False, fields={})
    await uow.audit("hub.access_grant", row.id, row.org_id, person_id=found.id)
    return made


async def decide(
    uow: UnitOfWork,
    row: HubRepository,
    status: Status,
    *,
    person: str | None = None,
    request_id: str | None = None,
    reason: str = "",
) -> HubAccessRequest:
    """Accept, reject or put back a request, by the person's name or the request's id; raises `AlreadySo`."""
    _require_keeper(uow, row)
    known: HubAccessRequest | None
    if person is not None:
        known = await _of(uow, row, (await get_person(uow, person)).id)
    else:
        known = await uow.session.scalar(
            select(HubAccessRequest).where(HubAccessRequest.repository_id == row.id, HubAccessRequest.id == request_id)
        )
    if known is None:
        raise RequestNotFound()
    if known.status == status:
        raise AlreadySo()
    known.status, known.reason = status, clean(reason)[:1000]
    known.decided_by, known.decided_at = uow.actor.id, uow.clock.now()
    await uow.audit("hub.access_decide", row.id, row.org_id, person_id=known.person_id, status=status)
    await uow.publish("hub.access_decided", **named(row), person_id=known.person_id, status=status)
    return known


async def addresses(uow: UnitOfWork, rows: Sequence[HubAccessRequest]) -> dict[str, tuple[str, str, str | None]]:
    """Name, display name and, of those who asked themselves, the e-mail address, by person id."""
    found = {}
    for row in rows:
        person = await get_person(uow, row.person_id)
        found[row.person_id] = (person.name, person.display_name, person.email if row.asked else None)
    return found
