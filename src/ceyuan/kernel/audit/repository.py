"""All reading of the log's tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.kernel.audit.merkle import Range, frontier_root, node_hash, perfect_subtrees, root_of
from ceyuan.kernel.audit.sealing import NODE_STEP, split_frontier
from ceyuan.kernel.audit.tables import AuditEntry, AuditHead, AuditNode, AuditTree


async def size_and_frontier(session: AsyncSession) -> tuple[int, tuple[bytes, ...]]:
    """How many entries are committed, and the frontier over them."""
    row = (await session.execute(select(AuditTree.size, AuditTree.frontier))).one_or_none()
    return (row.size, split_frontier(row.frontier)) if row else (0, ())


class Tiles:
    """Reads the tree's stored hashes in tiles of 256, each once, so that a proof costs a few queries."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    async def range_hash(self, span: Range) -> bytes:
        """The Merkle hash over a range that a proof names."""
        return frontier_root([await self._subtree(level, index) for level, index in perfect_subtrees(span)])

    async def _subtree(self, level: int, index: int) -> bytes:
        stored, above = level - level % NODE_STEP, level % NODE_STEP
        first = index << above
        tile = await self._tile(stored, first >> NODE_STEP)
        start = first % (1 << NODE_STEP)
        return root_of_perfect(tile[start : start + (1 << above)])

    async def _tile(self, level: int, number: int) -> list[bytes]:
        if (level, number) not in self._tiles:
            low, high = number << NODE_STEP, (number + 1) << NODE_STEP
            query: Select[bytes]
            if level == 0:
                query = select(AuditEntry.leaf).where(AuditEntry.seq >= low, AuditEntry.seq < high)
                query = query.order_by(AuditEntry.seq)
            else:
                query = select(AuditNode.hash).where(AuditNode.index >= low, AuditNode.index < high)
                query = query.where(AuditNode.level == level).order_by(AuditNode.index)
            self._tiles[level, number] = list(await self._session.scalars(query))
        return self._tiles[level, number]


async def nodes_within(session: AsyncSession, low: int, high: int) -> dict[tuple[int, int], bytes]:
    """The stored subtree roots, by level and index, that end within entries `low` to `high` (excluded)."""
    found: dict[tuple[int, int], bytes] = {}
    level = NODE_STEP
    while high >> level:
        query = select(AuditNode).where(
            AuditNode.level == level, AuditNode.index >= low >> level, AuditNode.index < high >> level
        )
        found |= {(node.level, node.index): node.hash for node in await session.scalars(query)}
        level += NODE_STEP
    return found


def root_of_perfect(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of subtree hashes of one level."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
    return row[0] if row else root_of(())


async def entry_by_id(session: AsyncSession, entry_id: str) -> AuditEntry | None:
    return (await session.scalars(select(AuditEntry).where(AuditEntry.id == entry_id))).one_or_none()


async def entries_of(session: AsyncSession, actor_id: str, limit: int = 100_000) -> Sequence[AuditEntry]:
    """A person's own deeds, newest first, at most `limit`."""
    query = select(AuditEntry).where(AuditEntry.actor_id == actor_id).order_by(AuditEntry.seq.desc())
    return (await session.scalars(query.limit(limit))).all()


async def rows_from(session: AsyncSession, seq: int, limit: int) -> Sequence[Row[Any]]:
    """The next entries at or after place `seq`, as plain rows with the table's columns."""
    query = select(*AuditEntry.__table__.columns).where(AuditEntry.seq >= seq).order_by(AuditEntry.seq).limit(limit)
    return (await session.execute(query)).all()


async def latest_head(session: AsyncSession, *, covering: int = 0) -> AuditHead | None:
    """The newest signed head over at least `covering` entries."""
    query = select(AuditHead).where(AuditHead.size >= covering).order_by(AuditHead.size.desc()).limit(1)
    return (await session.scalars(query)).one_or_none()


async def head_at(session: AsyncSession, size: int) -> AuditHead | None:
    return await session.get(AuditHead, size)


def select_heads() -> Select[AuditHead]:
    """Every signed head."""
    return select(AuditHead)


async def heads(session: AsyncSession) -> list[AuditHead]:
    """All signed heads, smallest first."""
    return list(await session.scalars(select_heads().order_by(AuditHead.size)))


def select_entries(
    *,
    org_id: str | None = None,
    actor_id: str | None = None,
    action: str | None = None,
    subject: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Select[AuditEntry]:
    """Entries that meet all given conditions; `action` ending in `.` means every action that begins so."""
    query = select(AuditEntry)
    if org_id is not None:
        query = query.where(AuditEntry.org_id == org_id)
    if actor_id is not None:
        query = query.where((AuditEntry.actor_id == actor_id) | (AuditEntry.impersonator == actor_id))
    if action is not None and action.endswith("."):
        query = query.where(AuditEntry.action.startswith(action, autoescape=True))
    elif action is not None:
        query = query.where(AuditEntry.action == action)
    if subject is not None:
        query = query.where(AuditEntry.subject == subject)
    if since is not None:
        query = query.where(AuditEntry.at >= since)
    if until is not None:
        query = query.where(AuditEntry.at < until)
    return query
