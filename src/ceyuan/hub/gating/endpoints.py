"""Gates over HTTP: ask for the files of a gated repository, and decide about who asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Path, Query

from ceyuan.hub.addresses import REPOSITORY, Address, ReadRepository
from ceyuan.hub.browsing.cards import read_card
from ceyuan.hub.browsing.service import open_repository
from ceyuan.hub.errors import EntryNotFound, FileTooLarge, RepositoryNotFound
from ceyuan.hub.gating import service
from ceyuan.hub.gating.access import is_open
from ceyuan.hub.gating.errors import AlreadySo, NotGated, RequestNotFound
from ceyuan.hub.gating.schemas import (
    AccessOut,
    AskIn,
    DecisionIn,
    GrantIn,
    RequestOut,
    Status,
    access_out,
    form_of,
    request_out,
)
from ceyuan.hub.gating.tables import HubAccessRequest
from ceyuan.hub.repositories.service import find_repository
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.identity import PersonNotFound
from ceyuan.kernel.errors import Forbidden, Invalid, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems
from ceyuan.kernel.work import UnitOfWork

router = Router(prefix=f"{REPOSITORY}/access", tags=["hub"])
_WRITING = (Unauthenticated, Forbidden, RepositoryNotFound, Invalid, NotGated)
_RequestId = Annotated[str, Path(max_length=40)]


async def _standing(uow: UnitOfWork, row: HubRepository, mine: HubAccessRequest | None) -> dict[str, Any]:
    keeps = uow.actor.is_known and uow.actor.has_scope("hub:write") and uow.actor.may(row.org_id, "member")
    form = form_of(await _card(uow, row) if row.gated != "no" else {})
    return access_out(row, mine, form, is_open=await is_open(uow, row), may_decide=keeps)


async def _card(uow: UnitOfWork, row: HubRepository) -> Mapping[str, Any]:
    """The card's front matter as it is written: a database need not keep the order of its keys."""
    try:
        return (await read_card(uow, await open_repository(uow, row), None)).card.metadata
    except (EntryNotFound, FileTooLarge):
        return row.card


@router.get("", response_model=AccessOut, responses=problems(RepositoryNotFound))
async def get_repository_access(row: ReadRepository, uow: ReadWork) -> Any:
    """Say whether the files are open to the caller, and what the caller's request has come to."""
    mine = await uow.session.get(HubAccessRequest, (row.id, uow.actor.id)) if uow.actor.is_known else None
    return await _standing(uow, row, mine)


@router.post("", response_model=AccessOut, responses=problems(*_WRITING))
async def ask_repository_access(address: Address, body: AskIn, uow: WriteWork) -> Any:
    """Ask for the files of a gated repository."""
    row = await find_repository(uow, *address)
    return await _standing(uow, row, await service.ask(uow, row, dict(body.fields)))


@router.get("/requests", response_model=Page[RequestOut], responses=problems(*_WRITING))
async def list_repository_access_requests(
    row: ReadRepository, uow: ReadWork, paging: Paging, status: Annotated[Status, Query()] = "pending"
) -> Any:
    """List who asked for access, for members of the owner."""
    uow.actor.require_known()
    found = await service.list_requests(uow, row, status, paging)
    people = await service.addresses(uow, found.items)
    return {"items": [request_out(each, people[each.person_id]) for each in found.items], "next": found.next}


@router.post(
    "/requests/{request_id}", response_model=RequestOut, responses=problems(*_WRITING, RequestNotFound, AlreadySo)
)
async def decide_repository_access(address: Address, request_id: _RequestId, body: DecisionIn, uow: WriteWork) -> Any:
    """Accept, reject or put back a request."""
    row = await find_repository(uow, *address)
    decided = await service.decide(uow, row, body.status, request_id=request_id, reason=body.reason)
    people = await service.addresses(uow, [decided])
    return request_out(decided, people[decided.person_id])


@router.post(
    "/grants",
    response_model=RequestOut,
    status_code=201,
    responses=problems(*_WRITING, PersonNotFound, AlreadySo),
)
async def grant_repository_access(address: Address, body: GrantIn, uow: WriteWork) -> Any:
    """Give a person the files without their asking."""
    made = await service.grant(uow, await find_repository(uow, *address), body.person)
    await uow.session.flush()
    people = await service.addresses(uow, [made])
    return request_out(made, people[made.person_id])
