"""Partners, sites and pools over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from ceyuan.compute.catalogue import partners, repository
from ceyuan.compute.catalogue.errors import (
    AcceleratorUnknown,
    MeasuredByOthers,
    PartnerExists,
    PartnerNotFound,
    PoolNotFound,
    RegionUnknown,
    SiteNotFound,
    TermsFrozen,
)
from ceyuan.compute.catalogue.schemas import (
    Decision,
    PartnerChange,
    PartnerIn,
    PartnerOut,
    PoolIn,
    PoolOut,
    SiteIn,
    SiteOut,
    ThroughputIn,
)
from ceyuan.compute.catalogue.tables import ComputePartner, ComputePool, ComputeSite
from ceyuan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page, fetch_page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems
from ceyuan.kernel.work import UnitOfWork

router = Router(prefix="/api/v1/compute", tags=["compute partners"])


def _shown(uow: UnitOfWork, partner: ComputePartner) -> PartnerOut:
    inside = uow.actor.is_known and (repository.is_staff(uow.actor) or uow.actor.may(partner.org_id))
    fields = {name: getattr(partner, name) for name in PartnerOut.model_fields}
    fields["contact"] = partner.contact if uow.actor.is_known else None
    fields["workflow_id"] = partner.workflow_id if inside else None
    return PartnerOut(**fields)


@router.get("/partners", response_model=Page[PartnerOut], responses=problems(Invalid))
async def list_compute_partners(
    uow: ReadWork,
    paging: Paging,
    state: Annotated[str | None, Query(max_length=20)] = None,
    org_id: Annotated[str | None, Query(max_length=40)] = None,
) -> Any:
    """List the admitted partners; officers and members also see those that are not."""
    query = repository.partners_visible_to(uow.actor)
    for column, value in ((ComputePartner.state, state), (ComputePartner.org_id, org_id)):
        if value:
            query = query.where(column == value)
    sorts = {"created_at": ComputePartner.created_at, "name_zh": ComputePartner.name_zh}
    rows = await fetch_page(uow.session, query, paging, key=ComputePartner.id, sorts=sorts, default="-created_at")
    return Page[PartnerOut](items=[_shown(uow, row) for row in rows.items], next=rows.next)


@router.post(
    "/partners",
    response_model=PartnerOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, NotFound, PartnerExists, Invalid),
)
async def register_compute_partner(body: PartnerIn, uow: WriteWork) -> Any:
    """Apply as a compute partner on behalf of an organisation."""
    return _shown(uow, await partners.register_partner(uow, body))


@router.get("/partners/{partner_id}", response_model=PartnerOut, responses=problems(PartnerNotFound))
async def get_compute_partner(partner_id: str, uow: ReadWork) -> Any:
    """Show one partner."""
    return _shown(uow, await partners.find_partner(uow, partner_id))


@router.patch(
    "/partners/{partner_id}",
    response_model=PartnerOut,
    responses=problems(Unauthenticated, Forbidden, PartnerNotFound, Invalid),
)
async def change_compute_partner(partner_id: str, body: PartnerChange, uow: WriteWork) -> Any:
    """Change what a partner says of itself."""
    uow.actor.require_known()
    return _shown(uow, await partners.change_partner(uow, partner_id, body))


@router.post(
    "/partners/{partner_id}/decision",
    response_model=PartnerOut,
    responses=problems(Unauthenticated, Forbidden, PartnerNotFound, Conflict, Invalid),
)
async def decide_compute_partner(partner_id: str, body: Decision, uow: WriteWork) -> Any:
    """Take a step: admit, refuse, suspend, reinstate, retire."""
    uow.actor.require_known()
    return _shown(uow, await partners.decide_partner(uow, partner_id, body.decision, body.form))


@router.get("/sites", response_model=Page[SiteOut], responses=problems(Unauthenticated, Invalid))
async def list_compute_sites(
    uow: ReadWork, paging: Paging, partner_id: Annotated[str | None, Query(max_length=40)] = None
) -> Any:
    """List the sites of the caller's organisations; officers see all."""
    uow.actor.require_known()
    query = repository.sites_visible_to(uow.actor)
    if partner_id:
        query = query.where(ComputeSite.partner_id == partner_id)
    sorts = {"created_at": ComputeSite.created_at, "name": ComputeSite.name, "region": ComputeSite.region}
    rows = await fetch_page(uow.session, query, paging, key=ComputeSite.id, sorts=sorts, default="-created_at")
    return rows.page(SiteOut)


@router.post(
    "/sites",
    response_model=SiteOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, PartnerNotFound, RegionUnknown, Invalid),
)
async def add_compute_site(body: SiteIn, uow: WriteWork) -> Any:
    """Enter a site of a partner."""
    uow.actor.require_known()
    return await partners.add_site(uow, body)


@router.put(
    "/sites/{site_id}",
    response_model=SiteOut,
    responses=problems(Unauthenticated, Forbidden, SiteNotFound, TermsFrozen, RegionUnknown, Invalid),
)
async def change_compute_site(site_id: str, body: SiteIn, uow: WriteWork) -> Any:
    """Replace what is said of a site on which no verified offer rests."""
    return await partners.change_site(uow, site_id, body)


@router.get("/pools", response_model=Page[PoolOut], responses=problems(Unauthenticated, Invalid))
async def list_compute_pools(
    uow: ReadWork, paging: Paging, site_id: Annotated[str | None, Query(max_length=40)] = None
) -> Any:
    """List the pools of the caller's organisations; officers see all."""
    uow.actor.require_known()
    query = repository.pools_visible_to(uow.actor)
    if site_id:
        query = query.where(ComputePool.site_id == site_id)
    sorts = {"created_at": ComputePool.created_at, "name": ComputePool.name, "nodes": ComputePool.nodes}
    rows = await fetch_page(uow.session, query, paging, key=ComputePool.id, sorts=sorts, default="-created_at")
    return rows.page(PoolOut)


@router.post(
    "/pools",
    response_model=PoolOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, MeasuredByOthers, SiteNotFound, AcceleratorUnknown, Invalid),
)
async def add_compute_pool(body: PoolIn, uow: WriteWork) -> Any:
    """Enter a pool of equal nodes at a site."""
    return await partners.add_pool(uow, body)


@router.put(
    "/pools/{pool_id}",
    response_model=PoolOut,
    responses=problems(
        Unauthenticated, Forbidden, MeasuredByOthers, PoolNotFound, TermsFrozen, AcceleratorUnknown, Invalid
    ),
)
async def change_compute_pool(pool_id: str, body: PoolIn, uow: WriteWork) -> Any:
    """Replace what is said of a pool on which no verified offer rests."""
    return await partners.change_pool(uow, pool_id, body)


@router.post(
    "/pools/{pool_id}/measurements",
    response_model=PoolOut,
    responses=problems(Unauthenticated, Forbidden, PoolNotFound, Invalid),
)
async def record_compute_measurement(pool_id: str, body: ThroughputIn, uow: WriteWork) -> Any:
    """Enter a speed that was measured on a pool; officers may."""
    return await partners.record_measurement(uow, pool_id, body)
