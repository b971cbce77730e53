"""All SQL of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.kernel.ids import new_id
from ceyuan.metering.errors import NoSuchEntry
from ceyuan.metering.ledger.tables import LedgerAccount, LedgerEntry, LedgerPosting
from ceyuan.metering.sql import insert_for, insert_many, table_of

_accounts, _entries, _postings = table_of(LedgerAccount), table_of(LedgerEntry), table_of(LedgerPosting)
AccountKey = tuple[str, str, str]
"""(owner, kind, ref)."""
# One order for all who lock: general accounts stand for their organisations and come first, by owner.
_LOCK_ORDER = (case((LedgerAccount.kind == "general", 0), else_=1), LedgerAccount.owner, LedgerAccount.id)


async def find_account(session: AsyncSession, owner: str, kind: str, ref: str = "") -> LedgerAccount | None:
    query = select(LedgerAccount).where(
        LedgerAccount.owner == owner, LedgerAccount.kind == kind, LedgerAccount.ref == ref
    )
    return (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def get_account(session: AsyncSession, account_id: str) -> LedgerAccount:
    account = await session.get(LedgerAccount, account_id, populate_existing=True)
    if account is None:
        raise NoSuchEntry(("没有这个账户", "no such account"))
    return account


async def ensure_account(
    session: AsyncSession, owner: str, kind: str, ref: str, *, floor: int | None, now: datetime
) -> str:
    """The id of the account, opened if it is not there yet."""
    query = select(LedgerAccount.id).where(
        LedgerAccount.owner == owner, LedgerAccount.kind == kind, LedgerAccount.ref == ref
    )
    known = await session.scalar(query)
    if known is not None:
        return known
    values = {"id": new_id("acct"), "owner": owner, "kind": kind, "ref": ref, "floor_micro": floor}
    statement = insert_for(session, _accounts).values(balance_micro=0, created_at=now, **values)
    await session.execute(statement.on_conflict_do_nothing())
    return (await session.execute(query)).scalar_one()


async def lock_generals(session: AsyncSession, org_ids: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Id and balance of the general accounts that are there, by organisation, locked in the order of their owners."""
    query = (
        select(LedgerAccount.owner, LedgerAccount.id, LedgerAccount.balance_micro)
        .where(LedgerAccount.kind == "general", LedgerAccount.ref == "", LedgerAccount.owner.in_(sorted(set(org_ids))))
        .order_by(LedgerAccount.owner)
        .with_for_update()
    )
    return {row.owner: (row.id, row.balance_micro) for row in await session.execute(query)}


async def lock_balances(session: AsyncSession, account_ids: Iterable[str]) -> dict[str, tuple[int, int | None]]:
    """Balance and floor of accounts, their rows locked (on PostgreSQL) in the one order that all writers keep."""
    ids = sorted(set(account_ids))
    query = (
        select(LedgerAccount.id, LedgerAccount.balance_micro, LedgerAccount.floor_micro)
        .where(LedgerAccount.id.in_(ids))
        .order_by(*_LOCK_ORDER)
        .with_for_update()
    )
    found = {row.id: (row.balance_micro, row.floor_micro) for row in await session.execute(query)}
    if len(found) != len(ids):
        raise NoSuchEntry(("没有这个账户", "no such account"))
    return found


async def write(
    session: AsyncSession,
    entries: Sequence[Mapping[str, Any]],
    postings: Sequence[Mapping[str, Any]],
    balances: Mapping[str, int],
) -> None:
    """Insert postings, then the entries that seal them, then the new balances."""
    await insert_many(session, _postings, [dict(row) for row in postings])
    await insert_many(session, _entries, [dict(row) for row in entries])
    connection = await session.connection()
    statement = (
        _accounts.update().where(_accounts.c.id == bindparam("account")).values(balance_micro=bindparam("balance"))
    )
    await connection.execute(statement, [{"account": key, "balance": value} for key, value in balances.items()])


async def find_reference(session: AsyncSession, reference: str) -> LedgerEntry | None:
    return (await session.scalars(select(LedgerEntry).where(LedgerEntry.reference == reference))).one_or_none()


