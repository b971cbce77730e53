"""Balances, accounts, entries, statements, terms and top-ups for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.access import require_overseer, require_reader
from ceyuan.metering.ledger import repository
from ceyuan.metering.ledger.statement import Statement, statement
from ceyuan.metering.ledger.tables import LedgerAccount, LedgerEntry
from ceyuan.metering.terms import Terms, terms_of
from ceyuan.metering.wallets import Balance, balance_of


@dataclass(frozen=True, slots=True)
class PostingView:
    """One side of an entry with the account that it touches."""

    account_id: str
    owner: str
    kind: str
    ref: str
    amount_micro: int
    balance_after_micro: int


@dataclass(frozen=True, slots=True)
class EntryView:
    """A journal entry with its postings; `reversed_by` is the entry that took it back, `reverses_id` what it takes
    back itself."""

    id: str
    kind: str
    org_id: str | None
    reference: str | None
    reverses_id: str | None
    reversed_by: str | None
    note: str
    data: dict[str, Any]
    actor_id: str
    at: datetime
    postings: Sequence[PostingView]


@dataclass(frozen=True, slots=True)
class KindSum:
    """All accounts of one kind together."""

    kind: str
    accounts: int
    balance_micro: int


async def show_balance(uow: UnitOfWork, org_id: str) -> Balance:
    """What the organisation has; its members may look."""
    require_reader(uow, org_id)
    return await balance_of(uow, org_id)


async def show_terms(uow: UnitOfWork, org_id: str) -> Terms:
    """The organisation's terms; its maintainers may look."""
    require_reader(uow, org_id, "maintainer")
    return (await terms_of(uow, [org_id]))[org_id]


async def list_accounts(
    uow: UnitOfWork, owner: str | None, kind: str | None, paging: PageRequest
) -> Rows[LedgerAccount]:
    """Accounts of one owner for its maintainers, of all for operators."""
    _require_books_of(uow, owner)
    sorts = {
        "created_at": LedgerAccount.created_at,
        "balance_micro": LedgerAccount.balance_micro,
        "kind": LedgerAccount.kind,
    }
    query = repository.accounts(owner, kind)
    return await fetch_page(uow.session, query, paging, key=LedgerAccount.id, sorts=sorts, default="created_at")


async def list_entries(
    uow: UnitOfWork,
    org_id: str | None,
    paging: PageRequest,
    *,
    kind: str | None = None,
    account_id: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Rows[EntryView]:
    """The journal of one organisation for its maintainers, of all for operators; newest first by default."""
    _require_books_of(uow, org_id)
    query = repository.journal(org_id, kind, account_id, start, end)
    rows = await fetch_page(uow.session, query, paging, key=LedgerEntry.id, sorts={"at": LedgerEntry.at}, default="-at")
    return Rows(await _views(uow, rows.items), rows.next)


async def show_entry(uow: UnitOfWork, entry_id: str) -> EntryView:
    """One entry with its postings, for maintainers of its organisation and operators."""
    uow.actor.require_known()
    entry = await repository.get_entry(uow.session, entry_id)
    _require_books_of(uow, entry.org_id)
    return (await _views(uow, [entry]))[0]


async def show_statement(
    uow: UnitOfWork, account_id: str, start: datetime | None, end: datetime | None, paging: PageRequest
) -> Statement:
    """An account's statement, for maintainers of its owner and operators."""
    uow.actor.require_known()
    account = await repository.get_account(uow.session, account_id)
    _require_books_of(uow, account.owner)
    return await statement(uow, account_id, start, end, paging)


async def show_books(uow: UnitOfWork) -> list[KindSum]:
    """All accounts summed by kind, for operators; the sums come to zero together."""
    require_overseer(uow)
    query = (
        select(LedgerAccount.kind, func.count(), func.sum(LedgerAccount.balance_micro))
        .group_by(LedgerAccount.kind)
        .order_by(LedgerAccount.kind)
    )
    return [KindSum(kind, count, int(total)) for kind, count, total in await uow.session.execute(query)]


def _require_books_of(uow: UnitOfWork, owner: str | None) -> None:
    if owner is None:
        require_overseer(uow)
    else:
        require_reader(uow, owner, "maintainer")


async def _views(uow: UnitOfWork, entries: Iterable[LedgerEntry]) -> list[EntryView]:
    entries = list(entries)
    ids = [entry.id for entry in entries]
    taken_back = await repository.reversals(uow.session, ids)
    postings: dict[str, list[PostingView]] = {}
    for row in await repository.postings_of(uow.session, ids):
        postings.setdefault(row.entry_id, []).append(
            PostingView(row.account_id, row.owner, row.kind, row.ref, row.amount_micro, row.balance_after_micro)
        )
    return [
        EntryView(
            entry.id,
            entry.kind,
            entry.org_id,
            entry.reference,
            entry.reverses_id,
            taken_back.get(entry.id),
            entry.note,
            entry.data,
            entry.actor_id,
            entry.at,
            postings.get(entry.id, []),
        )
        for entry in entries
    ]
