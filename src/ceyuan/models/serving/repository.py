"""All SQL of serving."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.models.serving.errors import ModelNotServed, UpstreamUnknown
from ceyuan.models.serving.tables import ServedModel, Upstream


async def get_served(session: AsyncSession, reference: str, *, lock: bool = False) -> ServedModel:
    """The served model with this id or public name; raises `ModelNotServed`."""
    query = select(ServedModel).where((ServedModel.id == reference) | (ServedModel.name == reference))
    row = await session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise ModelNotServed()
    return row


async def find_served(session: AsyncSession, name: str) -> ServedModel | None:
    row: ServedModel | None = await session.scalar(select(ServedModel).where(ServedModel.name == name))
    return row


async def get_upstream(session: AsyncSession, reference: str) -> Upstream:
    """The upstream with this id or name; raises `UpstreamUnknown`."""
    row = await session.scalar(select(Upstream).where((Upstream.id == reference) | (Upstream.name == reference)))
    if row is None:
        raise UpstreamUnknown()
    return row


async def served_by(session: AsyncSession, upstream_id: str) -> list[str]:
    """The public names that an upstream serves, alone or with others."""
    rows = await session.scalars(select(ServedModel).order_by(ServedModel.name))
    return [row.name for row in rows if upstream_id in (row.upstream_id, *replica_ids(row))]


def replica_ids(row: ServedModel) -> list[str]:
    """The upstreams that serve a model beside its first one."""
    return [str(entry["upstream_id"]) for entry in (row.routing or {}).get("replicas", ())]


async def all_served(session: AsyncSession) -> list[ServedModel]:
    """Every served model."""
    return list(await session.scalars(select(ServedModel).order_by(ServedModel.name)))


async def all_upstreams(session: AsyncSession) -> dict[str, Upstream]:
    """Every upstream by its id."""
    return {row.id: row for row in await session.scalars(select(Upstream))}
