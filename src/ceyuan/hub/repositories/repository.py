"""All SQL of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import Select, and_, case, delete, func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from ceyuan.hub.history.tables import HubHeld
from ceyuan.hub.repositories.cards import Labels
from ceyuan.hub.repositories.tables import HubDownloads, HubLabel, HubRedirect, HubRepository
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.upserts import insert_missing, upsert

Query = TypeVar("Query", bound=Select[Any])
SORTS: Mapping[str, InstrumentedAttribute[Any]] = {
    "updated_at": HubRepository.updated_at,
    "created_at": HubRepository.created_at,
    "name": HubRepository.name,
    "downloads": HubRepository.downloads,
    "bytes": HubRepository.head_bytes,
    "likes": HubRepository.likes,
}


async def by_id(session: AsyncSession, repository_id: str, *, lock: bool = False) -> HubRepository | None:
    return await session.get(HubRepository, repository_id, with_for_update=lock or None)


async def by_key(session: AsyncSession, key: str) -> HubRepository | None:
    """The repository at this address now, or that had it before it was moved."""
    found: HubRepository | None = await session.scalar(select(HubRepository).where(HubRepository.path_key == key))
    if found is None:
        found = await session.scalar(
            select(HubRepository)
            .join(HubRedirect, HubRedirect.repository_id == HubRepository.id)
            .where(HubRedirect.path_key == key, HubRepository.deleted_at.is_(None))
        )
    return found


async def insert(session: AsyncSession, values: Mapping[str, Any]) -> HubRepository | None:
    """The new repository, or None if its address is taken."""
    made = await session.scalar(insert_missing(session, HubRepository, dict(values)).returning(HubRepository.id))
    return await by_id(session, values["id"]) if made is not None else None


async def redirect(session: AsyncSession, old_key: str, repository_id: str, new_key: str) -> None:
    """Let the old address lead to the repository; the new one is its own."""
    values = {"path_key": old_key, "repository_id": repository_id}
    await session.execute(upsert(session, HubRedirect, values, key=["path_key"], update=["repository_id"]))
    await session.execute(delete(HubRedirect).where(HubRedirect.path_key == new_key))


async def set_labels(session: AsyncSession, repository_id: str, labels: Labels) -> None:
    await session.execute(delete(HubLabel).where(HubLabel.repository_id == repository_id))
    values = [{"repository_id": repository_id, "facet": f, "value": v} for f, v in labels.pairs()]
    if values:
        await session.execute(insert_missing(session, HubLabel, values))


def labelled(query: Query, facet: str, value: str) -> Query:
    """`query` over repositories, narrowed to those with this label."""
    matching = select(HubLabel.repository_id).where(HubLabel.facet == facet, HubLabel.value == value)
    return query.where(HubRepository.id.in_(matching))


def tagged(query: Query, value: str) -> Query:
    """`query` over repositories, narrowed to those with this label, whatever its facet; case makes no difference."""
    matching = select(HubLabel.repository_id).where(func.lower(HubLabel.value) == value.lower())
    return query.where(HubRepository.id.in_(matching))


async def page(session: AsyncSession, query: Select[HubRepository], paging: PageRequest) -> Rows[HubRepository]:
    return await fetch_page(session, query, paging, key=HubRepository.id, sorts=SORTS, default="-updated_at")


async def count_labels(
    session: AsyncSession, matching: Select[Any], facet: str, limit: int
) -> Sequence[tuple[str, int]]:
    """The facet's commonest values among the repositories whose ids `matching` selects."""
    number = func.count().label("number")
    rows = await session.execute(
        select(HubLabel.value, number)
        .where(HubLabel.facet == facet, HubLabel.repository_id.in_(matching))
        .group_by(HubLabel.value)
        .order_by(number.desc(), HubLabel.value)
        .limit(limit)
    )
    return [(value, count) for value, count in rows]


