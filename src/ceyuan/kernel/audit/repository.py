"""All reading of the log's tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.kernel.audit.merkle import Range, frontier_root, node_hash, perfect_subtrees, root_of
from ceyuan.kernel.audit.sealing import NODE_STEP, split_frontier
from ceyuan.kernel.audit.tables import AuditEntry, AuditHead, AuditNode, AuditTree


async def size_and_frontier(session: AsyncSession) -> tuple[int, tuple[bytes, ...]]:
    """How many entries are committed, and the frontier over them."""
    row = (await session.execute(select(AuditTree.size, AuditTree.frontier))).one_or_none()
    return (row.size, split_frontier(row.frontier)) if row else (0, ())


async def range_hash(session: AsyncSession, span: Range) -> bytes:
    """The Merkle hash over a range that a proof names."""
    hashes = [await _subtree(session, level, index) for level, index in perfect_subtrees(span)]
    return frontier_root(hashes)


async def _subtree(session: AsyncSession, level: int, index: int) -> bytes:
    stored, above = level - level % NODE_STEP, level % NODE_STEP
    low, high = index << above, (index + 1) << above
    if stored == 0:
        query: Select[bytes] = (
            select(AuditEntry.leaf).where(AuditEntry.seq >= low, AuditEntry.seq < high).order_by(AuditEntry.seq)
        )
    else:
        query = (
            select(AuditNode.hash)
            .where(AuditNode.level == stored, AuditNode.index >= low, AuditNode.index < high)
            .order_by(AuditNode.index)
        )
    return root_of_perfect(list(await session.scalars(query)))


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


async def entries_from(session: AsyncSession, seq: int, limit: int) -> list[AuditEntry]:
    """The next entries at or after place `seq`."""
    query = select(AuditEntry).where(AuditEntry.seq >= seq).order_by(AuditEntry.seq).limit(limit)
    return list(await session.scalars(query))


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
