"""Large files taken out of a repository for good, out of its history too where that is asked for.

A commit is named by its content: one that loses a file becomes another, and so do all that follow it. Their branches,
tags and pull requests are led to the new ones; the old ones, with what was signed about them, are gone. The bytes go
when the collector of garbage comes by, unless another repository holds them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select, update

from ceyuan.hub.commits.protection import is_protected
from ceyuan.hub.commits.tables import HubUpload
from ceyuan.hub.discussions.tables import HubDiscussion
from ceyuan.hub.errors import BranchProtected, EntryNotFound, ParentMoved, StillReferenced
from ceyuan.hub.history import repository as history
from ceyuan.hub.history.commits import message_of, root_of
from ceyuan.hub.history.source import DatabaseTrees
from ceyuan.hub.history.tables import HubCommit, HubHeld, HubRef
from ceyuan.hub.inspection.tables import HubInspection
from ceyuan.hub.mirrors.tables import HubMirrored
from ceyuan.hub.naming import HEADS
from ceyuan.hub.repositories.access import require_change
from ceyuan.hub.repositories.service import named
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.signing.tables import HubSignature
from ceyuan.hub.trees import Draft, File, Folder, Signature, git_commit_oid, listing
from ceyuan.kernel.upserts import insert_missing
from ceyuan.kernel.work import UnitOfWork

_CHUNK = 400


async def erase_large_files(uow: UnitOfWork, row: HubRepository, hashes: Sequence[str], *, rewrite: bool) -> int:
    """Take the large files with these SHA-256 out of the repository; returns how many commits were written anew.

    Without `rewrite` no commit may hold any of them (`StillReferenced`). Needs an owner; protected branches are not
    rewritten (`BranchProtected`).
    """
    require_change(uow.actor, row, "owner")
    await history.hold_still(uow.session, row.id)
    wanted = await history.held(uow.session, row.id, hashes)
    if unknown := sorted(set(hashes) - wanted):
        raise EntryNotFound(
            (f"仓库中没有内容 {unknown[0]}", f"the repository holds no file with the SHA-256 {unknown[0]}"),
            hint=("用 list_lfs_files 列出大文件", "list its large files with list_lfs_files"),
        )
    commits = await _oldest_first(uow, row.id)
    leaner = _Leaner(DatabaseTrees(uow.session, row.id), wanted)
    holding = [each.id for each in commits if await leaner.holds(root_of(each))]
    if holding and not rewrite:
        raise StillReferenced(
            (
                f"{len(holding)} 个提交仍引用这些文件;rewrite_history=True 会将其从历史中移除,提交号随之改变",
                f"{len(holding)} commits still hold these files; rewrite_history=True takes them out of the history, "
                "which gives its commits new ids",
            ),
            commits=holding[:100],
        )
    became = await _written_anew(uow, row, commits, set(holding), leaner)
    await _lead_over(uow, row, became)
    await uow.session.execute(delete(HubHeld).where(HubHeld.repository_id == row.id, HubHeld.sha256.in_(wanted)))
    await uow.session.execute(delete(HubUpload).where(HubUpload.repository_id == row.id, HubUpload.sha256.in_(wanted)))
    held = await uow.session.scalar(select(func.sum(HubHeld.size)).where(HubHeld.repository_id == row.id))
    row.held_bytes, row.updated_at = int(held or 0), uow.clock.now()
    await uow.audit("hub.files_erased", row.id, row.org_id, sha256=sorted(wanted)[:100], commits=len(became))
    return len(became)


async def _oldest_first(uow: UnitOfWork, repository_id: str) -> list[HubCommit]:
    """All commits of the repository, each after its parents."""
    rows = await uow.session.scalars(select(HubCommit).where(HubCommit.repository_id == repository_id))
    left = {row.id: row for row in rows}
    ordered: list[HubCommit] = []
    placed: set[str] = set()
    for start in sorted(left):
        waiting = [start]
        while waiting:
            row = left[waiting[-1]]
            before = [parent for parent in row.parents if parent in left and parent not in placed]
            if before:
                waiting += before
                continue
            waiting.pop()
            if row.id not in placed:
                placed.add(row.id)
                ordered.append(row)
    return ordered


class _Leaner:
    """Folders without the unwanted files; each folder is looked at once."""

    def __init__(self, trees: DatabaseTrees, unwanted: set[str]) -> None:
        self._trees = trees
        self._unwanted = unwanted
        self._paths: dict[str, list[str]] = {}
        self._made: dict[str, Folder] = {}

    async def holds(self, folder: Folder) -> bool:
        return bool(await self._found(folder))

    async def _found(self, folder: Folder) -> list[str]:
        """The paths below a folder where unwanted files lie."""
        known = self._paths.get(folder.tree_id)
        if known is None:
            known = []
            for name, entry in (await listing(self._trees, folder.tree_id)).items():
                if isinstance(entry, Folder):
                    known += [f"{name}/{path}" for path in await self._found(entry)]
                elif isinstance(entry, File) and entry.sha256 in self._unwanted:
                    known.append(name)
            self._paths[folder.tree_id] = known
        return known

    async def without(self, folder: Folder) -> Folder:
        """The folder without them, kept."""
        made = self._made.get(folder.tree_id)
        if made is None:
            draft = Draft(self._trees, folder)
            for path in await self._found(folder):
                await draft.delete(path)
            sealed = draft.seal()
            await self._trees.keep(sealed)
            made = self._made[folder.tree_id] = sealed.root
        return made


async def _written_anew(
    uow: UnitOfWork, row: HubRepository, commits: Iterable[HubCommit], holding: set[str], leaner: _Leaner
) -> dict[str, HubCommit]:
    """The commits that hold the files and all that follow them, written without; by the ids that they had."""
    became: dict[str, HubCommit] = {}
    for old in commits:
        if old.id not in holding and not any(parent in became for parent in old.parents):
            continue
        root = await leaner.without(root_of(old)) if old.id in holding else root_of(old)
        parents = [became[parent].id if parent in became else parent for parent in old.parents]
        body = None if old.body is None else _body(old.body, root.git_oid, parents)
        if body is not None:
            new_id = hashlib.sha1(b"commit %d\0" % len(body) + body, usedforsecurity=False).hexdigest()
        else:
            author = Signature(old.author_id, f"{old.author_id}@ceyuan", old.created_at)
            new_id = git_commit_oid(root.git_oid, parents, author, message_of(old.title, old.description))
        values: dict[str, Any] = {column.key: getattr(old, column.key) for column in HubCommit.__table__.columns}
        values |= {
            **{"id": new_id, "tree_id": root.tree_id, "git_tree": root.git_oid, "parents": parents, "body": body},
            **{"parent": parents[0] if parents else None, "files": root.files, "bytes": root.bytes},
        }
        await uow.session.execute(insert_missing(uow.session, HubCommit, values))
        made = await history.commit_by_id(uow.session, row.id, new_id)
        assert made is not None
        became[old.id] = made
    return became


def _body(body: bytes, tree: str, parents: Sequence[str]) -> bytes:
    """A commit that was pushed by git, with another tree and other parents; its signature, which was for the old one,
    is left out."""
    head, _, message = body.partition(b"\n\n")
    kept: list[bytes] = []
    signed = False
    for line in head.split(b"\n"):
        signed = line.startswith(b"gpgsig") or (signed and line.startswith(b" "))
        if not signed and not line.startswith((b"tree ", b"parent ")):
            kept.append(line)
    lines = [b"tree " + tree.encode(), *(b"parent " + parent.encode() for parent in parents), *kept]
    return b"\n".join(lines) + b"\n\n" + message


async def _lead_over(uow: UnitOfWork, row: HubRepository, became: Mapping[str, HubCommit]) -> None:
    """Let everything that points at an old commit point at the one that took its place, and drop the old ones."""
    now = uow.clock.now()
    for ref in await history.refs(uow.session, row.id):
        new = became.get(ref.commit_id)
        if new is None:
            continue
        if is_protected(row, ref.name.removeprefix(HEADS)):
            name = ref.name.removeprefix(HEADS)
            raise BranchProtected((f"受保护的分支“{name}”不能改写", f"“{name}” is protected: its history stays"))
        if not await history.move_ref(uow.session, row.id, ref.name, ref.commit_id, new.id, now):
            raise ParentMoved(head=ref.commit_id)
        # The object of an annotated tag names the old commit.
        at = (HubRef.repository_id == row.id) & (HubRef.name == ref.name)
        await uow.session.execute(update(HubRef).where(at).values(tag_oid=None, tag_body=None))
        if ref.name == HEADS + row.default_branch:
            row.head_commit, row.head_files, row.head_bytes = new.id, new.files, new.bytes
        await uow.publish("hub.refs_changed", **named(row), ref=ref.name)
    for old, made in became.items():
        for column in (HubDiscussion.start, HubDiscussion.merge_commit, HubMirrored.commit_id):
            table = column.class_
            points = (table.repository_id == row.id) & (column == old)
            await uow.session.execute(update(table).where(points).values({column.key: made.id}))
    gone = list(became)
    for start in range(0, len(gone), _CHUNK):
        some = gone[start : start + _CHUNK]
        for table, which in ((HubSignature, HubSignature.commit_id), (HubInspection, HubInspection.commit_id)):
            await uow.session.execute(delete(table).where(table.repository_id == row.id, which.in_(some)))
        await uow.session.execute(delete(HubCommit).where(HubCommit.repository_id == row.id, HubCommit.id.in_(some)))
