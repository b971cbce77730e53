"""Use cases of a push: all that it brings is kept and its branches and tags moved in one transaction, or nothing is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ceyuan.hub.commits import contents
from ceyuan.hub.commits.service import refresh_card
from ceyuan.hub.errors import UploadMissing, explain
from ceyuan.hub.git import GitProblem, Limits, Pack
from ceyuan.hub.history import repository as history
from ceyuan.hub.history.commits import keep_commits
from ceyuan.hub.history.source import DatabaseTrees
from ceyuan.hub.naming import Kind
from ceyuan.hub.receiving import proposals
from ceyuan.hub.receiving.commands import Command, Request
from ceyuan.hub.receiving.errors import PushRefused, RefRefused
from ceyuan.hub.receiving.growing import Grower, Growth, known_commits
from ceyuan.hub.receiving.rules import check_command, check_history, tag_target
from ceyuan.hub.repositories.service import find_repository, named
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.storage import require_room
from ceyuan.hub.stored import Content
from ceyuan.hub.trees import EMPTY, Sealed, TreeProblem
from ceyuan.hub.xet.forms import refer_contents
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork

Address = tuple[Kind, str, str]
_BATCH_BYTES = 8 << 20
_LOOKED_AT, _LOOKED_AT_BYTES = 500, 64 << 10
_ABORTED = ("其他引用未更新,整个推送已取消", "atomic transaction failed")
_UNRELATED = ("与目标分支没有共同的历史", "refusing unrelated histories: begin from the branch that is to be changed")


@dataclass(slots=True)
class Outcome:
    """What became of a push: the refusal of each branch or tag that stays, nothing for those that moved; and the
    contents that came with it, by path."""

    refused: dict[str, CeyuanError] = field(default_factory=dict)
    came: dict[str, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class _Move:
    """A command that may be carried out: the commit at which its branch or tag shall be, with the tag's object."""

    command: Command
    commit: str | None
    old: str | None
    tag: tuple[str, bytes] | None = None
    message: str = ""
    start: str | None = None
    """Of a pull request: where its history leaves that of its base."""


class _Aborted(Exception):
    """Undoes the transaction of an atomic push of which a part was refused."""


async def receive(platform: Platform, actor: Actor, address: Address, request: Request, pack: Pack | None) -> Outcome:
    """Take a push. Raises `PushRefused` where its content cannot be taken, `QuotaFull`, and what forbids writing; a
    branch or tag that alone cannot move is told in the outcome."""
    pack = pack or Pack(memoryview(b""), Limits())
    outcome = Outcome()
    async with platform.work(actor, write=False) as uow:
        row = await find_repository(uow, *address)
        await proposals.require_pusher(uow, row, request)
        grower = Grower(uow.session, row.id, pack, await known_commits(uow.session, row.id))
        try:
            moves = await _planned(uow, row, request, pack, grower, outcome)
        except TreeProblem as problem:
            raise explain(problem) from problem
        except GitProblem as problem:
            raise PushRefused((problem.zh, problem.en)) from problem
        await _require_uploaded(uow, row, grower.growth)
    if outcome.refused and request.atomic:
        return _aborted(request, outcome)
    came = await _stored(platform, pack, grower.growth, outcome)
    try:
        async with platform.work(actor) as uow:
            row = await find_repository(uow, *address)
            await proposals.require_pusher(uow, row, request)
            await _keep(uow, row, grower.growth, came)
            for move in moves:
                await _move(uow, row, move, grower, outcome)
            if outcome.refused and request.atomic:
                raise _Aborted
    except _Aborted:
        return _aborted(request, outcome)
    return outcome


async def _planned(
    uow: UnitOfWork, row: HubRepository, request: Request, pack: Pack, grower: Grower, outcome: Outcome
) -> list[_Move]:
    """What can be done of the commands; what not is noted in the outcome."""
    refs = {ref.name: ref for ref in await history.refs(uow.session, row.id)}
    there = {name: ref.tag_oid or ref.commit_id for name, ref in refs.items()}
    tags = {ref.tag_oid: ref.tag_body for ref in refs.values() if ref.tag_oid and ref.tag_body} | pack.tags
    moves: list[_Move] = []
    for command in request.commands:
        here = refs.get(command.ref)
        old = here.commit_id if here else None
        try:
            check_command(uow.actor, row, command, there)
            pull = await proposals.find_pull(uow, row, command) if command.pull is not None else None
            if command.deletes:
                moves.append(_Move(command, None, old))
                del there[command.ref]
                continue
            move = _Move(command, command.new, old)
            if command.new in tags:
                tag = tag_target(command, tags[command.new])
                move.commit, move.tag, move.message = tag.target, (command.new, tags[command.new]), tag.message.strip()
            assert move.commit is not None
            if old is not None:
                check_history(row, command, grower, old, move.commit)
        except CeyuanError as error:
            outcome.refused[command.ref] = error
            continue
        await grower.reach(move.commit)
        there[command.ref] = command.new
        if pull is not None:
            base = refs.get(pull.base or "")
            move.start = grower.fork(base.commit_id, move.commit) if base is not None else pull.start
            if move.start is None:
                outcome.refused[command.ref] = RefRefused(_UNRELATED)
                continue
        moves.append(move)
    return moves