async def count_column(
    session: AsyncSession, matching: Select[Any], column: InstrumentedAttribute[str], limit: int
) -> Sequence[tuple[str, int]]:
    """The same for a column of the repositories themselves."""
    number = func.count().label("number")
    rows = await session.execute(
        select(column, number)
        .where(HubRepository.id.in_(matching))
        .group_by(column)
        .order_by(number.desc(), column)
        .limit(limit)
    )
    return [(value, count) for value, count in rows]


async def count_sizes(
    session: AsyncSession, matching: Select[Any], ranges: Mapping[str, tuple[int, int | None]]
) -> Sequence[tuple[str, int]]:
    """How many of the repositories whose ids `matching` selects lie in each range of bytes; empty ranges left out."""
    size = HubRepository.head_bytes
    sums = [
        func.coalesce(func.sum(case((and_(size >= low, size < high) if high else size >= low, 1), else_=0)), 0)
        for low, high in ranges.values()
    ]
    row = (await session.execute(select(*sums).where(HubRepository.id.in_(matching)))).one()
    return [(name, int(count)) for name, count in zip(ranges, row, strict=True) if count]


async def owned_by(session: AsyncSession, org_id: str) -> Sequence[HubRepository]:
    """All repositories of an organisation, deleted ones too."""
    return list(await session.scalars(select(HubRepository).where(HubRepository.org_id == org_id)))


async def count_public(session: AsyncSession, org_id: str) -> dict[str, int]:
    """How many public repositories of each kind an organisation has."""
    rows = await session.execute(
        select(HubRepository.kind, func.count())
        .where(HubRepository.org_id == org_id, HubRepository.visibility == "public", HubRepository.deleted_at.is_(None))
        .group_by(HubRepository.kind)
    )
    return {kind: int(count) for kind, count in rows}


async def usage(session: AsyncSession, org_id: str) -> tuple[int, int, int]:
    """Of an organisation: repositories, bytes that each of them holds summed, bytes with shared content once."""
    count, logical = (
        await session.execute(
            select(func.count(), func.coalesce(func.sum(HubRepository.held_bytes), 0)).where(
                HubRepository.org_id == org_id
            )
        )
    ).one()
    own = (
        select(HubHeld.sha256, HubHeld.size)
        .join(HubRepository, HubRepository.id == HubHeld.repository_id)
        .where(HubRepository.org_id == org_id)
        .distinct()
        .subquery()
    )
    stored = await session.scalar(select(func.coalesce(func.sum(own.c.size), 0)))
    return int(count), int(logical), int(stored or 0)


async def add_downloads(session: AsyncSession, repository_id: str, day: date, count: int, size: int) -> None:
    """Add to the day's and the repository's download counters; nothing if the repository is gone."""
    changed = await session.execute(
        update(HubRepository)
        .where(HubRepository.id == repository_id)
        .values(downloads=HubRepository.downloads + count)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(changed, CursorResult)
    if changed.rowcount == 0:
        return
    zero = {"repository_id": repository_id, "day": day, "count": 0, "bytes": 0}
    await session.execute(insert_missing(session, HubDownloads, zero))
    await session.execute(
        update(HubDownloads)
        .where(HubDownloads.repository_id == repository_id, HubDownloads.day == day)
        .values(count=HubDownloads.count + count, bytes=HubDownloads.bytes + size)
        .execution_options(synchronize_session=False)
    )


async def downloads_since(session: AsyncSession, repository_id: str, day: date) -> Sequence[HubDownloads]:
    rows = await session.scalars(
        select(HubDownloads)
        .where(HubDownloads.repository_id == repository_id, HubDownloads.day >= day)
        .order_by(HubDownloads.day)
    )
    return list(rows)


async def purge(session: AsyncSession, deleted_before: datetime) -> int:
    """Remove for good what was deleted before this moment."""
    gone = await session.execute(delete(HubRepository).where(HubRepository.deleted_at < deleted_before))
    assert isinstance(gone, CursorResult)
    return int(gone.rowcount)
