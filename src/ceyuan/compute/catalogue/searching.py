"""Finding offers: filters, pages, the sums of a region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query
from sqlalchemy import Select

from ceyuan.compute.accelerators import ACCELERATORS
from ceyuan.compute.catalogue import repository
from ceyuan.compute.catalogue.offers import show_offers
from ceyuan.compute.catalogue.process import USABLE
from ceyuan.compute.catalogue.regions import REGIONS
from ceyuan.compute.catalogue.schemas import OfferOut, RegionOut
from ceyuan.compute.catalogue.tables import ComputeOffer
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork

EXPORT_LIMIT = 5000
_SORTS = {
    "price_micro": ComputeOffer.price_micro,
    "unit_micro": ComputeOffer.unit_micro,
    "accelerators": ComputeOffer.accelerators,
    "memory_gib": ComputeOffer.memory_gib,
    "availability_bp": ComputeOffer.availability_bp,
    "usable_until": ComputeOffer.usable_until,
    "created_at": ComputeOffer.created_at,
    "title": ComputeOffer.title,
}


@dataclass(frozen=True, slots=True)
class Search:
    """What a client looks for; None = no matter."""

    q: str | None = None
    region: str | None = None
    vendor: str | None = None
    accelerator: str | None = None
    state: str | None = None
    org_id: str | None = None
    min_accelerators: int | None = None
    min_memory_gib: float | None = None
    max_price_micro: int | None = None
    spot: bool | None = None


async def search_of(
    q: Annotated[str | None, Query(max_length=100, description="part of title, accelerator, partner, id")] = None,
    region: Annotated[str | None, Query(max_length=20)] = None,
    vendor: Annotated[str | None, Query(max_length=20)] = None,
    accelerator: Annotated[str | None, Query(max_length=30)] = None,
    state: Annotated[str | None, Query(max_length=20)] = None,
    org_id: Annotated[str | None, Query(max_length=40, description="only this supplier's")] = None,
    min_accelerators: Annotated[int | None, Query(ge=1, le=10**7)] = None,
    min_memory_gib: Annotated[float | None, Query(gt=0, le=10_000)] = None,
    max_price_micro: Annotated[int | None, Query(ge=1, le=10**12)] = None,
    spot: Annotated[bool | None, Query(description="only offers with a spot price")] = None,
) -> Search:
    """FastAPI dependency: the filters of a list of offers."""
    return Search(
        q, region, vendor, accelerator, state, org_id, min_accelerators, min_memory_gib, max_price_micro, spot
    )


def query_for(uow: UnitOfWork, search: Search) -> Select[ComputeOffer]:
    """The offers that the actor may see and that match."""
    query = repository.offers_visible_to(uow.actor)
    equal = {
        ComputeOffer.region: search.region,
        ComputeOffer.vendor: search.vendor,
        ComputeOffer.accelerator: search.accelerator,
        ComputeOffer.state: search.state,
        ComputeOffer.org_id: search.org_id,
    }
    for column, value in equal.items():
        if value:
            query = query.where(column == value)
    if search.min_accelerators is not None:
        query = query.where(ComputeOffer.accelerators >= search.min_accelerators)
    if search.min_memory_gib is not None:
        query = query.where(ComputeOffer.memory_gib >= search.min_memory_gib)
    if search.max_price_micro is not None:
        query = query.where(ComputeOffer.price_micro <= search.max_price_micro)
    if search.spot:
        query = query.where(ComputeOffer.spot_micro.is_not(None))
    return repository.matching(query, search.q.strip()) if search.q and search.q.strip() else query


async def find_offers(uow: UnitOfWork, search: Search, paging: PageRequest) -> Rows[OfferOut]:
    """One page of offers."""
    rows = await fetch_page(
        uow.session, query_for(uow, search), paging, key=ComputeOffer.id, sorts=_SORTS, default="-created_at"
    )
    return Rows(await show_offers(uow, rows.items), rows.next)


async def all_offers(uow: UnitOfWork, search: Search) -> list[OfferOut]:
    """All matching offers for a file, at most `EXPORT_LIMIT`, cheapest first."""
    query = query_for(uow, search).order_by(ComputeOffer.price_micro, ComputeOffer.id).limit(EXPORT_LIMIT)
    return await show_offers(uow, list(await uow.session.scalars(query)))


async def usable_offers(uow: UnitOfWork, search: Search | None = None) -> list[OfferOut]:
    """The offers on which work may be placed now."""
    query = (
        query_for(uow, search or Search())
        .where(ComputeOffer.state.in_(USABLE), ComputeOffer.usable_until > uow.clock.now())
        .order_by(ComputeOffer.price_micro, ComputeOffer.id)
        .limit(EXPORT_LIMIT)
    )
    return await show_offers(uow, list(await uow.session.scalars(query)))


async def regions(uow: UnitOfWork) -> list[RegionOut]:
    """Every region with what is offered there: the map."""
    found = await repository.offered_by_region(uow.session)
    out = []
    for region in REGIONS.values():
        rows = [row for row in found if row[0] == region.name]
        vendors: dict[str, int] = {}
        for _, vendor, _, _, accelerators, _ in rows:
            vendors[vendor] = vendors.get(vendor, 0) + accelerators
        out.append(
            RegionOut(
                name=region.name,
                code=region.code,
                label_zh=region.label[0],
                label_en=region.label[1],
                longitude=region.longitude,
                latitude=region.latitude,
                ring=region.ring,
                offers=sum(row[3] for row in rows),
                accelerators=sum(row[4] for row in rows),
                tflops=round(sum(row[4] * ACCELERATORS[row[2]].half_tflops for row in rows), 1),
                cheapest_micro=min((row[5] for row in rows), default=None),
                vendors=vendors,
            )
        )
    return out
