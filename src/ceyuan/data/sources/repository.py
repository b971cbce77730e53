"""All SQL of sources."""

from __future__ import annotations

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.data.sources.errors import SourceNotFound
from ceyuan.data.sources.tables import DataSource
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.upserts import insert_missing


async def get(session: AsyncSession, source_id: str, *, lock: bool = False) -> DataSource:
    """The source, deleted ones too; raises `SourceNotFound`."""
    query = select(DataSource).where(DataSource.id == source_id)
    row = await session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise SourceNotFound()
    return row


async def by_address(session: AsyncSession, address: str) -> DataSource | None:
    """The source at `org_id/key`, if there is one."""
    row: DataSource | None = await session.scalar(select(DataSource).where(DataSource.address == address))
    return row


async def insert(session: AsyncSession, values: dict[str, object]) -> DataSource | None:
    """Insert a source; None where its address is taken."""
    await session.execute(insert_missing(session, DataSource, values))
    row: DataSource | None = await session.get(DataSource, values["id"])
    return row


def visible(
    actor: Actor,
    *,
    org_id: str | None,
    kind: str | None,
    domain: str | None,
    text: str | None,
    grade: str | None,
) -> Select[DataSource]:
    """The sources that the actor may see, filtered."""
    query = select(DataSource).where(DataSource.deleted_at.is_(None))
    if not (actor.kind == "system" or actor.is_admin):
        query = query.where(DataSource.org_id.in_(list(actor.roles)))
    if org_id:
        query = query.where(DataSource.org_id == org_id)
    if kind:
        query = query.where(DataSource.kind == kind)
    if domain:
        query = query.where(DataSource.domain == domain)
    if grade:
        query = query.where(DataSource.grade == grade)
    if text:
        parts = (DataSource.key, DataSource.title, DataSource.origin)
        query = query.where(or_(*(column.icontains(text, autoescape=True) for column in parts)))
    return query
