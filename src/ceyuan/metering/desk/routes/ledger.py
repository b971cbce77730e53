"""Routes of balances, terms, accounts, entries and statements."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from ceyuan.identity import OrganisationNotFound
from ceyuan.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems
from ceyuan.metering.access import org_id_of
from ceyuan.metering.desk import ledger
from ceyuan.metering.desk.routes.common import READ, READ_ORG, End, OrgRef, Start
from ceyuan.metering.desk.schemas import (
    AccountOut,
    BalanceOut,
    EntryOut,
    KindSumOut,
    MoneyIn,
    ReasonIn,
    StatementOut,
    TermsIn,
    TermsOut,
)
from ceyuan.metering.desk.usage_schemas import ReversalOut
from ceyuan.metering.errors import EntryReversed, InsufficientFunds, ReferenceReused
from ceyuan.metering.terms import set_terms
from ceyuan.metering.wallets import fund_account, pay_out, reverse_entry, top_up

router = Router(prefix="/api/v1/metering", tags=["metering"])
Kind = Annotated[str | None, Query(max_length=24)]
AccountId = Annotated[str | None, Query(max_length=40)]
_MONEY = problems(
    Unauthenticated, Forbidden, NotFound, OrganisationNotFound, ReferenceReused, InsufficientFunds, Invalid
)


@router.get("/organisations/{organisation}/balance", response_model=BalanceOut, responses=READ_ORG)
async def get_balance(organisation: OrgRef, uow: ReadWork) -> Any:
    """Show what an organisation has."""
    return await ledger.show_balance(uow, await org_id_of(uow, organisation))


@router.get("/organisations/{organisation}/terms", response_model=TermsOut, responses=READ_ORG)
async def get_terms(organisation: OrgRef, uow: ReadWork) -> Any:
    """Show an organisation's terms."""
    return await ledger.show_terms(uow, await org_id_of(uow, organisation))


@router.put("/organisations/{organisation}/terms", response_model=TermsOut, responses=READ_ORG)
async def put_terms(organisation: OrgRef, body: TermsIn, uow: WriteWork) -> Any:
    """Set an organisation's terms."""
    return await set_terms(uow, await org_id_of(uow, organisation), **body.model_dump())


@router.post("/organisations/{organisation}/top-ups", response_model=BalanceOut, status_code=201, responses=_MONEY)
async def create_top_up(organisation: OrgRef, body: MoneyIn, uow: WriteWork) -> Any:
    """Book money that an organisation paid in."""
    org_id = await org_id_of(uow, organisation)
    return await top_up(uow, org_id, body.amount_micro, reference=body.reference, note=body.note)


@router.get("/organisations/{organisation}/accounts", response_model=Page[AccountOut], responses=READ_ORG)
async def list_organisation_accounts(organisation: OrgRef, uow: ReadWork, paging: Paging, kind: Kind = None) -> Any:
    """List an organisation's ledger accounts."""
    return (await ledger.list_accounts(uow, await org_id_of(uow, organisation), kind, paging)).page(AccountOut)


@router.get("/organisations/{organisation}/entries", response_model=Page[EntryOut], responses=READ_ORG)
async def list_organisation_entries(
    organisation: OrgRef,
    uow: ReadWork,
    paging: Paging,
    kind: Kind = None,
    account_id: AccountId = None,
    start: Start = None,
    end: End = None,
) -> Any:
    """List an organisation's journal, newest first."""
    rows = await ledger.list_entries(
        uow,
        await org_id_of(uow, organisation),
        paging,
        kind=kind,
        account_id=account_id,
        start=start,
        end=end,
    )
    return rows.page(EntryOut)


@router.get("/books", response_model=list[KindSumOut], responses=problems(Unauthenticated, Forbidden))
async def get_books(uow: ReadWork) -> Any:
    """Sum all accounts by kind; together they come to zero."""
    return await ledger.show_books(uow)


@router.get("/accounts", response_model=Page[AccountOut], responses=READ)
async def list_ledger_accounts(
    uow: ReadWork, paging: Paging, owner: Annotated[str | None, Query(max_length=80)] = None, kind: Kind = None
) -> Any:
    """List ledger accounts: all for operators, one owner's for its maintainers."""
    return (await ledger.list_accounts(uow, owner, kind, paging)).page(AccountOut)


@router.get("/accounts/{account_id}/statement", response_model=StatementOut, responses=READ)
async def get_account_statement(
    account_id: str, uow: ReadWork, paging: Paging, start: Start = None, end: End = None
) -> Any:
    """Show an account's movements with the balances at both ends."""
    return await ledger.show_statement(uow, account_id, start, end, paging)


@router.post("/accounts/{account_id}/pay-outs", response_model=AccountOut, status_code=201, responses=_MONEY)
async def create_pay_out(account_id: str, body: MoneyIn, uow: WriteWork) -> Any:
    """Book money that was paid out of a general or settled account."""
    return await pay_out(uow, account_id, body.amount_micro, reference=body.reference, note=body.note)


@router.post("/accounts/{account_id}/fundings", response_model=AccountOut, status_code=201, responses=_MONEY)
async def create_funding(account_id: str, body: MoneyIn, uow: WriteWork) -> Any:
    """Book money that came in for a pool."""
    return await fund_account(uow, account_id, body.amount_micro, reference=body.reference, note=body.note)


@router.get("/entries", response_model=Page[EntryOut], responses=READ)
async def list_entries(
    uow: ReadWork,
    paging: Paging,
    org_id: Annotated[str | None, Query(max_length=80)] = None,
    kind: Kind = None,
    account_id: AccountId = None,
    start: Start = None,
    end: End = None,
) -> Any:
    """List the journal: all of it for operators, one organisation's part for its maintainers."""
    rows = await ledger.list_entries(uow, org_id, paging, kind=kind, account_id=account_id, start=start, end=end)
    return rows.page(EntryOut)


@router.get("/entries/{entry_id}", response_model=EntryOut, responses=READ)
async def get_ledger_entry(entry_id: str, uow: ReadWork) -> Any:
    """Show one entry with its postings."""
    return await ledger.show_entry(uow, entry_id)


@router.post(
    "/entries/{entry_id}/reversal",
    response_model=ReversalOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, NotFound, EntryReversed, InsufficientFunds, Invalid),
)
async def reverse_ledger_entry(entry_id: str, body: ReasonIn, uow: WriteWork) -> Any:
    """Take back a top-up, pay-out or transfer by its mirror image."""
    return ReversalOut(id=await reverse_entry(uow, entry_id, body.reason))
