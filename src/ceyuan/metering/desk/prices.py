"""Price lists and quotes for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ceyuan.kernel.errors import NotFound
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.access import oversees, require_reader
from ceyuan.metering.holds import Quote, Want, quote
from ceyuan.metering.prices import DEFAULT_SCOPE, repository
from ceyuan.metering.prices.tables import Price
from ceyuan.metering.terms import terms_of


async def list_prices(
    uow: UnitOfWork,
    paging: PageRequest,
    *,
    scope: str | None = None,
    resource: str | None = None,
    model: str | None = None,
    at: datetime | None = None,
) -> Rows[Price]:
    """Prices: the default list for everybody who is signed in, beside it those of one's own organisations and their
    contracts; all for operators. Another organisation's list is not found."""
    uow.actor.require_known()
    uow.actor.require_scope("metering:read")
    scopes: list[str] | None = None if scope is None else [scope]
    if not oversees(uow.actor):
        terms = await terms_of(uow, uow.actor.roles)
        own = [DEFAULT_SCOPE, *uow.actor.roles, *(term.contract for term in terms.values() if term.contract)]
        if scope is not None and scope not in own:
            raise NotFound(("没有这份价目表", "no such price list"))
        scopes = scopes or own
    sorts = {"resource": Price.resource, "valid_from": Price.valid_from, "unit_micro": Price.unit_micro}
    query = repository.listing(scopes, resource, model, at)
    return await fetch_page(uow.session, query, paging, key=Price.id, sorts=sorts, default="resource")


async def ask_quote(uow: UnitOfWork, org_id: str, wants: Sequence[Want]) -> Quote:
    """What a use would cost the organisation and who would pay; its members may ask."""
    require_reader(uow, org_id)
    return await quote(uow, org_id, wants)
