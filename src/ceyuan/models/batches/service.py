"""Use cases of files and batches. Everything belongs to an organisation; whoever may call for it may use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from ceyuan.kernel.blobs import Blob
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.jobs import submit
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.batches import repository
from ceyuan.models.batches.errors import BatchOver, FileInUse
from ceyuan.models.batches.tables import Batch, BatchFile
from ceyuan.models.gateway.errors import BadRequest
from ceyuan.models.gateway.keys import Caller

KIND = "gateway.batch"
ENDPOINTS = ("/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/rerank", "/v1/images/generations")
PURPOSES = ("batch", "user_data")
WINDOW = timedelta(hours=24)
_MOST_NOTES = 16


async def keep_file(
    uow: UnitOfWork, org_id: str, blob: Blob, *, purpose: str, filename: str, file_id: str | None = None
) -> BatchFile:
    """Keep a stored blob as a file of the organisation."""
    await uow.platform.blobs.refer(uow, [blob.sha256])
    row = BatchFile(
        id=file_id or new_id("file"),
        org_id=org_id,
        purpose=purpose,
        filename=filename[:255] or "file",
        sha256=blob.sha256,
        bytes=blob.size,
        created_by=uow.actor.id,
        created_at=uow.clock.now(),
    )
    uow.session.add(row)
    await uow.session.flush()
    return row


async def find_file(uow: UnitOfWork, org_id: str, file_id: str) -> BatchFile:
    """A file of the organisation; raises `FileUnknown`."""
    uow.actor.require_role(org_id, "member")
    return await repository.file(uow.session, org_id, file_id)


async def list_files(
    uow: UnitOfWork, org_id: str, *, purpose: str | None, after: str | None, limit: int
) -> Sequence[BatchFile]:
    """The organisation's files, newest first, one more than `limit` where there are more."""
    uow.actor.require_role(org_id, "member")
    query = select(BatchFile).where(BatchFile.org_id == org_id)
    if purpose:
        query = query.where(BatchFile.purpose == purpose)
    return await repository.listed(uow.session, query, BatchFile, after, limit)


async def remove_file(uow: UnitOfWork, org_id: str, file_id: str) -> None:
    """Forget a file; raises `FileInUse` while a batch reads it."""
    row = await find_file(uow, org_id, file_id)
    if await repository.reading(uow.session, file_id):
        raise FileInUse(hint=("请先取消该批处理", "cancel the batch first"))
    await uow.session.delete(row)
    await uow.session.flush()
    await uow.audit("gateway.file_removed", file_id, org_id, filename=row.filename)


async def create_batch(uow: UnitOfWork, caller: Caller, wanted: Mapping[str, Any]) -> Batch:
    """Begin a batch over an uploaded file; its calls are booked as the caller's. Raises `BadRequest`, `FileUnknown`."""
    endpoint, window, note = wanted.get("endpoint"), wanted.get("completion_window"), wanted.get("metadata") or {}
    if endpoint not in ENDPOINTS:
        raise BadRequest(
            (f"endpoint 须为 {'、'.join(ENDPOINTS)} 之一", f"endpoint must be one of {', '.join(ENDPOINTS)}"),
            param="endpoint",
        )
    if window != "24h":
        raise BadRequest(("completion_window 须为 24h", "completion_window must be 24h"), param="completion_window")
    if not isinstance(note, dict) or len(note) > _MOST_NOTES or not all(isinstance(v, str) for v in note.values()):
        raise BadRequest(("metadata 须为至多 16 个字符串", "metadata must be at most 16 strings"), param="metadata")
    file = await find_file(uow, caller.org_id, str(wanted.get("input_file_id")))
    if file.purpose != "batch":
        raise BadRequest(
            ("输入文件的用途须为 batch", "the input file must have the purpose “batch”"), param="input_file_id"
        )
    now = uow.clock.now()
    row = Batch(
        id=new_id("batch"),
        org_id=caller.org_id,
        key_id=caller.key_id,
        project=caller.payer.project,
        endpoint=endpoint,
        input_file_id=file.id,
        output_file_id=None,
        error_file_id=None,
        status="validating",
        total=0,
        completed=0,
        failed=0,
        faults=[],
        note=note,
        times={},
        created_by=uow.actor.id,
        created_at=now,
        expires_at=now + WINDOW,
    )
    job = await submit(
        uow,
        KIND,
        {"batch_id": row.id},
        org_id=caller.org_id,
        title=(f"批处理 {file.filename}", f"Batch {file.filename}"),
    )
    row.job_id = job.id
    uow.session.add(row)
    await uow.session.flush()
    await uow.audit("gateway.batch", row.id, caller.org_id, endpoint=endpoint, input_file_id=file.id)
    return row


async def find_batch(uow: UnitOfWork, org_id: str, batch_id: str) -> Batch:
    """A batch of the organisation; raises `BatchUnknown`."""
    uow.actor.require_role(org_id, "member")
    return await repository.batch(uow.session, org_id, batch_id)


async def list_batches(uow: UnitOfWork, org_id: str, *, after: str | None, limit: int) -> Sequence[Batch]:
    """The organisation's batches, newest first, one more than `limit` where there are more."""
    uow.actor.require_role(org_id, "member")
    query = select(Batch).where(Batch.org_id == org_id)
    return await repository.listed(uow.session, query, Batch, after, limit)


async def cancel_batch(uow: UnitOfWork, org_id: str, batch_id: str) -> Batch:
    """Stop a batch: what it has asked is finished and kept, nothing more is asked. Raises `BatchOver`."""
    uow.actor.require_role(org_id, "member")
    row = await repository.batch(uow.session, org_id, batch_id, lock=True)
    if row.status not in repository.OPEN:
        raise BatchOver((f"批处理已是 {row.status} 状态", f"the batch is {row.status} already"))
    if row.status != "cancelling":
        advance(uow, row, "cancelling")
        await uow.session.flush()
        await uow.audit("gateway.batch_cancel", row.id, org_id)
    return row


def advance(uow: UnitOfWork, row: Batch, status: str) -> None:
    """Give a batch its next status, and note when."""
    row.status = status
    row.times = {**row.times, status: int(uow.clock.now().timestamp())}
