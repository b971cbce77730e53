"""Commits: a list of operations becomes the next revision of a branch, all of it or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from ceyuan.hub.commits.contents import usable
from ceyuan.hub.commits.protection import require_hand
from ceyuan.hub.errors import EntryNotFound, FileTooLarge, ParentMoved, RevisionNotFound, explain
from ceyuan.hub.history import repository as history
from ceyuan.hub.history.commits import root_of, write_commit
from ceyuan.hub.history.source import DatabaseTrees
from ceyuan.hub.history.tables import HubCommit
from ceyuan.hub.naming import HEADS, Kind
from ceyuan.hub.repositories.access import require_change
from ceyuan.hub.repositories.cards import MAX_CARD, clean
from ceyuan.hub.repositories.service import describe, named
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.revision import Revision
from ceyuan.hub.settings import HubSettings
from ceyuan.hub.stored import Content
from ceyuan.hub.trees import Draft, Entry, File, Sealed, TreeProblem, file_of, find, is_large, listing
from ceyuan.hub.xet.forms import refer_contents
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.work import UnitOfWork

README = "README.md"
_SEAL_IN_THREAD = 2000


@dataclass(frozen=True, slots=True)
class Add:
    """Put the content `sha256` at `path`, in place of a file that is there."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove the file or folder at `path`."""

    path: str


@dataclass(frozen=True, slots=True)
class Copy:
    """Put at `path` the file or folder that is at `source` in `revision` (before this commit, if null)."""

    path: str
    source: str
    revision: str | None = None


Operation = Add | Delete | Copy


@dataclass(frozen=True, slots=True)
class _Proposal:
    """A commit that is being made: what it changes, on which head of which branch, and what it says."""

    row: HubRepository
    trees: DatabaseTrees
    pointer: str
    head: HubCommit
    operations: Sequence[Operation]
    title: str
    description: str
    origin: str | None


def revision_of(row: HubRepository, commit: HubCommit) -> Revision:
    """The commit as other rooms see it."""
    return Revision(
        repository_id=row.id,
        kind=cast(Kind, row.kind),
        owner=row.owner,
        name=row.name,
        org_id=row.org_id,
        commit=commit.id,
        tree=commit.tree_id,
        title=commit.title,
        created_at=commit.created_at,
        files=commit.files,
        bytes=commit.bytes,
    )


async def commit(
    uow: UnitOfWork,
    row: HubRepository,
    operations: Sequence[Operation],
    *,
    message: str,
    description: str = "",
    branch: str | None = None,
    parent: str | None = None,
    origin: str | None = None,
    replace: bool = False,
    permitted: bool = False,
) -> Revision:
    """Apply `operations` in order to the head of `branch` (the default one if null; also a full `refs/…`) and make it
    the new head.

    With `replace` the revision holds what the operations put and nothing else. `parent` is the commit that
    the caller saw: if the head is another by now, `ParentMoved` is raised. A change that leaves the content
    as it was makes no commit; the head is returned. `origin` is the id of the job that makes the revision.
    `permitted` says that the caller has made sure that the actor may write here.
    """
    if not permitted:
        require_change(uow.actor, row)
    _check_size(uow, operations)
    title, rest = _message(message)
    named_branch = branch or row.default_branch
    pointer = named_branch if named_branch.startswith("refs/") else HEADS + named_branch
    if not permitted:
        require_hand(uow.actor, row, pointer.removeprefix(HEADS))
    head = await _locked_head(uow, row, pointer, parent)
    text = "\n\n".join(part for part in (rest, clean(description).strip()) if part)
    trees = DatabaseTrees(uow.session, row.id)
    proposal = _Proposal(row, trees, pointer, head, operations, title, text, origin)
    try:
        sealed, contents = await _drafted(uow, proposal, replace)
    except TreeProblem as problem:
        raise explain(problem) from problem
    if sealed.root.tree_id == head.tree_id:
        return revision_of(row, head)
    return await _keep(uow, proposal, sealed, contents)


def _check_size(uow: UnitOfWork, operations: Sequence[Operation]) -> None:
    limit = uow.platform.section(HubSettings).max_commit_files
    if len(operations) > limit:
        raise FileTooLarge(
            (f"一次提交最多 {limit} 个操作", f"a commit has at most {limit} operations"),
            hint=("请分成几次提交", "split it into several commits"),
        )


def _message(message: str) -> tuple[str, str]:
    """The title (one line) and what follows it."""
    first, _, rest = clean(message).strip().partition("\n")
    if not first:
        raise Invalid(("提交说明不能为空", "a commit needs a message"))
    return first[:500], "\n".join(part for part in (first[500:], rest.strip()) if part)


