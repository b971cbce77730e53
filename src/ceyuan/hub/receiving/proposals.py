"""Pushes to the branches of pull requests (`refs/pr/N`): by their authors, who need not be members, and by members."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from ceyuan.hub.discussions import service as discussions
from ceyuan.hub.discussions.errors import DiscussionNotFound
from ceyuan.hub.discussions.tables import HubDiscussion
from ceyuan.hub.history.commits import Pushed
from ceyuan.hub.receiving.commands import Command, Request
from ceyuan.hub.receiving.errors import RefRefused
from ceyuan.hub.repositories.access import require_change
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.kernel.work import UnitOfWork

_NOTED = 100


async def require_pusher(uow: UnitOfWork, row: HubRepository, request: Request | None = None) -> None:
    """Raise unless the actor may push: members may; who has a pull request here may push to such, and to nothing else
    (`request`, if it is known already)."""
    proposes = request is None or all(command.pull is not None for command in request.commands)
    if uow.actor.is_known and proposes and not uow.actor.may(row.org_id, "member"):
        discussions.require_speaker(uow, row)
        own = select(HubDiscussion.id).where(
            HubDiscussion.repository_id == row.id,
            HubDiscussion.author_id == uow.actor.id,
            HubDiscussion.is_pull,
            HubDiscussion.status != "merged",
        )
        if await uow.session.scalar(own.limit(1)) is not None:
            return
    require_change(uow.actor, row)


async def find_pull(uow: UnitOfWork, row: HubRepository, command: Command, *, lock: bool = False) -> HubDiscussion:
    """The pull request whose branch the command moves. Raises `RefRefused`."""
    try:
        found = await discussions.find(uow, row, command.pull or 0, lock=lock)
    except DiscussionNotFound:
        found = None
    if found is None or not found.is_pull:
        raise RefRefused(
            (f"没有合并请求 {command.pull}", f"there is no pull request {command.pull}"),
            hint=(
                "请先在页面上或以 hf upload --create-pr 提交合并请求",
                "open a pull request first, on the page or by hf upload --create-pr",
            ),
        )
    if not discussions.may_moderate(uow, row, found):
        raise RefRefused(("只有作者和成员可以提交", "only its author and members may push to a pull request"))
    if found.status == "merged":
        raise RefRefused(("该请求已合并", "the pull request was merged; open another one"))
    return found


async def follow(
    uow: UnitOfWork, row: HubRepository, pull: HubDiscussion, start: str | None, commits: Sequence[Pushed]
) -> None:
    """Note the commits that came, and from which commit of its base the pull request's changes now count."""
    pull.start = start or pull.start
    for commit in commits[-_NOTED:]:
        await discussions.add_event(uow, row, pull, "commit", {"subject": commit.title, "oid": commit.id})
