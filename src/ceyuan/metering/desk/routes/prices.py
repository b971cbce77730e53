"""Routes of resources, prices and quotes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import AwareDatetime

from ceyuan.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentActor, CurrentPlatform, Paging, ReadWork, WriteWork, problems
from ceyuan.metering.access import org_id_of
from ceyuan.metering.desk import prices
from ceyuan.metering.desk.routes.common import READ, READ_ORG, OrgRef
from ceyuan.metering.desk.schemas import PriceEnd, PriceIn, PriceOut, QuoteIn, QuoteOut, ResourceOut
from ceyuan.metering.errors import PriceOverlap
from ceyuan.metering.holds import Want
from ceyuan.metering.prices import NewPrice, end_price, set_price
from ceyuan.metering.resources import resources

router = Router(prefix="/api/v1/metering", tags=["metering"])


@router.get("/resources", response_model=list[ResourceOut], responses=problems(Unauthenticated))
async def list_metered_resources(platform: CurrentPlatform, actor: CurrentActor) -> list[ResourceOut]:
    """List what is metered, with units."""
    actor.require_known()
    return [
        ResourceOut(name=r.name, unit_zh=r.unit[0], unit_en=r.unit[1], title_zh=r.title[0], title_en=r.title[1])
        for r in resources(platform)
    ]


@router.get("/prices", response_model=Page[PriceOut], responses=READ)
async def list_prices(
    uow: ReadWork,
    paging: Paging,
    scope: Annotated[str | None, Query(max_length=80, description="*, an organisation's id, or contract:…")] = None,
    resource: Annotated[str | None, Query(max_length=80)] = None,
    model: Annotated[str | None, Query(max_length=200, description="the very pattern")] = None,
    at: Annotated[AwareDatetime | None, Query(description="only those that hold at this moment")] = None,
) -> Any:
    """List prices: the default list, and those of one's own organisations and contracts."""
    rows = await prices.list_prices(uow, paging, scope=scope, resource=resource, model=model, at=at)
    return rows.page(PriceOut)


@router.post(
    "/prices",
    response_model=PriceOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, PriceOverlap, Invalid),
)
async def create_price(body: PriceIn, uow: WriteWork) -> Any:
    """Set a price."""
    return await set_price(uow, NewPrice(**body.model_dump()))


@router.post(
    "/prices/{price_id}/end",
    response_model=PriceOut,
    responses=problems(Unauthenticated, Forbidden, NotFound, Invalid),
)
async def end_price_early(price_id: str, body: PriceEnd, uow: WriteWork) -> Any:
    """End a price early."""
    return await end_price(uow, price_id, body.at)


@router.post("/organisations/{organisation}/quotes", response_model=QuoteOut, responses=READ_ORG)
async def ask_quote(organisation: OrgRef, body: QuoteIn, uow: ReadWork) -> Any:
    """Say what a use would cost and which balances would pay; changes nothing."""
    wants = [Want(want.resource, want.quantity, model=want.model) for want in body.wants]
    return await prices.ask_quote(uow, await org_id_of(uow, organisation), wants)
