"""Offers, regions, accelerators and identifiers over HTTP; open to everybody as far as they are published."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from fastapi.responses import Response

from ceyuan.compute.accelerators import ACCELERATORS, VENDORS
from ceyuan.compute.catalogue import offers, searching
from ceyuan.compute.catalogue.errors import (
    IdentifierNotFound,
    OfferExpired,
    OfferNotFound,
    PoolNotFound,
    PriceInvalid,
    TermsFrozen,
)
from ceyuan.compute.catalogue.export import offers_csv
from ceyuan.compute.catalogue.schemas import AcceleratorOut, Decision, OfferIn, OfferOut, OfferTerms, RegionOut
from ceyuan.compute.catalogue.searching import Search, search_of
from ceyuan.kernel.errors import Conflict, Forbidden, Invalid, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1/compute", tags=["compute catalogue"])
Wanted = Annotated[Search, Depends(search_of)]


@router.get("/accelerators", response_model=list[AcceleratorOut])
async def list_accelerators() -> Any:
    """List the accelerators that pools may name, with their peaks and where these are from."""
    return [
        AcceleratorOut(
            name=fact.name,
            vendor=fact.vendor,
            vendor_zh=VENDORS[fact.vendor][0],
            vendor_en=VENDORS[fact.vendor][1],
            label=fact.label,
            peak=dict(fact.peak),
            memory_gib=fact.memory_gib,
            memory_gb_s=fact.memory_gb_s,
            link=fact.link,
            link_gb_s=fact.link_gb_s,
            watts=fact.watts,
            standard_cards=fact.standard_cards,
            source=fact.source,
            kind=fact.kind,
        )
        for fact in ACCELERATORS.values()
    ]


@router.get("/regions", response_model=list[RegionOut])
async def list_compute_regions(uow: ReadWork) -> Any:
    """List the regions with the capacity that is published in each."""
    return await searching.regions(uow)


@router.get("/offers", response_model=Page[OfferOut], responses=problems(Invalid))
async def list_compute_offers(uow: ReadWork, paging: Paging, search: Wanted) -> Any:
    """Search the published offers; a supplier also finds its own in every state."""
    return (await searching.find_offers(uow, search, paging)).page(OfferOut)


@router.post(
    "/offers",
    response_model=OfferOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, PoolNotFound, OfferExpired, PriceInvalid, Invalid),
)
async def make_compute_offer(body: OfferIn, uow: WriteWork) -> Any:
    """Offer a pool at a price; officers then verify it."""
    uow.actor.require_known()
    return await offers.show_offer(uow, await offers.make_offer(uow, body))


@router.get("/offers/compare", response_model=list[OfferOut], responses=problems(OfferNotFound, Invalid))
async def compare_compute_offers(uow: ReadWork, id: Annotated[list[str], Query(min_length=1, max_length=6)]) -> Any:
    """Set up to six offers side by side in normalised units."""
    return await offers.show_offers(uow, [await offers.find_offer(uow, one) for one in dict.fromkeys(id)])


@router.get(
    "/offers/export",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}, "application/json": {}}, "description": "The file"}},
)
async def export_compute_offers(uow: ReadWork, search: Wanted, format: Literal["csv", "json"] = "csv") -> Response:
    """Download the offers that match as CSV or JSON, cheapest first, at most 5,000."""
    found = await searching.all_offers(uow, search)
    headers = {"Content-Disposition": f'attachment; filename="compute-offers.{format}"'}
    if format == "csv":
        return Response(offers_csv(found), media_type="text/csv; charset=utf-8", headers=headers)
    lines = ",\n".join(offer.model_dump_json() for offer in found)
    return Response(f"[{lines}]\n", media_type="application/json", headers=headers)


@router.get("/offers/{offer_id}", response_model=OfferOut, responses=problems(OfferNotFound))
async def get_compute_offer(offer_id: str, uow: ReadWork) -> Any:
    """Show one offer with its terms, its units and the evidence of every figure."""
    return await offers.show_offer(uow, await offers.find_offer(uow, offer_id))


@router.put(
    "/offers/{offer_id}",
    response_model=OfferOut,
    responses=problems(Unauthenticated, Forbidden, OfferNotFound, TermsFrozen, OfferExpired, PriceInvalid, Invalid),
)
async def change_compute_offer(offer_id: str, body: OfferTerms, uow: WriteWork) -> Any:
    """Replace the terms of an offer before it is verified, or after the step `amend`."""
    uow.actor.require_known()
    return await offers.show_offer(uow, await offers.change_offer(uow, offer_id, body))


@router.post(
    "/offers/{offer_id}/decision",
    response_model=OfferOut,
    responses=problems(Unauthenticated, Forbidden, OfferNotFound, Conflict, Invalid),
)
async def decide_compute_offer(offer_id: str, body: Decision, uow: WriteWork) -> Any:
    """Take a step: verify, issue_identifier, publish, go_live, degrade, restore, suspend, resume, amend, retire."""
    uow.actor.require_known()
    return await offers.show_offer(uow, await offers.decide_offer(uow, offer_id, body.decision, body.form))


@router.get("/identifiers/{identifier}", response_model=OfferOut, responses=problems(IdentifierNotFound))
async def resolve_compute_identifier(identifier: str, uow: ReadWork) -> Any:
    """Look an identifier up, ours or one that was issued elsewhere; it resolves after retirement, too."""
    return await offers.show_offer(uow, await offers.resolve_identifier(uow, identifier))
