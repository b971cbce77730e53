"""Taking in: xorbs as they arrive, and shards, which say of what files they are. Nothing is believed unverified."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from itertools import cycle

from ceyuan.hub.chunks import ChunkProblem, SentFile, Shard, Sized, XorbCheck, file_hash, parse_hash, term_hash, text_of
from ceyuan.hub.commits.contents import record_uploads
from ceyuan.hub.errors import FileTooLarge
from ceyuan.hub.grants import Grant
from ceyuan.hub.settings import HubSettings
from ceyuan.hub.storage import require_room
from ceyuan.hub.stored import Content
from ceyuan.hub.trees import LARGE_BYTES
from ceyuan.hub.xet import reading, repository
from ceyuan.hub.xet.encoding import Run, xorb_of
from ceyuan.hub.xet.errors import XetInvalid, explained
from ceyuan.hub.xet.following import Step, Trail, Trails
from ceyuan.hub.xet.reading import Stored
from ceyuan.kernel.platform import Platform

_BLOCK = 1 << 20


async def keep_xorb(platform: Platform, grant: Grant, digest: str, body: AsyncIterable[bytes], trails: Trails) -> bool:
    """Store the xorb of this hash, verified chunk by chunk as it arrives; false if it was stored before.

    Raises `XetInvalid` if a chunk is broken or the whole has another hash; nothing is kept then.
    """
    try:
        expected = parse_hash(digest)
    except ChunkProblem as problem:
        raise explained(problem) from problem
    async with platform.work(grant.actor, write=False) as uow:
        await require_room(uow, grant.org_id)
        known = await repository.xorb(uow.session, digest)
    if known is not None and await platform.blobs.exists(known.sha256):
        async for _ in body:
            pass
        return False
    check = XorbCheck()
    try:
        async with aclosing(_verified(body, check, expected, trails.step(grant))) as verified:
            blob = await platform.blobs.put_stream(verified)
        made = check.finish()
    except ChunkProblem as problem:
        raise explained(problem) from problem
    async with platform.work(grant.actor) as uow:
        await platform.blobs.refer(uow, [blob.sha256])
        return await repository.add_xorb(uow.session, made, blob.sha256, uow.clock.now())


async def _verified(
    body: AsyncIterable[bytes], check: XorbCheck, expected: bytes, turn: AbstractAsyncContextManager[Step | None]
) -> AsyncGenerator[memoryview]:
    """What belongs to the xorb; a block is verified while the one before it is written. The upload's next xorb has its
    turn when all is verified, not when it is stored: that may take its time."""
    before: memoryview | None = None
    async with turn as step:
        check.follow = step.digest.update if step else None
        async for block in _blocks(body):
            ahead = asyncio.ensure_future(asyncio.to_thread(check.feed, block))
            try:
                if before:
                    yield before
            finally:
                taken = await ahead
            before = block[:taken]
        # Before the last byte is adopted: what has another hash is never stored.
        if (await asyncio.to_thread(check.finish)).hash != expected:
            raise ChunkProblem("内容与地址中的哈希不符", "the content does not have the hash in the address")
        if step:
            step.done(expected)
    if before:
        yield before


async def _blocks(body: AsyncIterable[bytes]) -> AsyncIterator[memoryview]:
    """The same bytes in blocks of `_BLOCK`; each is good until the second one after it is asked for."""
    # Memory that is taken anew for each block costs more than to copy into it.
    turns = cycle([memoryview(bytearray(_BLOCK)) for _ in range(2)])
    block, size = next(turns), 0
    async for part in body:
        at = 0
        while at < len(part):
            count = min(len(part) - at, _BLOCK - size)
            block[size : size + count] = part[at : at + count]
            at, size = at + count, size + count
            if size == _BLOCK:
                yield block
                block, size = next(turns), 0
    if size:
        yield block[:size]


@dataclass(frozen=True, slots=True)
class _Proven:
    """A file whose description holds: its runs, its content's hashes and whether it was known."""

    sent: SentFile
    runs: Sequence[Run]
    content: Content


