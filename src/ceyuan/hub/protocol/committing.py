"""Uploading: how each file shall come, and the commit that adds what came."""

from __future__ import annotations

import binascii
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field

from ceyuan.hub.browsing.service import View, open_repository
from ceyuan.hub.commits import contents, service
from ceyuan.hub.commits.service import Add, Copy, Delete, Operation
from ceyuan.hub.discussions.pulls import commit_to_pull, open_pull
from ceyuan.hub.errors import FileTooLarge, RevisionNotFound
from ceyuan.hub.lean import Reply, json_reply
from ceyuan.hub.protocol.call import BadRequest, Call, Words, page_path
from ceyuan.hub.protocol.ignoring import ignored_by
from ceyuan.hub.protocol.routing import route
from ceyuan.hub.repositories.access import require_change, require_read
from ceyuan.hub.repositories.cards import MAX_CARD, parse_card
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.revision import Revision
from ceyuan.hub.settings import HubSettings
from ceyuan.hub.storage import require_room
from ceyuan.hub.stored import Content
from ceyuan.hub.trees import LARGE_BYTES, File, TreeProblem, find, git_blob_oid, is_large
from ceyuan.kernel.work import UnitOfWork

_BATCH_BYTES = 8 * 1024 * 1024
_MOST_FILES = 10_000


class PreuploadFile(BaseModel):
    """A file to come."""

    model_config = ConfigDict(extra="ignore")
    path: Words = Field(max_length=1024)
    size: int = Field(ge=0)
    sample: str = ""


class PreuploadIn(BaseModel):
    """Files to come, and the `.gitignore` that shall hold for them."""

    model_config = ConfigDict(extra="ignore")
    files: list[PreuploadFile] = Field(max_length=_MOST_FILES)
    gitIgnore: str | None = Field(None, max_length=256 * 1024)


@route("POST", "/api/{kinds}/{owner}/{name}/preupload/{revision}", body="application/json")
async def preupload(call: Call) -> Reply:
    """Say of each file how it shall be uploaded, and whether the repository has it or ignores it."""
    body = await call.model(PreuploadIn)
    call.actor.require_known()
    async with call.reading() as uow:
        row = await call.repository(uow)
        if not call.flag("create_pr"):
            require_change(call.actor, row)
        view = await open_repository(uow, row, call["revision"])
        ignored = ignored_by(body.gitIgnore if body.gitIgnore is not None else await _text(uow, view, ".gitignore"))
        files = []
        for file in body.files:
            present = await _present(view, file.path)
            mode = "lfs" if is_large(file.path, file.size) else "regular"
            oid = None if present is None else present.sha256 if present.large else present.git_oid
            files.append({"path": file.path, "uploadMode": mode, "shouldIgnore": ignored(file.path), "oid": oid})
    return json_reply({"files": files, "commitOid": view.commit.id})


async def _present(view: View, path: str) -> File | None:
    try:
        found = await find(view.trees, view.root, path)
    except TreeProblem:
        return None
    return found if isinstance(found, File) else None


async def _text(uow: UnitOfWork, view: View, path: str) -> str:
    file = await _present(view, path)
    if file is None or file.size > 256 * 1024:
        return ""
    return (await uow.platform.blobs.read(file.sha256)).decode("utf-8", "replace")


class CardIn(BaseModel):
    """A card to be checked."""

    model_config = ConfigDict(extra="ignore")
    content: str = Field(max_length=MAX_CARD)
    repoType: str | None = None


@route("POST", "/api/validate-yaml", body="application/json")
async def validate_card(call: Call) -> Reply:
    """Check the front matter of a card."""
    body = await call.model(CardIn)
    card = parse_card(body.content)
    errors = [] if card.problem is None else [{"message": card.problem[1]}]
    if card.problem is None and "model-index" in card.metadata and not isinstance(card.metadata["model-index"], list):
        errors.append({"message": '"model-index" must be an array'})
    warnings = [] if card.metadata else [{"message": "empty or missing yaml metadata in repo card"}]
    return json_reply({"errors": errors, "warnings": warnings}, 400 if errors else 200)


@dataclass(slots=True)
class _Sent:
    """A commit as it arrives: its header, its operations in order, and content to be stored."""

    header: dict[str, Any] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
    stored: list[Content] = field(default_factory=list)


@route("POST", "/api/{kinds}/{owner}/{name}/commit/{revision}", body="application/x-ndjson")
async def create_commit(call: Call) -> Reply:
    """Commit operations to a branch, or as a new pull request; all of them or none."""
    pull = call.flag("create_pr")
    async with call.reading() as uow:
        row = await call.repository(uow)
        call.actor.require_known()
        if not pull and not call["revision"].startswith("refs/pr/"):
            require_change(call.actor, row)
        await require_room(uow, row.org_id)
    sent = await _received(call)
    async with call.writing() as uow:
        row = await call.repository(uow)
        await contents.record_uploads(uow, row.id, sent.stored)
        made, number = await _commit(call, uow, row, sent, pull=pull)
        url = f"{call.base}/{page_path(row)}"
    answer: dict[str, Any] = {"success": True, "commitOid": made.commit, "commitUrl": f"{url}/commit/{made.commit}"}
    if number is not None:
        answer["pullRequestUrl"] = f"{url}/discussions/{number}"
    return json_reply(answer)


