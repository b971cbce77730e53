"""Clone and fetch by git over HTTP (https://git-scm.com/docs/http-protocol), large files by Git LFS beside it."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from ceyuan.hub.cloning import objects
from ceyuan.hub.gating.access import require_open
from ceyuan.hub.git import FLUSH, LineProblem, PackWriter, line, lines_of
from ceyuan.hub.history import repository as history
from ceyuan.hub.lean import Reply, whole_body
from ceyuan.hub.naming import HEADS, is_commit_id
from ceyuan.hub.protocol import pushing
from ceyuan.hub.protocol.call import MAX_JSON, BadRequest, Call
from ceyuan.hub.protocol.gitwords import BAND, UNCHANGED, advertisement, answered
from ceyuan.hub.protocol.routing import route
from ceyuan.hub.repositories.service import find_repository

_CAPABILITIES = "shallow side-band-64k ofs-delta no-progress object-format=sha1 agent=ceyuan"
_ASKED = "application/x-git-upload-pack-request"


@route("GET", "/{kinds}/{owner}/{name}.git/info/refs")
async def advertise_refs(call: Call) -> Reply:
    """Tell git which branches and tags there are."""
    return await answered(call, _refs)


@route("GET", "/{owner}/{name}.git/info/refs")
async def advertise_model_refs(call: Call) -> Reply:
    """Tell git which branches and tags a model has."""
    call.parameters["kinds"] = "models"
    return await answered(call, _refs)


@route("POST", "/{kinds}/{owner}/{name}.git/git-upload-pack", body=_ASKED)
async def fetch_pack(call: Call) -> Reply:
    """Send git the objects that it lacks."""
    return await answered(call, _pack)


@route("POST", "/{owner}/{name}.git/git-upload-pack", body=_ASKED)
async def fetch_model_pack(call: Call) -> Reply:
    """Send git the objects of a model that it lacks."""
    call.parameters["kinds"] = "models"
    return await answered(call, _pack)


async def _refs(call: Call) -> Reply:
    service = call.query("service")
    if service == "git-receive-pack":
        return await pushing.advertise(call)
    if service != "git-upload-pack":
        raise BadRequest(("仅支持智能 HTTP 协议", "only the smart protocol is spoken here"))
    async with call.reading() as uow:
        row = await find_repository(uow, call.kind, call["owner"], call["name"])
        await require_open(uow, row)
        refs: dict[str, str] = {}
        for ref in await history.refs(uow.session, row.id):
            refs[ref.name] = ref.tag_oid or ref.commit_id
            if ref.tag_oid is not None:
                refs[f"{ref.name}^{{}}"] = ref.commit_id
    main = HEADS + row.default_branch
    if main in refs:
        refs = {"HEAD": refs[main], **refs}
    return advertisement(service, refs, f"{_CAPABILITIES} symref=HEAD:{main}")


@dataclass(slots=True)
class _Asked:
    """What a client wants and has, how deep it wants it (0: all of it), which commits it has without their parents,
    and what it understands."""

    wants: list[str] = field(default_factory=list)
    haves: list[str] = field(default_factory=list)
    shallow: list[str] = field(default_factory=list)
    depth: int = 0
    done: bool = False
    banded: bool = False

    def read(self, word: str, rest: str) -> None:
        """Take in one line. Raises `BadRequest`."""
        if word == "want":
            oid, _, capabilities = rest.partition(" ")
            self.banded = self.banded or "side-band-64k" in capabilities.split()
            self.wants.append(oid)
        elif word == "have":
            self.haves.append(rest.strip())
        elif word == "shallow":
            self.shallow.append(rest.strip())
        elif word == "deepen" and rest.isascii() and rest.isdigit() and 0 < len(rest) < 12:
            self.depth = int(rest)
        elif word == "done":
            self.done = True
        elif word:
            raise BadRequest((f"不支持“{word[:40]}”", f"“{word[:40]}” is not spoken here"))


async def _asked(call: Call) -> _Asked:
    raw = await whole_body(call.receive, MAX_JSON)
    if call.request.headers.get("content-encoding") == "gzip":
        unpacker = zlib.decompressobj(31)
        raw = unpacker.decompress(raw, MAX_JSON)
        if unpacker.unconsumed_tail:
            raise BadRequest(("请求过大", "the request is too large"))
    asked = _Asked()
    try:
        for each in lines_of(raw):
            word, _, rest = (each or b"").decode("ascii", "replace").partition(" ")
            asked.read(word, rest)
    except (LineProblem, zlib.error) as error:
        raise BadRequest(("不是有效的 git 请求", "this is no request of git")) from error
    if not asked.wants or not all(is_commit_id(oid) for oid in [*asked.wants, *asked.haves, *asked.shallow]):
        raise BadRequest(("不是有效的 git 请求", "this is no request of git"))
    return asked


async def _pack(call: Call) -> Reply:
    asked = await _asked(call)
    async with call.reading() as uow:
        row = await find_repository(uow, call.kind, call["owner"], call["name"])
        await require_open(uow, row)
        tags = await objects.tags(uow, row, asked.wants)
        wants = [tags[oid].commit_id if oid in tags else oid for oid in asked.wants]
        known = await objects.known_commits(uow, row, wants)
        if len(known) != len(set(wants)):
            raise BadRequest(("没有所要的提交", "a wanted commit is not here"))
        common = await objects.known_commits(uow, row, asked.haves)
        found = objects.Missing()
        if asked.done or asked.depth:
            found = await objects.missing(uow, row, known, common, depth=asked.depth, shallow=asked.shallow)
        found.tags = [tag.tag_body for tag in tags.values() if tag.tag_body is not None]
    answer = line(f"ACK {common[-1]}") if common else line("NAK")
    if asked.depth:
        cut = [line(f"shallow {oid}") for oid in found.cut]
        cut += [line(f"unshallow {oid}") for oid in asked.shallow if oid not in found.cut]
        # Before it says what it has, git hears where history will end, and nothing else.
        answer = b"".join([*cut, FLUSH, answer if asked.done or asked.haves else b""])
    head = {"content-type": "application/x-git-upload-pack-result", **UNCHANGED}
    if not asked.done:
        return Reply(200, {**head, "content-length": str(len(answer))}, answer)
    return Reply(200, head, answer, _sent(call, found, asked.banded))


async def _sent(call: Call, found: objects.Missing, banded: bool) -> AsyncIterator[bytes]:
    """The pack, in side bands if the client takes them."""
    async for data in _written(call, found):
        if not banded:
            yield data
            continue
        for start in range(0, len(data), BAND):
            yield line(b"\x01" + data[start : start + BAND])
    if banded:
        yield FLUSH


async def _written(call: Call, found: objects.Missing) -> AsyncIterator[bytes]:
    writer = PackWriter(len(found))
    yield writer.head()
    for body in found.commits:
        yield writer.entry("commit", body)
    for body in found.tags:
        yield writer.entry("tag", body)
    for body in found.trees:
        yield writer.entry("tree", body)
    async for body in objects.contents(call.platform, found):
        yield writer.entry("blob", body)
    yield writer.tail()
