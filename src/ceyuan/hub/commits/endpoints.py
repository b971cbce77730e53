"""Changing repositories over HTTP: upload content, commit it, make and remove branches and tags."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Query, Request

from ceyuan.hub.addresses import REPOSITORY, Address, ReadRepository
from ceyuan.hub.commits import contents, refs, service
from ceyuan.hub.commits.schemas import (
    CommitIn,
    RefIn,
    RefOut,
    RevisionOut,
    UploadOut,
    WriteIn,
    operations_of,
    ref_out,
)
from ceyuan.hub.errors import (
    BranchExists,
    BranchKept,
    EntryNotFound,
    FileTooLarge,
    NameRefused,
    NamesCollide,
    ParentMoved,
    PathAbsent,
    PathInvalid,
    PathOccupied,
    RepositoryNotFound,
    RevisionNotFound,
    UploadMissing,
)
from ceyuan.hub.repositories.access import require_change
from ceyuan.hub.repositories.service import find_repository
from ceyuan.hub.settings import HubSettings
from ceyuan.hub.stored import Content
from ceyuan.kernel.blobs import HashMismatch, StorageFull
from ceyuan.kernel.errors import Forbidden, Invalid, Unauthenticated
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentActor, CurrentPlatform, ReadWork, WriteWork, problems

router = Router(prefix=REPOSITORY, tags=["hub"])
_WRITING = (Unauthenticated, Forbidden, RepositoryNotFound, Invalid)
_BINARY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.put(
    "/uploads",
    response_model=UploadOut,
    responses=problems(*_WRITING, HashMismatch, FileTooLarge, StorageFull),
    openapi_extra=_BINARY,
)
async def upload_content(
    address: Address,
    request: Request,
    platform: CurrentPlatform,
    actor: CurrentActor,
    sha256: Annotated[
        str | None, Query(pattern="^[0-9a-f]{64}$", description="the hash that the body must have")
    ] = None,
) -> Content:
    """Upload the content of one file (the raw body), to be added by a commit."""
    return await contents.upload(platform, actor, address, request.stream(), expected=sha256)


@router.post(
    "/commits",
    response_model=RevisionOut,
    status_code=201,
    responses=problems(
        *_WRITING,
        *(RevisionNotFound, EntryNotFound, PathAbsent, UploadMissing, PathInvalid),
        *(ParentMoved, PathOccupied, NamesCollide, FileTooLarge, StorageFull),
    ),
)
async def create_commit(address: Address, body: CommitIn, platform: CurrentPlatform, actor: CurrentActor) -> Any:
    """Commit operations to a branch, all or none; if nothing changes, the head is returned and no commit made."""
    async with platform.work(actor, write=False) as uow:
        require_change(actor, await find_repository(uow, *address))
    # Content goes into the blob store outside the transaction: SQLite has one writer.
    written = await _store_inline(platform, body)
    async with platform.work(actor) as uow:
        row = await find_repository(uow, *address)
        require_change(actor, row)
        await contents.record_uploads(uow, row.id, list(written.values()))
        return await service.commit(
            uow,
            row,
            operations_of(body, {position: content.sha256 for position, content in written.items()}),
            message=body.message,
            description=body.description,
            branch=body.branch,
            parent=body.parent,
        )


async def _store_inline(platform: Platform, body: CommitIn) -> dict[int, Content]:
    data = {position: op.data() for position, op in enumerate(body.operations) if isinstance(op, WriteIn)}
    limit = platform.section(HubSettings).max_inline_bytes
    if sum(map(len, data.values())) > limit:
        raise FileTooLarge(
            (f"请求内的文件内容共超过 {limit} 字节", f"the files in the request are more than {limit} bytes together"),
            hint=("请先用 uploads 上传较大的文件", "bring larger files by an upload first"),
        )
    stored: dict[int, Content] = {}
    positions = list(data)
    for start in range(0, len(positions), 16):
        some = positions[start : start + 16]
        made = await asyncio.gather(*(contents.store_bytes(platform, data[position]) for position in some))
        stored.update(zip(some, made, strict=True))
    return stored


@router.get("/refs", response_model=list[RefOut], responses=problems(RepositoryNotFound, Invalid))
async def list_refs(row: ReadRepository, uow: ReadWork) -> Any:
    """List branches and tags."""
    return [ref_out(ref) for ref in await refs.list_refs(uow, row)]


@router.post(
    "/refs",
    response_model=RefOut,
    status_code=201,
    responses=problems(*_WRITING, RevisionNotFound, BranchExists, NameRefused),
)
async def create_ref(address: Address, body: RefIn, uow: WriteWork) -> Any:
    """Make a branch or tag at a revision."""
    row = await find_repository(uow, *address)
    if body.kind == "branch":
        return ref_out(await refs.create_branch(uow, row, body.name, body.revision))
    return ref_out(await refs.create_tag(uow, row, body.name, body.revision, body.message))


@router.delete("/refs", status_code=204, responses=problems(*_WRITING, RevisionNotFound, BranchKept))
async def delete_ref(
    address: Address,
    ref: Annotated[str, Query(max_length=255, description="full name, as `refs/heads/x`")],
    uow: WriteWork,
) -> None:
    """Remove a branch or tag; the commits stay."""
    await refs.delete_ref(uow, await find_repository(uow, *address), ref)
