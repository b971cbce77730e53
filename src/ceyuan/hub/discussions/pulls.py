"""Pull requests: a branch of its own for each (`refs/pr/N`), and the merge of what changed there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ceyuan.hub.browsing.service import View, open_repository
from ceyuan.hub.commits import service as commits
from ceyuan.hub.commits.refs import resolve_commit
from ceyuan.hub.commits.service import Add, Delete, Operation
from ceyuan.hub.discussions import service
from ceyuan.hub.discussions.errors import DiscussionClosed, MergeConflict, Unrelated
from ceyuan.hub.discussions.tables import HubDiscussion
from ceyuan.hub.history import repository as history
from ceyuan.hub.history.tables import HubCommit
from ceyuan.hub.naming import HEADS
from ceyuan.hub.repositories.access import require_change
from ceyuan.hub.repositories.service import named
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.revision import Revision
from ceyuan.hub.trees import Change, compare
from ceyuan.kernel.errors import Forbidden
from ceyuan.kernel.work import UnitOfWork

_SHOWN = 100
_LOOKED_BACK = 2000


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a pull request would change: its changes, and the files that both sides changed."""

    start: View
    head: View
    base: View
    changes: Sequence[Change]
    conflicts: Sequence[str]


def ref_of(number: int) -> str:
    """The branch of a pull request."""
    return f"refs/pr/{number}"


async def open_pull(
    uow: UnitOfWork,
    row: HubRepository,
    title: str,
    text: str,
    *,
    base: str | None = None,
    start: str | None = None,
    source: str | None = None,
) -> HubDiscussion:
    """Begin a pull request to the branch `base` (the default one if null), from its head or from `start`; with
    `source`, a branch or commit, it proposes what that has beyond their common ancestor."""
    service.require_speaker(uow, row)
    branch = (base or row.default_branch).removeprefix(HEADS)
    commit = await resolve_commit(uow, row, start or HEADS + branch)
    head = commit
    if source is not None:
        head = await resolve_commit(uow, row, source)
        commit = await _common(uow, row, commit, head)
    words = text if text.strip() else title
    # A title of a commit may be shorter or longer than one of a discussion.
    fitting = title.strip()[: service.TITLE_MAX].ljust(service.TITLE_MIN, ".")
    made = await service.begin(uow, row, fitting, words, is_pull=True, base=HEADS + branch, start=commit.id)
    await history.add_ref(uow.session, row.id, ref_of(made.number), head.id, uow.clock.now())
    return made


async def _common(uow: UnitOfWork, row: HubRepository, base: HubCommit, head: HubCommit) -> HubCommit:
    """The latest commit that both sides have among the newest of each; raises `Unrelated`."""
    ours = {each.id for each in await history.log(uow.session, row.id, base.id, _LOOKED_BACK)}
    for each in await history.log(uow.session, row.id, head.id, _LOOKED_BACK):
        if each.id in ours:
            return each
    raise Unrelated(
        ("两个版本没有共同的历史", "the two revisions have no history in common"),
        hint=("请从目标分支开始修改", "begin from the branch that is to be changed"),
    )


async def commit_to_pull(
    uow: UnitOfWork,
    row: HubRepository,
    number: int,
    operations: Sequence[Operation],
    *,
    message: str,
    description: str = "",
    parent: str | None = None,
) -> Revision:
    """Add a commit to a pull request; its author and members may."""
    discussion = await service.find(uow, row, number)
    if not service.may_moderate(uow, row, discussion):
        service.require_speaker(uow, row)
        raise Forbidden(("只有作者和成员可以提交", "only its author and members may commit here"))
    if not discussion.is_pull or discussion.status == "merged":
        raise DiscussionClosed(("该请求已合并或不是合并请求", "this is no open pull request"))
    made = await commits.commit(
        uow,
        row,
        operations,
        message=message,
        description=description,
        branch=ref_of(number),
        parent=parent,
        permitted=True,
    )
    data = {"subject": made.title, "oid": made.commit}
    await service.add_event(uow, row, discussion, "commit", data)
    return made


async def proposal(uow: UnitOfWork, row: HubRepository, discussion: HubDiscussion) -> Proposal:
    """What the pull request would change now."""
    assert discussion.start is not None
    assert discussion.base is not None
    start = await open_repository(uow, row, discussion.start)
    head = await open_repository(uow, row, ref_of(discussion.number))
    base = await open_repository(uow, row, discussion.base)
    changes = [change async for change in compare(start.trees, start.root, head.root)]
    theirs = {change.path: change.new async for change in compare(start.trees, start.root, base.root)}
    conflicts = [change.path for change in changes if change.path in theirs and theirs[change.path] != change.new]
    return Proposal(start, head, base, changes, conflicts[:_SHOWN])


async def merge(uow: UnitOfWork, row: HubRepository, number: int, text: str = "") -> str:
    """Make the pull request's changes one commit of its base branch; returns that commit. Raises `MergeConflict`."""
    require_change(uow.actor, row)
    discussion = await service.find(uow, row, number, lock=True)
    if not discussion.is_pull or discussion.status in ("merged", "closed"):
        raise DiscussionClosed(("该请求已关闭或不是合并请求", "this is no open pull request"))
    found = await proposal(uow, row, discussion)
    if found.conflicts:
        raise MergeConflict(
            (f"“{found.conflicts[0]}”两边都有修改", f"both sides changed {found.conflicts[0]}"),
            hint=("请在请求分支上合并后再试", "bring the pull request up to date first"),
            files=list(found.conflicts),
        )
    operations: list[Operation] = [Delete(change.path) for change in found.changes if change.new is None]
    operations += [Add(change.path, change.new.sha256) for change in found.changes if change.new is not None]
    merged = found.base.commit.id
    if operations and found.head.commit.tree_id != found.base.commit.tree_id:
        made = await commits.commit(
            uow,
            row,
            operations,
            message=f"{discussion.title} (#{number})",
            branch=discussion.base,
            parent=found.base.commit.id,
            origin=discussion.id,
        )
        merged = made.commit
    if text.strip():
        await service.comment(uow, row, number, text)
    discussion.status, discussion.merge_commit = "merged", merged
    await service.add_event(uow, row, discussion, "status-change", {"status": "merged"})
    await uow.publish("hub.discussion_changed", **named(row), number=number, status="merged", title=discussion.title)
    return merged
