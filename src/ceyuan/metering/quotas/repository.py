"""All SQL of quotas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.metering.errors import NoSuchEntry
from ceyuan.metering.quotas.rules import CounterKey
from ceyuan.metering.quotas.tables import Quota, QuotaCounter
from ceyuan.metering.sql import add_up, insert_missing, table_of

_counters = table_of(QuotaCounter)


async def get(session: AsyncSession, quota_id: str, *, lock: bool = False) -> Quota:
    quota = await session.get(Quota, quota_id, with_for_update=lock or None)
    if quota is None:
        raise NoSuchEntry(("没有这条配额", "no such quota"))
    return quota


async def of_orgs(session: AsyncSession, org_ids: Iterable[str]) -> list[Quota]:
    return list(await session.scalars(select(Quota).where(Quota.org_id.in_(list(org_ids))).order_by(Quota.id)))


def _is_one_of(keys: Iterable[CounterKey]) -> list[CounterKey]:
    return sorted(set(keys))


async def counters(session: AsyncSession, keys: Iterable[CounterKey]) -> dict[CounterKey, QuotaCounter]:
    """The counters that are there already."""
    wanted = _is_one_of(keys)
    found: dict[CounterKey, QuotaCounter] = {}
    for offset in range(0, len(wanted), 200):
        one_of = or_(
            *(
                and_(
                    QuotaCounter.quota_id == quota_id,
                    QuotaCounter.subject == subject,
                    QuotaCounter.window_start == start,
                )
                for quota_id, subject, start in wanted[offset : offset + 200]
            )
        )
        query = select(QuotaCounter).where(one_of).execution_options(populate_existing=True)
        found |= {(row.quota_id, row.subject, row.window_start): row for row in await session.scalars(query)}
    return found


async def add(session: AsyncSession, sums: Mapping[CounterKey, Decimal]) -> None:
    """Add to counters, in one order for all writers."""
    rows = [
        {"quota_id": quota_id, "subject": subject, "window_start": start, "used": sums[quota_id, subject, start]}
        for quota_id, subject, start in _is_one_of(sums)
    ]
    await add_up(session, _counters, rows, keys=("quota_id", "subject", "window_start"), sums=("used",))


async def lock_counter(session: AsyncSession, key: CounterKey) -> Decimal:
    """What the counter shows; its row is there and locked (on PostgreSQL) afterwards."""
    quota_id, subject, start = key
    row = {"quota_id": quota_id, "subject": subject, "window_start": start, "used": Decimal(0)}
    await insert_missing(session, _counters, [row])
    query = (
        select(QuotaCounter.used)
        .where(QuotaCounter.quota_id == quota_id, QuotaCounter.subject == subject, QuotaCounter.window_start == start)
        .with_for_update()
    )
    return (await session.execute(query)).scalar_one()


async def mark_noticed(session: AsyncSession, key: CounterKey, now: datetime) -> bool:
    """Remember that this window's notice went out; False if it had already."""
    quota_id, subject, start = key
    statement = (
        update(QuotaCounter)
        .where(
            QuotaCounter.quota_id == quota_id,
            QuotaCounter.subject == subject,
            QuotaCounter.window_start == start,
            QuotaCounter.noticed_at.is_(None),
        )
        .values(noticed_at=now)
        .returning(QuotaCounter.quota_id)
    )
    return (await session.execute(statement)).first() is not None


async def forget_before(session: AsyncSession, horizon: datetime) -> None:
    await session.execute(delete(QuotaCounter).where(QuotaCounter.window_start < horizon))
