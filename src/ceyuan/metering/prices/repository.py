"""All SQL of the price list."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Select, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.metering.errors import NoSuchEntry
from ceyuan.metering.prices.book import PriceLine
from ceyuan.metering.prices.tables import Price
from ceyuan.metering.sql import is_sqlite


async def get(session: AsyncSession, price_id: str, *, lock: bool = False) -> Price:
    price = await session.get(Price, price_id, with_for_update=lock or None)
    if price is None:
        raise NoSuchEntry(("没有这条价格", "no such price"))
    return price


async def lock_list(session: AsyncSession) -> None:
    """Keep other writers of prices out until the commit: an overlap is a property of several rows."""
    if not is_sqlite(session):
        await session.execute(text("LOCK TABLE price IN SHARE ROW EXCLUSIVE MODE"))


async def overlapping(
    session: AsyncSession, scope: str, resource: str, model: str, start: datetime, end: datetime | None
) -> list[Price]:
    """Prices of the same list, resource and model whose validity meets [start, end)."""
    query = select(Price).where(
        Price.scope == scope,
        Price.resource == resource,
        Price.model == model,
        or_(Price.valid_to.is_(None), Price.valid_to > start),
    )
    if end is not None:
        query = query.where(Price.valid_from < end)
    return list(await session.scalars(query.order_by(Price.valid_from)))


async def lines(session: AsyncSession, scopes: Iterable[str], resources: Iterable[str] | None) -> list[PriceLine]:
    query = select(
        Price.id,
        Price.scope,
        Price.resource,
        Price.model,
        Price.unit_micro,
        Price.per,
        Price.valid_from,
        Price.valid_to,
    ).where(Price.scope.in_(list(scopes)))
    if resources is not None:
        query = query.where(Price.resource.in_(list(resources)))
    return [PriceLine(*row) for row in await session.execute(query)]


def listing(
    scopes: Iterable[str] | None, resource: str | None, model: str | None, at: datetime | None
) -> Select[Price]:
    query = select(Price)
    if scopes is not None:
        query = query.where(Price.scope.in_(list(scopes)))
    if resource is not None:
        query = query.where(Price.resource == resource)
    if model is not None:
        query = query.where(Price.model == model)
    if at is not None:
        query = query.where(Price.valid_from <= at, or_(Price.valid_to.is_(None), Price.valid_to > at))
    return query