async def keep_shard(platform: Platform, grant: Grant, shard: Shard, trails: Trails) -> None:
    """Register the files of an upload: a commit to the grant's repository may then add them.

    Every term must be proven, every file must have its Xet hash and, since it is read, its SHA-256. Raises
    `XetInvalid`, `FileTooLarge`.
    """
    needed = {text_of(term.xorb) for file in shard.files for term in file.terms} | {text_of(x) for x in shard.xorbs}
    async with platform.work(grant.actor, write=False) as uow:
        await require_room(uow, grant.org_id)
        rows = await repository.xorbs(uow.session, needed)
    missing = needed - rows.keys()
    if missing:
        raise XetInvalid((f"缺少内容块 {min(missing)}", f"the xorb {min(missing)} was not uploaded"))
    stored = {digest: Stored(xorb_of(row), row.sha256) for digest, row in rows.items()}
    trail = trails.finish(grant)
    proven = [await _proven(platform, file, stored, trail) for file in shard.files]
    async with platform.work(grant.actor) as uow:
        now = uow.clock.now()
        for file in proven:
            flat = await platform.blobs.backend.stat(file.content.sha256) is not None
            await repository.add_file(
                uow.session, file.content.sha256, text_of(file.sent.hash), file.runs, now, flat=flat
            )
        firsts = [(_first(file.runs, stored), file.runs[0].xorb) for file in proven]
        brought = [stored[text_of(digest)].xorb for digest in shard.xorbs]
        await repository.index_chunks(uow.session, brought, firsts)
        await record_uploads(uow, grant.repository_id, [file.content for file in proven])


def _first(runs: Sequence[Run], stored: dict[str, Stored]) -> bytes:
    return stored[text_of(runs[0].xorb)].xorb.chunks[runs[0].first].hash


async def _proven(platform: Platform, sent: SentFile, stored: dict[str, Stored], trail: Trail) -> _Proven:
    try:
        runs = await asyncio.to_thread(_runs, sent, stored)
    except ChunkProblem as problem:
        raise explained(problem) from problem
    where = reading.layout(runs, {text_of(run.xorb): stored[text_of(run.xorb)] for run in runs})
    limit = platform.section(HubSettings).max_file_bytes
    if where.size > limit:
        raise FileTooLarge((f"文件超过 {limit} 字节", f"the file has more than {limit} bytes"))
    claimed = sent.sha256.hex() if sent.sha256 else None
    if claimed is not None:
        async with platform.database.session(write=False) as session:
            known = await repository.file(session, claimed)
        if known is not None and known.hash == text_of(sent.hash) and where.size > LARGE_BYTES:
            return _Proven(sent, runs, Content(claimed, where.size, None))
    sha256, git_oid = await _content_hashes(platform, where, trail, claimed=claimed is not None)
    if claimed not in (None, sha256):
        raise XetInvalid((f"声明的 SHA-256 为 {claimed},实为 {sha256}", f"announced as {claimed}, in fact {sha256}"))
    return _Proven(sent, runs, Content(sha256, where.size, git_oid))


def _runs(sent: SentFile, stored: dict[str, Stored]) -> list[Run]:
    """The runs of a file whose terms are proven and whose hash is right; raises `ChunkProblem`."""
    runs: list[Run] = []
    order: list[Sized] = []
    for term in sent.terms:
        chunks = stored[text_of(term.xorb)].xorb.chunks
        part = chunks[term.first : term.last]
        if not 0 <= term.first < term.last <= len(chunks) or sum(chunk.size for chunk in part) != term.size:
            raise ChunkProblem("文件描述的范围无效", "a term names chunks that its xorb does not have")
        if term_hash([chunk.hash for chunk in part]) != term.proof:
            raise ChunkProblem("文件描述的校验值不符", "the proof of a term does not hold")
        order += [(chunk.hash, chunk.size) for chunk in part]
        runs.append(Run(term.xorb, term.first, term.last, term.size))
    if not runs or file_hash(order) != sent.hash:
        raise ChunkProblem("文件哈希不符", "a file does not have its hash")
    return runs


async def _content_hashes(
    platform: Platform, where: reading.Layout, trail: Trail, *, claimed: bool
) -> tuple[str, str | None]:
    """SHA-256 of the whole content and, unless it is large, the id that git gives it. Its chunks were verified when
    they came: where the sender said the SHA-256, that alone shows what happened to them since."""
    if where.size > LARGE_BYTES and claimed:
        sha256, passed = trail.known(where)
        await reading.pass_on(platform, where, where.runs[passed:], sha256.update)
        return sha256.hexdigest(), None
    sha256 = hashlib.sha256()
    git = hashlib.sha1(f"blob {where.size}\0".encode(), usedforsecurity=False) if where.size <= LARGE_BYTES else None
    async for piece in reading.stream(platform, where):
        await asyncio.to_thread(sha256.update, piece)
        if git is not None:
            git.update(piece)
    return sha256.hexdigest(), git.hexdigest() if git else None
