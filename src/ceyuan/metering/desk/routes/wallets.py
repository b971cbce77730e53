"""Routes of wallets and holds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query

from ceyuan.identity import OrganisationNotFound
from ceyuan.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems
from ceyuan.metering.access import org_id_of
from ceyuan.metering.desk import wallets
from ceyuan.metering.desk.routes.common import READ, READ_ORG, End, OrgRef, Start
from ceyuan.metering.desk.schemas import HoldOut, ReasonIn, StatementOut, WalletIn, WalletOut
from ceyuan.metering.errors import InsufficientFunds, ReferenceReused
from ceyuan.metering.wallets import Restrictions

router = Router(prefix="/api/v1/metering", tags=["metering"])
WalletState = Annotated[Literal["active", "expired", "revoked"] | None, Query()]
HoldState = Annotated[Literal["open", "released", "expired"] | None, Query()]


@router.get("/organisations/{organisation}/wallets", response_model=Page[WalletOut], responses=READ_ORG)
async def list_organisation_wallets(
    organisation: OrgRef, uow: ReadWork, paging: Paging, state: WalletState = None
) -> Any:
    """List an organisation's wallets, newest first."""
    return (await wallets.list_wallets(uow, await org_id_of(uow, organisation), state, paging)).page(WalletOut)


@router.post(
    "/organisations/{organisation}/wallets",
    response_model=WalletOut,
    status_code=201,
    responses=problems(
        Unauthenticated, Forbidden, NotFound, OrganisationNotFound, ReferenceReused, InsufficientFunds, Invalid
    ),
)
async def create_wallet(organisation: OrgRef, body: WalletIn, uow: WriteWork) -> Any:
    """Issue a wallet by hand."""
    return await wallets.issue_wallet(
        uow,
        await org_id_of(uow, organisation),
        body.amount_micro,
        Restrictions(tuple(body.resources), tuple(body.models), body.share_bp),
        body.valid_from,
        body.valid_to,
        body.source_account_id,
        body.reference,
        body.label,
    )


@router.get("/wallets", response_model=Page[WalletOut], responses=READ)
async def list_wallets(uow: ReadWork, paging: Paging, state: WalletState = None) -> Any:
    """List the wallets of all organisations, for operators."""
    return (await wallets.list_wallets(uow, None, state, paging)).page(WalletOut)


@router.get("/wallets/{wallet_id}", response_model=WalletOut, responses=READ)
async def get_wallet(wallet_id: str, uow: ReadWork) -> Any:
    """Show a wallet."""
    return await wallets.show_wallet(uow, wallet_id)


@router.get("/wallets/{wallet_id}/statement", response_model=StatementOut, responses=READ)
async def get_wallet_statement(
    wallet_id: str, uow: ReadWork, paging: Paging, start: Start = None, end: End = None
) -> Any:
    """Show a wallet's movements with the balances at both ends."""
    return await wallets.show_statement(uow, wallet_id, start, end, paging)


@router.post("/wallets/{wallet_id}/revocation", response_model=WalletOut, responses=READ)
async def revoke_wallet(wallet_id: str, body: ReasonIn, uow: WriteWork) -> Any:
    """Revoke a wallet; what is left goes back to its source."""
    return await wallets.revoke_wallet(uow, wallet_id, body.reason)


@router.get("/organisations/{organisation}/holds", response_model=Page[HoldOut], responses=READ_ORG)
async def list_organisation_holds(organisation: OrgRef, uow: ReadWork, paging: Paging, state: HoldState = None) -> Any:
    """List an organisation's holds, newest first."""
    return (await wallets.list_holds(uow, await org_id_of(uow, organisation), state, paging)).page(HoldOut)


@router.get("/holds", response_model=Page[HoldOut], responses=READ)
async def list_holds(uow: ReadWork, paging: Paging, state: HoldState = None) -> Any:
    """List the holds of all organisations, for operators."""
    return (await wallets.list_holds(uow, None, state, paging)).page(HoldOut)


@router.post("/holds/{hold_id}/release", response_model=HoldOut, responses=READ)
async def release_hold(hold_id: str, uow: WriteWork) -> Any:
    """Release a hold that its owner forgot, for operators."""
    return await wallets.release_hold(uow, hold_id)
