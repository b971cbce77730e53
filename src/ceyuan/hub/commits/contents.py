"""Content on its way into commits: what was uploaded, and who may refer to what.

Knowing a hash must not open a private file: a commit may name only content that was uploaded to its own
repository or that some repository holds whose files the actor may have.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.hub.commits.tables import HubContent, HubUpload
from ceyuan.hub.errors import UploadMissing
from ceyuan.hub.gating.access import open_to
from ceyuan.hub.history import repository as history
from ceyuan.hub.history.tables import HubHeld
from ceyuan.hub.naming import Kind
from ceyuan.hub.repositories.access import require_change, visible_to
from ceyuan.hub.repositories.service import find_repository
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.settings import HubSettings
from ceyuan.hub.stored import Content
from ceyuan.hub.trees import LARGE_BYTES, git_blob_oid
from ceyuan.hub.xet.tables import HubXetFile
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.upserts import insert_missing_many, upsert_many
from ceyuan.kernel.work import UnitOfWork

_CHUNK = 400


async def store_bytes(platform: Platform, data: bytes) -> Content:
    """Put `data` into the blob store."""
    blob = await platform.blobs.put_bytes(data)
    return Content(blob.sha256, blob.size, git_blob_oid(data) if blob.size <= LARGE_BYTES else None)


async def describe_blob(platform: Platform, sha256: str, size: int) -> Content:
    """The content of a blob that is stored already."""
    oid = git_blob_oid(await platform.blobs.read(sha256)) if size <= LARGE_BYTES else None
    return Content(sha256, size, oid)


async def upload(
    platform: Platform,
    actor: Actor,
    address: tuple[Kind, str, str],
    chunks: AsyncIterable[bytes],
    *,
    expected: str | None = None,
) -> Content:
    """Take in one file for the repository at (kind, owner, name), to be committed later.

    The stream runs outside any transaction, so that a slow sender holds up nobody. `expected` is the SHA-256
    that the sender announced. Raises `HashMismatch`, `TooLarge`, and what forbids writing.
    """
    async with platform.work(actor, write=False) as uow:
        require_change(actor, await find_repository(uow, *address))
    limit = platform.section(HubSettings).max_file_bytes
    blob = await platform.blobs.put_stream(chunks, expected=expected, limit=limit)
    content = await describe_blob(platform, blob.sha256, blob.size)
    async with platform.work(actor) as uow:
        row = await find_repository(uow, *address)
        require_change(actor, row)
        await record_uploads(uow, row.id, [content])
    return content


async def record_uploads(uow: UnitOfWork, repository_id: str, contents: Sequence[Content]) -> None:
    """Let the repository's next commits refer to these contents; raises `BlobMissing` if one is not stored."""
    from ceyuan.hub.xet.forms import refer_contents

    by_hash = {content.sha256: content for content in contents}
    await refer_contents(uow, {content.sha256: content.size for content in contents})
    now = uow.clock.now()
    known = [{"sha256": c.sha256, "size": c.size, "git_oid": c.git_oid} for c in by_hash.values()]
    waiting = [
        {"repository_id": repository_id, "sha256": sha256, "by": uow.actor.id, "created_at": now} for sha256 in by_hash
    ]
    if not known:
        return
    connection = await uow.session.connection()
    await connection.execute(insert_missing_many(uow.session, HubContent), known)
    update = ["by", "created_at"]
    statement = upsert_many(uow.session, HubUpload, key=["repository_id", "sha256"], update=update)
    await connection.execute(statement, waiting)


async def usable(uow: UnitOfWork, repository_id: str, hashes: Iterable[str]) -> Mapping[str, Content]:
    """The contents of these hashes that the actor may commit to the repository; raises `UploadMissing` for others."""
    wanted = sorted(set(hashes))
    found: dict[str, Content] = {}
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start : start + _CHUNK]
        allowed = await _allowed(uow, repository_id, part)
        rows = await uow.session.scalars(select(HubContent).where(HubContent.sha256.in_(allowed)))
        found.update({row.sha256: Content(row.sha256, row.size, row.git_oid) for row in rows})
    missing = [sha256 for sha256 in wanted if sha256 not in found]
    if missing:
        raise UploadMissing(
            (f"内容 {missing[0]} 尚未上传到该仓库", f"the content {missing[0]} was not uploaded to this repository"),
            hint=("请先上传文件,再提交", "upload the file first, then commit"),
            missing=missing[:100],
        )
    return found


async def known(uow: UnitOfWork, repository_id: str, hashes: Sequence[str]) -> set[str]:
    """Which of these contents need not be uploaded: the actor may commit them to the repository as they are."""
    allowed: set[str] = set()
    for start in range(0, len(hashes), _CHUNK):
        allowed |= await _allowed(uow, repository_id, hashes[start : start + _CHUNK])
    return allowed


async def held(uow: UnitOfWork, repository_id: str, hashes: Sequence[str]) -> set[str]:
    """Which of these contents some revision of the repository holds."""
    return await history.held(uow.session, repository_id, hashes)


async def _allowed(uow: UnitOfWork, repository_id: str, part: Sequence[str]) -> set[str]:
    uploaded = await uow.session.scalars(
        select(HubUpload.sha256).where(HubUpload.repository_id == repository_id, HubUpload.sha256.in_(part))
    )
    allowed = set(uploaded)
    rest = [sha256 for sha256 in part if sha256 not in allowed]
    if rest:
        allowed.update(
            await uow.session.scalars(
                select(HubHeld.sha256)
                .join(HubRepository, HubRepository.id == HubHeld.repository_id)
                .where(
                    HubHeld.sha256.in_(rest),
                    HubRepository.deleted_at.is_(None),
                    visible_to(uow.actor),
                    open_to(uow.actor),
                )
                .distinct()
            )
        )
    return allowed


async def referenced(session: AsyncSession) -> AsyncIterable[str]:
    """Every hash that a revision holds or that waits for its commit, but for content that lies in xorbs."""
    for column in (HubHeld.sha256, HubUpload.sha256):
        flat = ~exists().where(HubXetFile.sha256 == column)
        rows = await session.stream_scalars(select(column).where(flat).distinct().execution_options(yield_per=5000))
        async for sha256 in rows:
            yield sha256


async def forget_uploads(platform: Platform) -> None:
    """Forget uploads that nobody committed in time; what revisions hold is held by those."""
    horizon = platform.clock.now() - timedelta(hours=platform.section(HubSettings).upload_hours)
    async with platform.work() as uow:
        await uow.session.execute(delete(HubUpload).where(HubUpload.created_at < horizon))
