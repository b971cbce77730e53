"""Push by git over HTTP (https://git-scm.com/docs/pack-protocol, "Pushing Data To a Server")."""

from __future__ import annotations

import asyncio
import mmap
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import IO

from ceyuan.hub.errors import FileTooLarge
from ceyuan.hub.git import FLUSH, GitProblem, Limits, LineProblem, Pack, line
from ceyuan.hub.history import repository as history
from ceyuan.hub.lean import Reply
from ceyuan.hub.protocol.call import BadRequest, Call
from ceyuan.hub.protocol.gitwords import BAND, UNCHANGED, advertisement, answered, words
from ceyuan.hub.protocol.routing import route
from ceyuan.hub.receiving.commands import Request, parse
from ceyuan.hub.receiving.errors import PushRefused
from ceyuan.hub.receiving.proposals import require_pusher
from ceyuan.hub.receiving.service import Outcome, receive
from ceyuan.hub.repositories.service import find_repository
from ceyuan.hub.scanning.credentials import scan_text
from ceyuan.hub.scanning.scan import form_of
from ceyuan.hub.settings import HubSettings
from ceyuan.hub.storage import require_room
from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.web import language_of

# "no-thin": a pack holds all that its deltas build on.
_CAPABILITIES = "report-status delete-refs side-band-64k quiet atomic ofs-delta no-thin object-format=sha1 agent=ceyuan"
_SENT = "application/x-git-receive-pack-request"
_MOST_COMMANDS = 1 << 20
_BLOCK = 1 << 20
_UNPACKED = 16
_WARNINGS = 10


@route("POST", "/{kinds}/{owner}/{name}.git/git-receive-pack", body=_SENT)
async def receive_pack(call: Call) -> Reply:
    """Take the commits that git pushes, and move branches and tags."""
    return await answered(call, _pushed)


@route("POST", "/{owner}/{name}.git/git-receive-pack", body=_SENT)
async def receive_model_pack(call: Call) -> Reply:
    """Take the commits that git pushes to a model."""
    call.parameters["kinds"] = "models"
    return await answered(call, _pushed)


async def advertise(call: Call) -> Reply:
    """Tell git where branches and tags are, for a push."""
    async with call.reading() as uow:
        row = await find_repository(uow, call.kind, call["owner"], call["name"])
        await require_pusher(uow, row)
        refs = {ref.name: ref.tag_oid or ref.commit_id for ref in await history.refs(uow.session, row.id)}
    return advertisement("git-receive-pack", refs, _CAPABILITIES)


async def _pushed(call: Call) -> Reply:
    async with call.reading() as uow:
        row = await find_repository(uow, call.kind, call["owner"], call["name"])
        await require_pusher(uow, row)
        await require_room(uow, row.org_id)
    if call.request.headers.get("content-encoding", "identity") != "identity":
        raise BadRequest(("推送内容不应再压缩", "a push is not compressed once more"))
    async with _spooled(call) as spool:
        request, data = await _opened(spool)
        if not request.commands:
            return _reply(b"")
        problem: CeyuanError | None = None
        outcome = Outcome()
        try:
            pack = await _unpacked(call, request, data)
            address = (call.kind, call["owner"], call["name"])
            outcome = await receive(call.platform, call.actor, address, request, pack)
        except GitProblem as error:
            problem = PushRefused((error.zh, error.en))
        except CeyuanError as error:
            problem = error
    return _reply(_report(call, request, problem, outcome))


@asynccontextmanager
async def _spooled(call: Call) -> AsyncIterator[IO[bytes]]:
    """The request's body in a file that vanishes with this process. Raises `FileTooLarge`."""
    limit = call.platform.section(HubSettings).max_push_bytes
    spool = call.platform.blobs.backend.spool
    await asyncio.to_thread(spool.mkdir, parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=spool) as file:
        held, size = bytearray(), 0
        async for part in call.chunks():
            held += part
            size += len(part)
            if size > limit:
                raise FileTooLarge(
                    (f"一次推送最多 {limit} 字节", f"a push has at most {limit} bytes"),
                    hint=("请分几次推送,大文件用 Git LFS", "push it in parts, and large files by Git LFS"),
                    limit=limit,
                )
            if len(held) >= _BLOCK:
                await asyncio.to_thread(file.write, bytes(held))
                held.clear()
        file.write(held)
        file.flush()
        yield file