async def get_entry(session: AsyncSession, entry_id: str) -> LedgerEntry:
    entry = await session.get(LedgerEntry, entry_id)
    if entry is None:
        raise NoSuchEntry(("没有这笔分录", "no such entry"))
    return entry


async def is_reversed(session: AsyncSession, entry_id: str) -> bool:
    query = select(func.count()).select_from(LedgerEntry).where(LedgerEntry.reverses_id == entry_id)
    return bool(await session.scalar(query))


async def postings_of(session: AsyncSession, entry_ids: Iterable[str]) -> list[Any]:
    """Postings with their account's owner, kind and ref, in order."""
    query = (
        select(
            LedgerPosting.entry_id,
            LedgerPosting.account_id,
            LedgerPosting.amount_micro,
            LedgerPosting.balance_after_micro,
            LedgerAccount.owner,
            LedgerAccount.kind,
            LedgerAccount.ref,
        )
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .where(LedgerPosting.entry_id.in_(list(entry_ids)))
        .order_by(LedgerPosting.seq)
    )
    return list(await session.execute(query))


def movements(account_id: str, start: datetime | None, end: datetime | None) -> Select[LedgerPosting]:
    """The account's postings whose entries are of the half-open interval [start, end)."""
    query = select(LedgerPosting).join(LedgerEntry, LedgerEntry.id == LedgerPosting.entry_id)
    query = query.where(LedgerPosting.account_id == account_id)
    if start is not None:
        query = query.where(LedgerEntry.at >= start)
    return query if end is None else query.where(LedgerEntry.at < end)


async def turnover(
    session: AsyncSession, account_id: str, start: datetime | None, end: datetime | None
) -> tuple[int, int]:
    """What flowed in and what flowed out (both positive) in [start, end)."""
    amount = LedgerPosting.amount_micro
    flows = movements(account_id, start, end).with_only_columns(
        func.coalesce(func.sum(case((amount > 0, amount), else_=0)), 0),
        func.coalesce(func.sum(case((amount < 0, -amount), else_=0)), 0),
    )
    inflow, outflow = (await session.execute(flows)).one()
    return int(inflow), int(outflow)


async def entries(session: AsyncSession, entry_ids: Iterable[str]) -> dict[str, LedgerEntry]:
    """Entries by id."""
    query = select(LedgerEntry).where(LedgerEntry.id.in_(list(entry_ids)))
    return {row.id: row for row in await session.scalars(query)}


async def reversals(session: AsyncSession, entry_ids: Iterable[str]) -> dict[str, str]:
    """Ids of the entries that reverse these, by the id of what they reverse."""
    query = select(LedgerEntry.reverses_id, LedgerEntry.id).where(LedgerEntry.reverses_id.in_(list(entry_ids)))
    return {row.reverses_id: row.id for row in await session.execute(query) if row.reverses_id}


def accounts(owner: str | None, kind: str | None) -> Select[LedgerAccount]:
    query = select(LedgerAccount)
    if owner is not None:
        query = query.where(LedgerAccount.owner == owner)
    return query if kind is None else query.where(LedgerAccount.kind == kind)


def journal(
    org_id: str | None, kind: str | None, account_id: str | None, start: datetime | None, end: datetime | None
) -> Select[LedgerEntry]:
    """Entries by organisation, kind, account that they touch, and half-open time."""
    query = select(LedgerEntry)
    if org_id is not None:
        query = query.where(LedgerEntry.org_id == org_id)
    if kind is not None:
        query = query.where(LedgerEntry.kind == kind)
    if account_id is not None:
        touched = select(LedgerPosting.entry_id).where(LedgerPosting.account_id == account_id)
        query = query.where(LedgerEntry.id.in_(touched))
    if start is not None:
        query = query.where(LedgerEntry.at >= start)
    return query if end is None else query.where(LedgerEntry.at < end)


async def sum_before(session: AsyncSession, account_id: str, moment: datetime) -> int:
    """The account's balance just before a moment, from its postings."""
    query = (
        select(func.coalesce(func.sum(LedgerPosting.amount_micro), 0))
        .join(LedgerEntry, LedgerEntry.id == LedgerPosting.entry_id)
        .where(LedgerPosting.account_id == account_id, LedgerEntry.at < moment)
    )
    return int(await session.scalar(query) or 0)