async def _commit(
    call: Call, uow: UnitOfWork, row: HubRepository, sent: _Sent, *, pull: bool
) -> tuple[Revision, int | None]:
    revision = call["revision"]
    title = str(sent.header.get("summary") or "").strip() or "Update"
    text = str(sent.header.get("description") or "")
    parent = sent.header.get("parentCommit")
    if parent is not None and not isinstance(parent, str):
        raise BadRequest(("parentCommit 无效", "parentCommit is not valid"))
    if pull:
        require_read(call.actor, row)
        opened = await open_pull(uow, row, title, text, base=revision, start=parent)
        return await commit_to_pull(
            uow, row, opened.number, sent.operations, message=title, description=text
        ), opened.number
    if revision.startswith("refs/pr/"):
        return await commit_to_pull(
            uow, row, _number(revision), sent.operations, parent=parent, message=title, description=text
        ), None
    branch = revision.removeprefix("refs/heads/")
    return await service.commit(
        uow, row, sent.operations, branch=branch, parent=parent, message=title, description=text
    ), None


def _number(revision: str) -> int:
    text = revision.removeprefix("refs/pr/")
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise RevisionNotFound((f"没有版本“{revision}”", f"there is no revision {revision}"))
    return int(text)


async def _received(call: Call) -> _Sent:
    """Read the lines of a commit as they arrive; content is stored in batches, so that memory stays bounded."""
    sent = _Sent()
    waiting: list[tuple[str, bytes]] = []
    waiting_bytes = 0
    limit = call.platform.section(HubSettings).max_commit_files
    number = 0
    async for line in _lines(call):
        number += 1
        key, value = _line(line, number)
        if key == "file":
            data = _content(value)
            waiting.append((_path(value), data))
            waiting_bytes += len(data)
            if waiting_bytes >= _BATCH_BYTES:
                await _store(call, sent, waiting)
                waiting, waiting_bytes = [], 0
        elif key == "header":
            sent.header = value
        else:
            await _store(call, sent, waiting)
            waiting, waiting_bytes = [], 0
            sent.operations.append(_operation(key, value))
        if len(sent.operations) + len(waiting) > limit:
            raise FileTooLarge((f"一次提交最多 {limit} 个操作", f"a commit has at most {limit} operations"))
    await _store(call, sent, waiting)
    if not number:
        raise BadRequest(("提交内容为空", "the body of the commit is empty: its first line is its header"))
    return sent


async def _lines(call: Call) -> AsyncIterator[bytes]:
    most = call.platform.section(HubSettings).max_inline_bytes * 4 // 3 + 4096
    held = bytearray()
    async for part in call.chunks():
        # Only the new part is searched: a line may come in very many pieces.
        start = len(held)
        held += part
        end = held.find(b"\n", start)
        if end < 0:
            if len(held) > most:
                raise FileTooLarge(
                    (f"单个直接提交的文件超过 {most} 字节", f"a file in a commit has more than {most} bytes"),
                    hint=("请以 LFS 或 Xet 上传大文件", "upload large files by LFS or Xet"),
                )
            continue
        *lines, rest = bytes(held).split(b"\n")
        held = bytearray(rest)
        for line in lines:
            if line.strip():
                yield line
    if held.strip():
        yield bytes(held)


def _line(line: bytes, number: int) -> tuple[str, dict[str, Any]]:
    try:
        data = orjson.loads(line)
        key, value = data["key"], data["value"]
        if not isinstance(key, str) or not isinstance(value, dict):
            raise TypeError
    except orjson.JSONDecodeError as error:
        raise BadRequest(
            (
                f"提交内容第 {number} 行不是有效的 JSON:{error}",
                f"line {number} of the commit is not valid JSON: {error}",
            )
        ) from error
    except (KeyError, TypeError) as error:
        raise BadRequest(
            (
                f'提交内容第 {number} 行应形如 {{"key": …, "value": {{…}}}}',
                f'line {number} of the commit must be {{"key": ..., "value": {{...}}}}',
            )
        ) from error
    return key, value


def _path(value: dict[str, Any], name: str = "path") -> str:
    path = value.get(name)
    if not isinstance(path, str):
        raise BadRequest(("缺少路径", f"a line of the commit has no {name}"))
    return path.rstrip("/")


def _content(value: dict[str, Any]) -> bytes:
    content, encoding = value.get("content"), value.get("encoding", "utf-8")
    if not isinstance(content, str) or encoding not in ("base64", "utf-8"):
        raise BadRequest(("文件内容无效", "a file of the commit has no valid content"))
    try:
        return binascii.a2b_base64(content, strict_mode=True) if encoding == "base64" else content.encode()
    except (binascii.Error, ValueError) as error:
        raise BadRequest(("文件内容不是有效的 base64", "a file's content is not valid base64")) from error


async def _store(call: Call, sent: _Sent, waiting: list[tuple[str, bytes]]) -> None:
    if not waiting:
        return
    blobs = await call.platform.blobs.put_many([data for _, data in waiting])
    for (path, data), blob in zip(waiting, blobs, strict=True):
        oid = git_blob_oid(data) if blob.size <= LARGE_BYTES else None
        sent.stored.append(Content(blob.sha256, blob.size, oid))
        sent.operations.append(Add(path, blob.sha256))


def _operation(key: str, value: dict[str, Any]) -> Operation:
    if key == "lfsFile":
        oid = value.get("oid")
        if not isinstance(oid, str) or value.get("algo", "sha256") != "sha256":
            raise BadRequest(("大文件的哈希无效", "a large file has no valid hash"))
        return Add(_path(value), oid)
    if key in ("deletedFile", "deletedFolder"):
        return Delete(_path(value))
    if key == "copyFile":
        revision = value.get("srcRevision")
        return Copy(_path(value), _path(value, "srcPath"), revision if isinstance(revision, str) else None)
    raise BadRequest((f"不支持的操作 {key[:40]}", f"the operation {key[:40]} is not known"))