async def _locked_head(uow: UnitOfWork, row: HubRepository, pointer: str, parent: str | None) -> HubCommit:
    ref = await history.ref(uow.session, row.id, pointer, lock=True)
    if ref is None:
        name = pointer.removeprefix(HEADS)
        raise RevisionNotFound(
            (f"没有分支“{name}”", f"there is no branch “{name}”"), hint=("请先创建分支", "create the branch first")
        )
    if parent is not None and ref.commit_id != parent:
        raise _moved(ref.commit_id)
    head = await history.commit_by_id(uow.session, row.id, ref.commit_id)
    assert head is not None
    return head


def _moved(head: str) -> ParentMoved:
    return ParentMoved(
        ("分支已有新提交,本次修改未写入", "the branch has moved on; nothing was written"),
        hint=("请取得最新版本,合并后再提交", "fetch the newest revision, merge and commit again"),
        head=head,
    )


async def _drafted(uow: UnitOfWork, proposal: _Proposal, replace: bool) -> tuple[Sealed, Mapping[str, Content]]:
    """The tree after all operations, and the contents that they add."""
    operations = proposal.operations
    draft = Draft(proposal.trees, root_of(proposal.head))
    if replace:
        await draft.clear()
    contents = await usable(uow, proposal.row.id, (op.sha256 for op in operations if isinstance(op, Add)))
    for operation in operations:
        if isinstance(operation, Add):
            await draft.put(operation.path, _file(operation.path, contents[operation.sha256]))
        elif isinstance(operation, Delete):
            await draft.delete(operation.path)
        else:
            await draft.put(operation.path, await _source_of(uow, proposal, operation))
    sealed = await asyncio.to_thread(draft.seal) if len(operations) > _SEAL_IN_THREAD else draft.seal()
    return sealed, contents


def _file(path: str, content: Content) -> File:
    return file_of(path, content.sha256, content.size, content.git_oid)


async def _source_of(uow: UnitOfWork, proposal: _Proposal, copy: Copy) -> Entry:
    commit = proposal.head
    if copy.revision is not None:
        found = await history.resolve(uow.session, proposal.row.id, copy.revision)
        if found is None:
            raise RevisionNotFound((f"没有版本“{copy.revision}”", f"there is no revision “{copy.revision}”"))
        commit = found
    entry = await find(proposal.trees, root_of(commit), copy.source)
    if entry is None or not copy.source:
        raise EntryNotFound((f"“{copy.source}”不存在", f"there is nothing at “{copy.source}”"))
    if isinstance(entry, File) and entry.large != is_large(copy.path, entry.size):
        # Whether git sees a pointer depends on the name: what a tree is must not depend on how it came about.
        contents = await usable(uow, proposal.row.id, [entry.sha256])
        return _file(copy.path, contents[entry.sha256])
    return entry


async def _keep(uow: UnitOfWork, proposal: _Proposal, sealed: Sealed, contents: Mapping[str, Content]) -> Revision:
    """Write trees, commit and pointer, and tell the rest of the platform."""
    row, head, pointer, now = proposal.row, proposal.head, proposal.pointer, uow.clock.now()
    await proposal.trees.keep(sealed)
    await _hold(uow, proposal.row, contents)
    new = await write_commit(
        uow.session,
        row.id,
        sealed.root,
        head.id,
        author=uow.actor,
        at=now,
        title=proposal.title,
        description=proposal.description,
        origin=proposal.origin,
    )
    if not await history.move_ref(uow.session, row.id, pointer, head.id, new.id, now):
        raise _moved(head.id)
    row.updated_at = now
    branch = pointer.removeprefix(HEADS)
    if branch == row.default_branch:
        row.head_commit, row.head_files, row.head_bytes = new.id, new.files, new.bytes
        await refresh_card(uow, row, proposal.trees, head.tree_id, new.tree_id)
    made = {"commit": new.id, "parent": head.id, "branch": branch, "origin": proposal.origin}
    await uow.audit("hub.commit", row.id, row.org_id, **made)
    sizes = {"tree": new.tree_id, "files": new.files, "bytes": new.bytes}
    await uow.publish("hub.revision_created", **named(row), **made, **sizes, by=uow.actor.id)
    return revision_of(row, new)


async def _hold(uow: UnitOfWork, row: HubRepository, contents: Mapping[str, Content]) -> None:
    """Note which content the repository now holds. Copies bring none that it did not hold before."""
    if contents:
        await refer_contents(uow, {sha256: content.size for sha256, content in contents.items()})
        row.held_bytes = await history.hold(uow.session, row.id, {c.sha256: c.size for c in contents.values()})


async def refresh_card(uow: UnitOfWork, row: HubRepository, trees: DatabaseTrees, old: str, new: str) -> None:
    """Bring the repository's title and labels up to date where the card in the root `new` is not that in `old`."""
    before = (await listing(trees, old)).get(README)
    after = (await listing(trees, new)).get(README)
    if before == after:
        return
    text = ""
    if isinstance(after, File) and after.size <= MAX_CARD:
        text = (await uow.platform.blobs.read(after.sha256)).decode("utf-8", "replace")
    await describe(uow, row, text)
