"""All SQL of the lineage graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.hub.lineage.tables import LineageEdge, LineageNode, LineageRecord
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.kernel.upserts import insert_missing

_CHUNK = 400


async def node(session: AsyncSession, node_id: str) -> LineageNode | None:
    return await session.get(LineageNode, node_id)


async def add_nodes(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    for start in range(0, len(rows), 50):
        await session.execute(insert_missing(session, LineageNode, list(rows[start : start + 50])))


async def rename_nodes(session: AsyncSession, ids: Sequence[str], label: str) -> None:
    for start in range(0, len(ids), _CHUNK):
        part = LineageNode.id.in_(ids[start : start + _CHUNK])
        await session.execute(update(LineageNode).where(part).values(label=label))


async def add_record(session: AsyncSession, row: Mapping[str, Any], edges: Sequence[Mapping[str, Any]]) -> bool:
    """Write a record with its edges; false if it was written before."""
    made = await session.scalar(insert_missing(session, LineageRecord, dict(row)).returning(LineageRecord.id))
    if made is None:
        return False
    for start in range(0, len(edges), _CHUNK):
        await session.execute(insert_missing(session, LineageEdge, list(edges[start : start + _CHUNK])))
    return True


async def reach(session: AsyncSession, start: str, *, forward: bool, depth: int, limit: int) -> dict[str, int]:
    """The nodes that can be reached from `start` within `depth` steps, the nearest `limit` of them, with their
    distance; `forward` walks from inputs to outputs."""
    here, there = LineageEdge.input_id, LineageEdge.output_id
    if not forward:
        here, there = there, here
    step = select(literal(start).label("id"), literal(0).label("distance")).cte("step", recursive=True)
    step = step.union(select(there, step.c.distance + 1).join(step, here == step.c.id).where(step.c.distance < depth))
    nearest = func.min(step.c.distance)
    rows = await session.execute(
        select(step.c.id, nearest).group_by(step.c.id).order_by(nearest, step.c.id).limit(limit)
    )
    return {node_id: int(distance) for node_id, distance in rows}


async def nodes(session: AsyncSession, ids: Iterable[str]) -> dict[str, LineageNode]:
    wanted, found = sorted(ids), dict[str, LineageNode]()
    for start in range(0, len(wanted), _CHUNK):
        rows = await session.scalars(select(LineageNode).where(LineageNode.id.in_(wanted[start : start + _CHUNK])))
        found.update({row.id: row for row in rows})
    return found


async def edges_among(session: AsyncSession, ids: set[str]) -> list[LineageEdge]:
    """The edges both of whose ends are in `ids`."""
    wanted, found = sorted(ids), list[LineageEdge]()
    for start in range(0, len(wanted), _CHUNK):
        rows = await session.scalars(
            select(LineageEdge).where(LineageEdge.output_id.in_(wanted[start : start + _CHUNK]))
        )
        found += [row for row in rows if row.input_id in ids]
    return found


async def edges_of(session: AsyncSession, record_ids: Iterable[str]) -> list[LineageEdge]:
    """All edges of these records."""
    wanted, found = sorted(set(record_ids)), list[LineageEdge]()
    for start in range(0, len(wanted), _CHUNK):
        some = wanted[start : start + _CHUNK]
        found += await session.scalars(select(LineageEdge).where(LineageEdge.record_id.in_(some)))
    return found


async def records(session: AsyncSession, ids: Iterable[str]) -> dict[str, LineageRecord]:
    wanted, found = sorted(set(ids)), dict[str, LineageRecord]()
    for start in range(0, len(wanted), _CHUNK):
        rows = await session.scalars(select(LineageRecord).where(LineageRecord.id.in_(wanted[start : start + _CHUNK])))
        found.update({row.id: row for row in rows})
    return found


async def repositories(session: AsyncSession, ids: Iterable[str]) -> dict[str, HubRepository]:
    """The repositories of revisions, as far as they exist."""
    wanted, found = sorted(set(ids)), dict[str, HubRepository]()
    for start in range(0, len(wanted), _CHUNK):
        rows = await session.scalars(select(HubRepository).where(HubRepository.id.in_(wanted[start : start + _CHUNK])))
        found.update({row.id: row for row in rows})
    return found