async def _require_uploaded(uow: UnitOfWork, row: HubRepository, growth: Growth) -> None:
    """Raise `PushRefused` unless the large files that the commits point at were uploaded by Git LFS before."""
    try:
        found = await contents.usable(uow, row.id, growth.pointers)
    except UploadMissing as error:
        missing = error.fields.get("missing") or [""]
        path = growth.pointers.get(str(missing[0]), (0, "?"))[1]
        raise PushRefused(
            (f"“{path}”的 LFS 内容尚未上传", f"the LFS content of “{path}” was not uploaded"),
            hint=("请安装 git-lfs 并执行 git lfs push --all", "install git-lfs and run git lfs push --all first"),
        ) from error
    for sha256, (size, path) in growth.pointers.items():
        if found[sha256].size != size:
            raise PushRefused((f"“{path}”的 LFS 指针大小不符", f"the LFS pointer of “{path}” has the wrong size"))


async def _stored(platform: Platform, pack: Pack, growth: Growth, outcome: Outcome) -> list[Content]:
    """Put the new files into the blob store, some at a time."""
    stored: list[Content] = []
    for batch in _batches(growth):
        datas = await asyncio.to_thread(_contents, pack, growth, batch)
        blobs = await platform.blobs.put_many(datas)
        stored += [Content(blob.sha256, blob.size, oid) for oid, blob in zip(batch, blobs, strict=True)]
        for oid, data in zip(batch, datas, strict=True):
            if len(outcome.came) < _LOOKED_AT and len(data) <= _LOOKED_AT_BYTES:
                outcome.came[growth.paths[oid]] = data
    return stored


def _contents(pack: Pack, growth: Growth, oids: Sequence[str]) -> list[bytes]:
    return [pack.content(growth.blobs[oid]) for oid in oids]


def _batches(growth: Growth) -> Iterator[list[str]]:
    """The blobs' ids in the order of the pack, in runs of bounded size."""
    batch: list[str] = []
    size = 0
    for oid, blob in sorted(growth.blobs.items(), key=lambda each: each[1].offset):
        batch.append(oid)
        size += blob.size
        if size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


async def _keep(uow: UnitOfWork, row: HubRepository, growth: Growth, came: Sequence[Content]) -> None:
    """Write contents, folders and commits."""
    await require_room(uow, row.org_id, sum(content.size for content in came))
    await contents.record_uploads(uow, row.id, came)
    hashes = {content.sha256 for content in came} | growth.pointers.keys()
    if hashes:
        await refer_contents(uow, {sha256: size for sha256, (size, _) in growth.pointers.items()})
        found = await contents.usable(uow, row.id, hashes)
        row.held_bytes = await history.hold(uow.session, row.id, {c.sha256: c.size for c in found.values()})
    await DatabaseTrees(uow.session, row.id).keep(Sealed(EMPTY, growth.trees, growth.pages))
    await keep_commits(uow.session, row.id, growth.commits, uow.actor)


async def _move(uow: UnitOfWork, row: HubRepository, move: _Move, grower: Grower, outcome: Outcome) -> None:
    """Carry out one command, unless somebody was faster."""
    command, now = move.command, uow.clock.now()
    here = await history.ref(uow.session, row.id, command.ref, lock=True)
    done = (here.commit_id if here else None) == move.old
    if done and move.commit is None:
        done = await history.remove_ref(uow.session, row.id, command.ref)
    elif done and move.old is None:
        assert move.commit is not None
        done = await history.add_ref(uow.session, row.id, command.ref, move.commit, now, move.message, move.tag)
    elif done:
        assert move.old is not None
        assert move.commit is not None
        done = await history.move_ref(uow.session, row.id, command.ref, move.old, move.commit, now)
    if not done:
        outcome.refused[command.ref] = RefRefused(
            ("fetch first:他人刚刚推送,请先 git pull", "fetch first: somebody else was faster; git pull, then push")
        )
        return
    row.updated_at = now
    await _tell(uow, row, move, grower)


async def _tell(uow: UnitOfWork, row: HubRepository, move: _Move, grower: Grower) -> None:
    """Bring the catalogue up to date and let the rest of the platform hear of it."""
    command = move.command
    details = {"ref": command.ref, "old": move.old, "new": move.commit}
    await uow.audit("hub.push", row.id, row.org_id, **details)
    if command.pull is not None and move.commit is not None and move.commit != move.old:
        pull = await proposals.find_pull(uow, row, command, lock=True)
        known = {commit.id for commit in grower.news(move.old)} if move.old is not None else set()
        came = [commit for commit in grower.news(move.commit) if commit.id not in known]
        await proposals.follow(uow, row, pull, move.start, came)
    elif command.branch is None or move.commit is None or move.old is None:
        await uow.publish("hub.refs_changed", **named(row), ref=command.ref)
    branch = command.ref if command.pull is not None else command.branch
    if branch is None or move.commit is None or move.commit == move.old:
        return
    root = grower.root_of(move.commit)
    parents = grower.parents_of(move.commit)
    parent = move.old or (parents[0] if parents else None)
    if branch == row.default_branch:
        before = grower.root_of(move.old).tree_id if move.old else EMPTY.tree_id
        row.head_commit, row.head_files, row.head_bytes = move.commit, root.files, root.bytes
        await refresh_card(uow, row, DatabaseTrees(uow.session, row.id), before, root.tree_id)
    made = {"commit": move.commit, "parent": parent, "branch": branch, "origin": None}
    sizes = {"tree": root.tree_id, "files": root.files, "bytes": root.bytes}
    await uow.publish("hub.revision_created", **named(row), **made, **sizes, by=uow.actor.id)


def _aborted(request: Request, outcome: Outcome) -> Outcome:
    """Nothing moved, because not everything could."""
    for command in request.commands:
        outcome.refused.setdefault(command.ref, RefRefused(_ABORTED))
    return outcome
