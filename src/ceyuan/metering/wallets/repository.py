"""All SQL of wallets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.metering.errors import NoSuchEntry
from ceyuan.metering.ledger.tables import LedgerAccount
from ceyuan.metering.wallets.tables import WalletRow


async def get(session: AsyncSession, wallet_id: str) -> WalletRow:
    row = await session.get(WalletRow, wallet_id, populate_existing=True)
    if row is None:
        raise NoSuchEntry(("没有这个钱包", "no such wallet"))
    return row


async def by_reference(session: AsyncSession, reference: str) -> WalletRow | None:
    return (await session.scalars(select(WalletRow).where(WalletRow.reference == reference))).one_or_none()


async def spendable(session: AsyncSession, org_ids: Iterable[str]) -> list[Any]:
    """Open wallets with money in them, each with its balance."""
    query = (
        select(WalletRow, LedgerAccount.balance_micro)
        .join(LedgerAccount, LedgerAccount.id == WalletRow.account_id)
        .where(WalletRow.org_id.in_(list(org_ids)), WalletRow.state == "active", LedgerAccount.balance_micro > 0)
        .order_by(WalletRow.id)
        .execution_options(populate_existing=True)
    )
    return list(await session.execute(query))


async def balances(session: AsyncSession, account_ids: Iterable[str]) -> dict[str, int]:
    query = select(LedgerAccount.id, LedgerAccount.balance_micro).where(LedgerAccount.id.in_(list(account_ids)))
    return {row.id: row.balance_micro for row in await session.execute(query)}


async def by_accounts(session: AsyncSession, account_ids: Iterable[str]) -> dict[str, WalletRow]:
    """Wallets by the id of their account."""
    query = select(WalletRow).where(WalletRow.account_id.in_(list(account_ids)))
    rows = await session.scalars(query.execution_options(populate_existing=True))
    return {row.account_id: row for row in rows}


async def empty(session: AsyncSession, wallet_ids: Iterable[str], but: Select[str | None]) -> list[WalletRow]:
    """Those of these open wallets that hold nothing, without the ones that `but` selects."""
    query = (
        select(WalletRow)
        .join(LedgerAccount, LedgerAccount.id == WalletRow.account_id)
        .where(
            WalletRow.id.in_(list(wallet_ids)),
            WalletRow.state == "active",
            LedgerAccount.balance_micro == 0,
            WalletRow.id.not_in(but),
        )
        .order_by(WalletRow.id)
    )
    return list(await session.scalars(query))


def listing(org_id: str | None, state: str | None) -> Select[WalletRow]:
    query = select(WalletRow)
    if org_id is not None:
        query = query.where(WalletRow.org_id == org_id)
    return query if state is None else query.where(WalletRow.state == state)


async def over(session: AsyncSession, end: datetime, limit: int) -> list[str]:
    """Ids of open wallets whose validity ended before `end`."""
    query = (
        select(WalletRow.id)
        .where(WalletRow.state == "active", WalletRow.valid_to.is_not(None), WalletRow.valid_to <= end)
        .order_by(WalletRow.valid_to)
        .limit(limit)
    )
    return list(await session.scalars(query))


async def held_by(session: AsyncSession, org_id: str) -> int:
    """What is in the organisation's hold account."""
    query = select(LedgerAccount.balance_micro).where(LedgerAccount.owner == org_id, LedgerAccount.kind == "hold")
    return await session.scalar(query) or 0
