"""Vouchers over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header, Query
from sqlalchemy import select

from ceyuan.identity import OrganisationNotFound
from ceyuan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page, fetch_page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems
from ceyuan.programmes.vouchers import repository, service
from ceyuan.programmes.vouchers.errors import CapReached, KeyReused, SchemeClosed, SchemeNotFound, VoucherNotFound
from ceyuan.programmes.vouchers.schemas import ApplyIn, FundIn, SchemeIn, SchemeOut, VoucherDecision, VoucherOut
from ceyuan.programmes.vouchers.tables import Voucher, VoucherScheme

router = Router(prefix="/api/v1/vouchers", tags=["vouchers"])
_Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=120)]


@router.get("/schemes", response_model=Page[SchemeOut], responses=problems(Invalid))
async def list_voucher_schemes(uow: ReadWork, paging: Paging) -> Any:
    """List the voucher schemes; open to everybody."""
    sorts = {"created_at": VoucherScheme.created_at, "cap_micro": VoucherScheme.cap_micro}
    query = select(VoucherScheme)
    rows = await fetch_page(uow.session, query, paging, key=VoucherScheme.id, sorts=sorts, default="-created_at")
    return Page[SchemeOut](items=[await service.show_scheme(uow, row) for row in rows.items], next=rows.next)


@router.post(
    "/schemes",
    response_model=SchemeOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, OrganisationNotFound, Invalid),
)
async def create_voucher_scheme(body: SchemeIn, uow: WriteWork) -> Any:
    """Set up a scheme with an empty pool."""
    return await service.show_scheme(uow, await service.create_scheme(uow, body))


@router.get("/schemes/{scheme_id}", response_model=SchemeOut, responses=problems(SchemeNotFound))
async def get_voucher_scheme(scheme_id: str, uow: ReadWork) -> Any:
    """Show one scheme with its pool."""
    return await service.show_scheme(uow, await repository.get_scheme(uow.session, scheme_id))


@router.post(
    "/schemes/{scheme_id}/fund",
    response_model=SchemeOut,
    responses=problems(Unauthenticated, Forbidden, SchemeNotFound, Invalid),
)
async def fund_voucher_scheme(scheme_id: str, body: FundIn, uow: WriteWork) -> Any:
    """Put money into a scheme's pool; the same reference is booked once."""
    uow.actor.require_known()
    return await service.show_scheme(uow, await service.fund_scheme(uow, scheme_id, body.amount_micro, body.reference))


@router.get("", response_model=Page[VoucherOut], responses=problems(Unauthenticated, Invalid))
async def list_vouchers(
    uow: ReadWork,
    paging: Paging,
    state: Annotated[str | None, Query(max_length=20)] = None,
    scheme_id: Annotated[str | None, Query(max_length=40)] = None,
    org_id: Annotated[str | None, Query(max_length=40)] = None,
) -> Any:
    """List vouchers and applications of the caller's organisations; programme officers see all."""
    uow.actor.require_known()
    query = repository.vouchers_visible_to(uow.actor)
    for column, value in ((Voucher.state, state), (Voucher.scheme_id, scheme_id), (Voucher.org_id, org_id)):
        if value:
            query = query.where(column == value)
    sorts = {"created_at": Voucher.created_at, "asked_micro": Voucher.asked_micro, "state": Voucher.state}
    rows = await fetch_page(uow.session, query, paging, key=Voucher.id, sorts=sorts, default="-created_at")
    return Page[VoucherOut](items=[await service.show_voucher(uow, row) for row in rows.items], next=rows.next)


@router.post(
    "",
    response_model=VoucherOut,
    status_code=201,
    responses=problems(
        Unauthenticated, Forbidden, NotFound, SchemeNotFound, SchemeClosed, CapReached, KeyReused, Invalid
    ),
)
async def apply_for_voucher(body: ApplyIn, uow: WriteWork, key: _Key = None) -> Any:
    """Apply for a voucher on behalf of an organisation. Repeated with the same Idempotency-Key it is made once."""
    return await service.show_voucher(uow, await service.apply_for(uow, body, key=key))


@router.get("/{voucher_id}", response_model=VoucherOut, responses=problems(Unauthenticated, VoucherNotFound))
async def get_voucher(voucher_id: str, uow: ReadWork) -> Any:
    """Show one voucher with what is left of it."""
    return await service.show_voucher(uow, await service.find_voucher(uow, voucher_id))


@router.post(
    "/{voucher_id}/decision",
    response_model=VoucherOut,
    responses=problems(Unauthenticated, Forbidden, VoucherNotFound, Conflict, Invalid),
)
async def decide_voucher(voucher_id: str, body: VoucherDecision, uow: WriteWork) -> Any:
    """Grant, refuse, revoke or withdraw; a grant beyond the cap or the pool is refused with the reason."""
    uow.actor.require_known()
    return await service.show_voucher(uow, await service.decide(uow, voucher_id, body))
