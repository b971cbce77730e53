"""All SQL of commits, pointers and held content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, func, literal, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from ceyuan.hub.history.tables import HubCommit, HubHeld, HubRef
from ceyuan.hub.naming import HEADS, TAGS, is_commit_id, is_short_commit
from ceyuan.kernel.upserts import insert_missing, insert_missing_many

_CHUNK = 500


async def commit_by_id(session: AsyncSession, repository_id: str, commit_id: str) -> HubCommit | None:
    return await session.get(HubCommit, (repository_id, commit_id))


async def ref(session: AsyncSession, repository_id: str, name: str, *, lock: bool = False) -> HubRef | None:
    """The pointer with this full name, read afresh."""
    query = select(HubRef).where(HubRef.repository_id == repository_id, HubRef.name == name)
    query = query.execution_options(populate_existing=True)
    found: HubRef | None = await session.scalar(query.with_for_update() if lock else query)
    return found


async def resolve(session: AsyncSession, repository_id: str, revision: str) -> HubCommit | None:
    """The commit that a branch, a tag, a full reference, a commit id or its unique beginning names."""
    names = [revision] if revision.startswith("refs/") else [HEADS + revision, TAGS + revision]
    refs = await session.scalars(select(HubRef).where(HubRef.repository_id == repository_id, HubRef.name.in_(names)))
    by_name = {row.name: row.commit_id for row in refs}
    for name in names:
        if name in by_name:
            return await commit_by_id(session, repository_id, by_name[name])
    if is_commit_id(revision):
        return await commit_by_id(session, repository_id, revision)
    if is_short_commit(revision):
        begins = HubCommit.id.startswith(revision, autoescape=True)
        rows = await session.scalars(select(HubCommit).where(HubCommit.repository_id == repository_id, begins).limit(2))
        found = list(rows)
        return found[0] if len(found) == 1 else None
    return None


async def move_ref(
    session: AsyncSession, repository_id: str, name: str, expected: str, commit_id: str, now: datetime
) -> bool:
    """Point an existing branch from `expected` to `commit_id`; false if it is elsewhere by now."""
    moved = await session.execute(
        update(HubRef)
        .where(HubRef.repository_id == repository_id, HubRef.name == name, HubRef.commit_id == expected)
        .values(commit_id=commit_id, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(moved, CursorResult)
    return moved.rowcount == 1


async def add_ref(
    session: AsyncSession,
    repository_id: str,
    name: str,
    commit_id: str,
    now: datetime,
    message: str = "",
    tag: tuple[str, bytes] | None = None,
) -> bool:
    """Make a pointer, for an annotated tag with its object's id and body; false if there is one of this name."""
    row = {
        "repository_id": repository_id,
        "name": name,
        "commit_id": commit_id,
        "message": message,
        "tag_oid": tag[0] if tag else None,
        "tag_body": tag[1] if tag else None,
        "created_at": now,
        "updated_at": now,
    }
    return await session.scalar(insert_missing(session, HubRef, row).returning(HubRef.name)) is not None


async def remove_ref(session: AsyncSession, repository_id: str, name: str) -> bool:
    gone = await session.execute(delete(HubRef).where(HubRef.repository_id == repository_id, HubRef.name == name))
    assert isinstance(gone, CursorResult)
    return gone.rowcount == 1


async def refs(session: AsyncSession, repository_id: str) -> Sequence[HubRef]:
    """All branches and tags by name."""
    rows = await session.scalars(select(HubRef).where(HubRef.repository_id == repository_id).order_by(HubRef.name))
    return list(rows)


async def hold_still(session: AsyncSession, repository_id: str) -> None:
    """Let no other transaction move a pointer until this one is over."""
    await session.execute(select(HubRef.name).where(HubRef.repository_id == repository_id).with_for_update())


async def log(session: AsyncSession, repository_id: str, start: str, limit: int) -> list[HubCommit]:
    """`start` and the commits before it along first parents, newest first, at most `limit`."""
    step = (
        select(HubCommit.id, HubCommit.parent, literal(0).label("n"))
        .where(HubCommit.repository_id == repository_id, HubCommit.id == start)
        .cte("step", recursive=True)
    )
    older = aliased(HubCommit)
    step = step.union_all(
        select(older.id, older.parent, step.c.n + 1).where(
            older.repository_id == repository_id, older.id == step.c.parent, step.c.n < limit - 1
        )
    )
    rows = await session.scalars(
        select(HubCommit)
        .join(step, (HubCommit.id == step.c.id) & (HubCommit.repository_id == repository_id))
        .order_by(step.c.n)
    )
    return list(rows)


async def held(session: AsyncSession, repository_id: str, hashes: Iterable[str]) -> set[str]:
    """Which of these contents some revision of the repository holds."""
    wanted, found = list(hashes), set[str]()
    for start in range(0, len(wanted), _CHUNK):
        rows = await session.scalars(
            select(HubHeld.sha256).where(
                HubHeld.repository_id == repository_id, HubHeld.sha256.in_(wanted[start : start + _CHUNK])
            )
        )
        found.update(rows)
    return found


async def hold(session: AsyncSession, repository_id: str, sizes: Mapping[str, int]) -> int:
    """Note that revisions hold these contents (SHA-256 to bytes); returns the bytes that the repository holds."""
    values = [{"repository_id": repository_id, "sha256": key, "size": size} for key, size in sizes.items()]
    if values:
        connection = await session.connection()
        await connection.execute(insert_missing_many(session, HubHeld), values)
    total = await session.scalar(select(func.sum(HubHeld.size)).where(HubHeld.repository_id == repository_id))
    return int(total or 0)
