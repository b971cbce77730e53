"""The batch, upload and verification calls of Git LFS."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ceyuan.hub import grants
from ceyuan.hub.commits import contents
from ceyuan.hub.errors import FileTooLarge, UploadMissing
from ceyuan.hub.gating.access import require_open
from ceyuan.hub.grants import Grant, GrantRejected
from ceyuan.hub.lean import Reply, json_reply
from ceyuan.hub.lfs.parts import Parts
from ceyuan.hub.protocol.call import BadRequest, Call, Words
from ceyuan.hub.protocol.gitwords import LFS, answered
from ceyuan.hub.protocol.routing import route
from ceyuan.hub.repositories.access import require_change
from ceyuan.hub.repositories.service import find_repository
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.settings import HubSettings
from ceyuan.hub.storage import require_room
from ceyuan.hub.stored import Content
from ceyuan.kernel.blobs import BlobMissing, Landing

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_OBJECTS = 1000
PUT, VERIFY, GET = "lfs-put", "lfs-verify", "lfs-get"


class Wanted(BaseModel):
    """An object by its SHA-256."""

    model_config = ConfigDict(extra="ignore")
    oid: Words = Field(pattern="^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class BatchIn(BaseModel):
    """What shall be transferred, and by which ways the client can."""

    model_config = ConfigDict(extra="ignore")
    operation: Literal["upload", "download"]
    transfers: list[str] = ["basic"]
    objects: list[Wanted] = Field(max_length=_MOST_OBJECTS)
    hash_algo: str = "sha256"


class PartIn(BaseModel):
    """A part that was uploaded, with the tag that its upload was answered with."""

    model_config = ConfigDict(extra="ignore")
    partNumber: int = Field(ge=1, le=100_000)
    etag: Words


class CompletionIn(BaseModel):
    """All parts of an upload."""

    model_config = ConfigDict(extra="ignore")
    oid: Words
    parts: list[PartIn] = Field(max_length=100_000)


@route("POST", "/{kinds}/{owner}/{name}.git/info/lfs/objects/batch", body=LFS)
async def start_transfer(call: Call) -> Reply:
    """Say how large files shall be uploaded or downloaded, each by a signed address."""
    return await answered(call, _batch)


@route("POST", "/{owner}/{name}.git/info/lfs/objects/batch", body=LFS)
async def start_model_transfer(call: Call) -> Reply:
    """Say how large files of a model shall be uploaded or downloaded."""
    call.parameters["kinds"] = "models"
    return await answered(call, _batch)


async def _batch(call: Call) -> Reply:
    body = await call.model(BatchIn)
    if body.hash_algo != "sha256":
        raise BadRequest(("仅支持 sha256", "only sha256 is known"))
    hashes = [wanted.oid for wanted in body.objects]
    async with call.reading() as uow:
        row = await find_repository(uow, call.kind, call["owner"], call["name"])
        if body.operation == "upload":
            require_change(call.actor, row)
            await require_room(uow, row.org_id, sum(wanted.size for wanted in body.objects))
            present = await contents.known(uow, row.id, hashes)
        else:
            await require_open(uow, row)
            present = await contents.held(uow, row.id, hashes)
    in_parts = "multipart" in body.transfers
    part = call.platform.section(HubSettings).lfs_part_bytes
    if body.operation == "upload" and "xet" in body.transfers:
        # Older clients that have Xet ask which way to go: by chunks a changed file costs its changed part.
        wanted = [{"oid": each.oid, "size": each.size, "authenticated": True} for each in body.objects]
        return json_reply({"transfer": "xet", "objects": wanted, "hash_algo": "sha256"}, headers={"content-type": LFS})
    if body.operation == "upload":
        objects = [await _upload(call, row, wanted, present, part if in_parts else None) for wanted in body.objects]
    else:
        objects = [_download(call, row, wanted, present) for wanted in body.objects]
    many = any("chunk_size" in o.get("actions", {}).get("upload", {}).get("header", {}) for o in objects)
    answer = {"transfer": "multipart" if many else "basic", "objects": objects, "hash_algo": "sha256"}
    return json_reply(answer, headers={"content-type": LFS})


def _url(call: Call, row: HubRepository, purpose: str, wanted: Wanted, tail: str = "", **details: Any) -> str:
    seconds = call.platform.section(HubSettings).transfer_seconds
    details = {"s": wanted.oid, "n": wanted.size, **details}
    permit, _ = grants.issue(call.platform, purpose, row, call.actor, seconds=seconds, **details)
    place = f"{row.kind}s/{row.owner}/{row.name}.git/info/lfs/objects/{wanted.oid}"
    return f"{call.base}/{place}{tail}?permit={permit}"


async def _upload(
    call: Call, row: HubRepository, wanted: Wanted, present: set[str], part: int | None
) -> dict[str, Any]:
    answer: dict[str, Any] = {"oid": wanted.oid, "size": wanted.size, "authenticated": True}
    limit = call.platform.section(HubSettings).max_file_bytes
    if wanted.size > limit:
        return answer | {"error": {"code": 422, "message": f"a file has at most {limit} bytes"}}
    if wanted.oid in present:
        return answer
    count = 0 if part is None or wanted.size <= part else -(-wanted.size // part)
    landing = call.platform.blobs.landing
    if landing is not None and 0 < (part if count and part else wanted.size) <= landing.largest:
        return answer | {"actions": await _direct(call, row, wanted, landing, count, part)}
    verify = {"href": _url(call, row, VERIFY, wanted, "/verify")}
    if not count:
        return answer | {"actions": {"upload": {"href": _url(call, row, PUT, wanted)}, "verify": verify}}
    header = {f"{n:05d}": _url(call, row, PUT, wanted, f"/parts/{n}", c=part) for n in range(1, count + 1)}
    finish = {"href": _url(call, row, PUT, wanted, c=part), "header": {"chunk_size": str(part), **header}}
    return answer | {"actions": {"upload": finish, "verify": verify}}


async def _direct(
    call: Call, row: HubRepository, wanted: Wanted, landing: Landing, count: int, part: int | None
) -> dict[str, Any]:
    """The actions of an upload that goes to the object store itself, in `count` parts or (0) whole. It is taken in,
    verified, when the client says that it is done."""
    seconds = call.platform.section(HubSettings).transfer_seconds
    addresses = [await landing.address(name, seconds) for name in _names(row.id, wanted.oid, count)]
    verify = {"href": _url(call, row, VERIFY, wanted, "/verify", direct=count)}
    if not count:
        return {"upload": {"href": addresses[0]}, "verify": verify}
    header = {f"{n:05d}": address for n, address in enumerate(addresses, 1)}
    finish = {"href": _url(call, row, PUT, wanted, direct=count), "header": {"chunk_size": str(part), **header}}
    return {"upload": finish, "verify": verify}


def _names(repository_id: str, oid: str, count: int) -> list[str]:
    """What an upload, or its parts, are called while they wait in the object store."""
    base = f"{repository_id}/{oid}"
    return [f"{base}/{number:05d}" for number in range(1, count + 1)] or [base]


def _download(call: Call, row: HubRepository, wanted: Wanted, present: set[str]) -> dict[str, Any]:
    answer: dict[str, Any] = {"oid": wanted.oid, "size": wanted.size, "authenticated": True}
    if wanted.oid not in present:
        return answer | {"error": {"code": 404, "message": "the repository does not have this object"}}
    return answer | {"actions": {"download": {"href": _url(call, row, GET, wanted)}}}


def _grant(call: Call, *purposes: str) -> Grant:
    """The permit of the address, which must be for the object of the address."""
    grant = grants.read(call.platform, call.query("permit") or "", *purposes)
    if grant.details["s"] != call["oid"] or not _SHA256.fullmatch(call["oid"]):
        raise GrantRejected()
    return grant


@route("PUT", "/{kinds}/{owner}/{name}.git/info/lfs/objects/{oid}", body="application/octet-stream")
async def upload_object(call: Call) -> Reply:
    """Upload one large file whole."""
    grant = _grant(call, PUT)
    size = int(grant.details["n"])
    if call.request.headers.get("content-length") not in (None, str(size)):
        raise FileTooLarge((f"应为 {size} 字节", f"the file has {size} bytes as announced"))
    blob = await call.platform.blobs.put_stream(call.chunks(), expected=call["oid"], limit=size)
    await _keep(call, grant, await contents.describe_blob(call.platform, blob.sha256, blob.size))
    return Reply(200, {"content-length": "0", "etag": f'"{blob.sha256}"'})


@route("PUT", "/{kinds}/{owner}/{name}.git/info/lfs/objects/{oid}/parts/{number}", body="application/octet-stream")
async def upload_part(call: Call) -> Reply:
    """Upload one part of a large file; it may be sent again."""
    grant = _grant(call, PUT)
    parts, number = _parts(call, grant), call["number"]
    if not number.isascii() or not number.isdigit() or not 1 <= int(number) <= parts.count:
        raise BadRequest(("没有这一部分", "there is no such part"))
    return Reply(200, {"content-length": "0", "etag": await parts.write(int(number), call.chunks())})


@route("POST", "/{kinds}/{owner}/{name}.git/info/lfs/objects/{oid}", body=LFS)
async def finish_parts(call: Call) -> Reply:
    """Put the parts of a large file together and verify the whole."""
    grant = _grant(call, PUT)
    body = await call.model(CompletionIn)
    if "direct" in grant.details:
        await _land(call, grant)
        return json_reply({"oid": call["oid"], "size": grant.details["n"]})
    tags = {part.partNumber: part.etag for part in body.parts}
    content = await _parts(call, grant).finish(call.platform, call["oid"], tags)
    await _keep(call, grant, await contents.describe_blob(call.platform, content.sha256, content.size))
    return json_reply({"oid": content.sha256, "size": content.size})


def _parts(call: Call, grant: Grant) -> Parts:
    if "c" not in grant.details:
        raise GrantRejected()
    details = grant.details
    return Parts.of(call.platform, grant.repository_id, call["oid"], int(details["n"]), int(details["c"]))


async def _land(call: Call, grant: Grant) -> None:
    """Take in what the client put into the object store; raises `UploadMissing`, `HashMismatch`."""
    names = _names(grant.repository_id, call["oid"], int(grant.details["direct"]))
    try:
        blob = await call.platform.blobs.land(names, expected=call["oid"], size=int(grant.details["n"]))
    except BlobMissing as error:
        raise UploadMissing(("内容尚未上传", "the object was not uploaded")) from error
    await _keep(call, grant, await contents.describe_blob(call.platform, blob.sha256, blob.size))


async def _keep(call: Call, grant: Grant, content: Content) -> None:
    async with call.platform.work(grant.actor) as uow:
        await contents.record_uploads(uow, grant.repository_id, [content])


@route("POST", "/{kinds}/{owner}/{name}.git/info/lfs/objects/{oid}/verify", body=LFS)
async def verify_object(call: Call) -> Reply:
    """Say whether an upload arrived."""
    grant = _grant(call, VERIFY)
    wanted = await call.model(Wanted)
    async with call.platform.work(grant.actor, write=False) as uow:
        present = call["oid"] in await contents.known(uow, grant.repository_id, [call["oid"]])
    if wanted.size != grant.details["n"] or (not present and "direct" not in grant.details):
        raise UploadMissing(("内容尚未上传", "the object was not uploaded"))
    if not present:
        await _land(call, grant)
    return json_reply({})


@route("GET", "/{kinds}/{owner}/{name}.git/info/lfs/objects/{oid}")
async def download_object(call: Call) -> Reply:
    """Download one large file by its signed address."""
    grant = _grant(call, GET)
    size = (await call.platform.blobs.stat(call["oid"])).size
    headers = {"content-type": "application/octet-stream", "content-length": str(size)}
    if call.request.method == "HEAD":
        return Reply(200, headers)
    address = await call.platform.blobs.address(call["oid"], call.platform.section(HubSettings).transfer_seconds)
    if address is not None:
        return Reply(302, {"location": address, "content-length": "0", "cache-control": "no-store"})
    return Reply(200, headers, b"", call.platform.blobs.stream(str(grant.details["s"])))