async def _opened(spool: IO[bytes]) -> tuple[Request, memoryview]:
    """The commands, and what follows them."""
    size = spool.seek(0, 2)
    if not size:
        raise BadRequest(("请求为空", "the request is empty"))
    data = memoryview(mmap.mmap(spool.fileno(), size, access=mmap.ACCESS_READ))
    at = 0
    while True:
        head = bytes(data[at : at + 4])
        if head == FLUSH:
            break
        length = int(head, 16) if len(head) == 4 and head.isalnum() and _is_hex(head) else 0
        at += length
        if length < 4 or at > min(size, _MOST_COMMANDS):
            raise BadRequest(("不是有效的 git 请求", "this is no request of git"))
    try:
        return parse(bytes(data[: at + 4])), data[at + 4 :]
    except (LineProblem, GitProblem) as error:
        raise BadRequest(("不是有效的 git 请求", "this is no request of git")) from error


def _is_hex(head: bytes) -> bool:
    return all(byte in b"0123456789abcdefABCDEF" for byte in head)


async def _unpacked(call: Call, request: Request, data: memoryview) -> Pack | None:
    """The pack, read; null where all commands delete. Raises `PackProblem`."""
    if all(command.deletes for command in request.commands):
        return None
    most = call.platform.section(HubSettings).max_push_bytes
    pack = Pack(data, Limits(total=most * _UNPACKED))
    await asyncio.to_thread(pack.read)
    return pack


def _report(call: Call, request: Request, problem: CeyuanError | None, outcome: Outcome) -> bytes:
    """What became of the push, as git reads it, with more words for its user."""
    told = [words(call, problem)] if problem is not None else []
    told += [f"{ref}: {words(call, error)}" for ref, error in outcome.refused.items()]
    if problem is None and len(outcome.refused) < len(request.commands):
        told += _warnings(call, outcome)
    lines = [line("unpack ok" if problem is None else f"unpack {_reason(problem)}")]
    for command in request.commands:
        error = problem or outcome.refused.get(command.ref)
        lines.append(line(f"ok {command.ref}" if error is None else f"ng {command.ref} {_reason(error)}"))
    report = b"".join([*lines, FLUSH]) if "report-status" in request.capabilities else b""
    if not request.banded:
        return report
    return b"".join([*_band(2, "".join(told).encode()), *_band(1, report), FLUSH])


def _band(number: int, data: bytes) -> Iterable[bytes]:
    for start in range(0, len(data), BAND):
        yield line(bytes([number]) + data[start : start + BAND])


def _reason(error: CeyuanError) -> str:
    """One line in English, which scripts read."""
    return " ".join(error.message[1].split())[:900]


def _warnings(call: Call, outcome: Outcome) -> list[str]:
    """Secrets that seem to have been pushed; the inspection of the revision says more later."""
    at = 0 if language_of(call.request) == "zh" else 1
    found = [
        ("警告: ", "warning: ")[at] + f"{path}: {(finding.zh, finding.en)[at]}\n"
        for path, data in outcome.came.items()
        if form_of(path) == "text"
        for finding in scan_text(data.decode("utf-8", "replace"))
    ]
    if len(found) > _WARNINGS:
        more = len(found) - _WARNINGS
        found = [*found[:_WARNINGS], (f"还有 {more} 处\n", f"and {more} more\n")[at]]
    return found


def _reply(body: bytes) -> Reply:
    head = {"content-type": "application/x-git-receive-pack-result", "content-length": str(len(body))}
    return Reply(200, {**head, **UNCHANGED}, body)
