"""Clone and fetch by git over HTTP (https://git-scm.com/docs/http-protocol), large files by Git LFS beside it."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

from ceyuan.hub.cloning import objects
from ceyuan.hub.errors import GatedRepository, RepositoryNotFound
from ceyuan.hub.gating.access import require_open
from ceyuan.hub.git import FLUSH, LineProblem, PackWriter, line, lines_of
from ceyuan.hub.history import repository as history
from ceyuan.hub.lean import Reply, whole_body
from ceyuan.hub.naming import HEADS, is_commit_id
from ceyuan.hub.protocol.call import MAX_JSON, BadRequest, Call
from ceyuan.hub.protocol.routing import Handler, route
from ceyuan.hub.repositories.service import find_repository
from ceyuan.kernel.errors import Forbidden

_CAPABILITIES = "side-band-64k ofs-delta no-progress object-format=sha1 agent=ceyuan"
_BAND = 65_000
_ASKED = "application/x-git-upload-pack-request"
_UNCHANGED = {"cache-control": "no-cache, max-age=0, must-revalidate"}


@route("GET", "/{kinds}/{owner}/{name}.git/info/refs")
async def advertise_refs(call: Call) -> Reply:
    """Tell git which branches and tags there are."""
    return await _asking_who(call, _refs)


@route("GET", "/{owner}/{name}.git/info/refs")
async def advertise_model_refs(call: Call) -> Reply:
    """Tell git which branches and tags a model has."""
    call.parameters["kinds"] = "models"
    return await _asking_who(call, _refs)


@route("POST", "/{kinds}/{owner}/{name}.git/git-upload-pack", body=_ASKED)
async def fetch_pack(call: Call) -> Reply:
    """Send git the objects that it lacks."""
    return await _asking_who(call, _pack)


@route("POST", "/{owner}/{name}.git/git-upload-pack", body=_ASKED)
async def fetch_model_pack(call: Call) -> Reply:
    """Send git the objects of a model that it lacks."""
    call.parameters["kinds"] = "models"
    return await _asking_who(call, _pack)


async def _asking_who(call: Call, answer: Handler) -> Reply:
    """The answer; whoever is not known and finds nothing is asked who they are, there or not: git sends what it knows
    of its user only when it is asked."""
    try:
        return await answer(call)
    except (RepositoryNotFound, GatedRepository):
        if call.actor.is_known:
            raise
        return Reply(401, {"www-authenticate": 'Basic realm="ceyuan"', "content-length": "0"})


async def _refs(call: Call) -> Reply:
    service = call.query("service")
    if service == "git-receive-pack":
        raise Forbidden(
            ("暂不接受 git push", "this hub takes no push by git"),
            hint=(
                "请用 hf upload、ceyuan hub upload 或合并请求提交修改",
                "bring changes by hf upload, ceyuan hub upload or a pull request",
            ),
        )
    if service != "git-upload-pack":
        raise BadRequest(("仅支持智能 HTTP 协议", "only the smart protocol is spoken here"))
    async with call.reading() as uow:
        row = await find_repository(uow, call.kind, call["owner"], call["name"])
        await require_open(uow, row)
        refs = {ref.name: ref.commit_id for ref in await history.refs(uow.session, row.id)}
        main = HEADS + row.default_branch
    if main in refs:
        refs = {"HEAD": refs[main], **refs}
    parts = [line(f"# service={service}"), FLUSH]
    for number, (name, commit) in enumerate(refs.items()):
        words = f"\0{_CAPABILITIES} symref=HEAD:{main}" if number == 0 else ""
        parts.append(line(f"{commit} {name}{words}"))
    body = b"".join([*parts, FLUSH])
    head = {"content-type": f"application/x-{service}-advertisement", "content-length": str(len(body))}
    return Reply(200, {**head, **_UNCHANGED}, body)


async def _asked(call: Call) -> tuple[list[str], list[str], bool, bool]:
    """Wants, haves, whether the client is done, and whether it takes side bands."""
    raw = await whole_body(call.receive, MAX_JSON)
    if call.request.headers.get("content-encoding") == "gzip":
        unpacker = zlib.decompressobj(31)
        raw = unpacker.decompress(raw, MAX_JSON)
        if unpacker.unconsumed_tail:
            raise BadRequest(("请求过大", "the request is too large"))
    wants: list[str] = []
    haves: list[str] = []
    done = banded = False
    try:
        for each in lines_of(raw):
            word, _, rest = (each or b"").decode("ascii", "replace").partition(" ")
            if word == "want":
                oid, _, capabilities = rest.partition(" ")
                banded = banded or "side-band-64k" in capabilities.split()
                wants.append(oid)
            elif word == "have":
                haves.append(rest.strip())
            elif word == "done":
                done = True
            elif word:
                raise BadRequest((f"不支持“{word[:40]}”", f"“{word[:40]}” is not spoken here"))
    except (LineProblem, zlib.error) as error:
        raise BadRequest(("不是有效的 git 请求", "this is no request of git")) from error
    if not wants or not all(is_commit_id(oid) for oid in [*wants, *haves]):
        raise BadRequest(("不是有效的 git 请求", "this is no request of git"))
    return wants, haves, done, banded


async def _pack(call: Call) -> Reply:
    wants, haves, done, banded = await _asked(call)
    async with call.reading() as uow:
        row = await find_repository(uow, call.kind, call["owner"], call["name"])
        await require_open(uow, row)
        known = await objects.known_commits(uow, row, wants)
        if len(known) != len(set(wants)):
            raise BadRequest(("没有所要的提交", "a wanted commit is not here"))
        common = await objects.known_commits(uow, row, haves)
        found = await objects.missing(uow, row, known, common) if done else objects.Missing()
    answer = line(f"ACK {common[-1]}") if common else line("NAK")
    head = {"content-type": "application/x-git-upload-pack-result", **_UNCHANGED}
    if not done:
        return Reply(200, {**head, "content-length": str(len(answer))}, answer)
    return Reply(200, head, answer, _sent(call, found, banded))


async def _sent(call: Call, found: objects.Missing, banded: bool) -> AsyncIterator[bytes]:
    """The pack, in side bands if the client takes them."""
    async for data in _written(call, found):
        if not banded:
            yield data
            continue
        for start in range(0, len(data), _BAND):
            yield line(b"\x01" + data[start : start + _BAND])
    if banded:
        yield FLUSH


async def _written(call: Call, found: objects.Missing) -> AsyncIterator[bytes]:
    writer = PackWriter(len(found))
    yield writer.head()
    for body in found.commits:
        yield writer.entry("commit", body)
    for body in found.trees:
        yield writer.entry("tree", body)
    async for body in objects.contents(call.platform, found):
        yield writer.entry("blob", body)
    yield writer.tail()
