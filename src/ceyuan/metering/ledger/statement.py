"""Statements: the movements of one account, with the balance before, after and in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ceyuan.kernel.pages import PageRequest, fetch_page
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.ledger import repository
from ceyuan.metering.ledger.tables import LedgerEntry, LedgerPosting


@dataclass(frozen=True, slots=True)
class Movement:
    """One posting with what its entry says."""

    seq: int
    entry_id: str
    kind: str
    at: datetime
    amount_micro: int
    balance_after_micro: int
    reference: str | None
    note: str


@dataclass(frozen=True, slots=True)
class Statement:
    """An account's movements in [start, end): balances at both ends, sums of both directions, one page of lines."""

    account_id: str
    opening_micro: int
    closing_micro: int
    inflow_micro: int
    outflow_micro: int
    movements: Sequence[Movement]
    next: str | None


async def statement(
    uow: UnitOfWork, account_id: str, start: datetime | None, end: datetime | None, paging: PageRequest
) -> Statement:
    """The statement of an account; newest movements first unless `sort=seq`."""
    session = uow.session
    account = await repository.get_account(session, account_id)
    opening = await repository.sum_before(session, account_id, start) if start else 0
    closing = await repository.sum_before(session, account_id, end) if end else account.balance_micro
    inflow, outflow = await repository.turnover(session, account_id, start, end)
    query = repository.movements(account_id, start, end)
    page = await fetch_page(
        session, query, paging, key=LedgerPosting.seq, sorts={"seq": LedgerPosting.seq}, default="-seq"
    )
    entries = await repository.entries(session, {row.entry_id for row in page.items})
    lines = [_movement(row, entries[row.entry_id]) for row in page.items]
    return Statement(account_id, opening, closing, inflow, outflow, lines, page.next)


def _movement(row: LedgerPosting, entry: LedgerEntry) -> Movement:
    return Movement(
        row.seq,
        entry.id,
        entry.kind,
        entry.at,
        row.amount_micro,
        row.balance_after_micro,
        entry.reference,
        entry.note,
    )
