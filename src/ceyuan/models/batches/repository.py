"""All SQL of batches."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.models.batches.errors import BatchUnknown, FileUnknown
from ceyuan.models.batches.tables import Batch, BatchFile

Row = TypeVar("Row", Batch, BatchFile)
OPEN = ("validating", "in_progress", "finalizing", "cancelling")


async def file(session: AsyncSession, org_id: str, file_id: str) -> BatchFile:
    """A file of the organisation; raises `FileUnknown`."""
    row = await session.get(BatchFile, file_id)
    if row is None or row.org_id != org_id:
        raise FileUnknown()
    return row


async def batch(session: AsyncSession, org_id: str, batch_id: str, *, lock: bool = False) -> Batch:
    """A batch of the organisation; raises `BatchUnknown`."""
    row = await session.get(Batch, batch_id, with_for_update=lock or None)
    if row is None or row.org_id != org_id:
        raise BatchUnknown()
    return row


async def any_batch(session: AsyncSession, batch_id: str, *, lock: bool = False) -> Batch | None:
    """A batch, whoever's."""
    return await session.get(Batch, batch_id, with_for_update=lock or None)


async def of_job(session: AsyncSession, job_id: str) -> Batch | None:
    row: Batch | None = await session.scalar(select(Batch).where(Batch.job_id == job_id))
    return row


async def reading(session: AsyncSession, file_id: str) -> int:
    """How many batches that have not ended read a file."""
    query = select(func.count()).select_from(Batch).where(Batch.input_file_id == file_id, Batch.status.in_(OPEN))
    return int(await session.scalar(query) or 0)


async def listed(
    session: AsyncSession, query: Select[Row], table: type[Row], after: str | None, limit: int
) -> Sequence[Row]:
    """The newest rows after the one named `after`, one more than `limit` where there are more."""
    if after is not None:
        last: Any = await session.get(table, after)
        if last is not None:
            query = query.where(tuple_(table.created_at, table.id) < tuple_(last.created_at, last.id))
    query = query.order_by(table.created_at.desc(), table.id.desc()).limit(limit + 1)
    return list(await session.scalars(query))


async def hashes(session: AsyncSession) -> AsyncIterator[str]:
    """The hashes of all files."""
    for sha256 in await session.scalars(select(BatchFile.sha256)):
        yield sha256
