"""One commit in place of a whole history: the content stays, how it came about goes."""

from __future__ import annotations

from ceyuan.hub.commits.protection import is_protected
from ceyuan.hub.commits.refs import resolve_commit
from ceyuan.hub.errors import BranchProtected, ParentMoved
from ceyuan.hub.history import repository as history
from ceyuan.hub.history.commits import root_of, write_commit
from ceyuan.hub.naming import HEADS
from ceyuan.hub.repositories.access import require_change
from ceyuan.hub.repositories.service import named
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.kernel.work import UnitOfWork


async def squash(uow: UnitOfWork, row: HubRepository, branch: str, title: str) -> str:
    """Point `branch` (a name or a full `refs/…`) at one commit without parents that holds its content; returns that
    commit. Needs a maintainer."""
    require_change(uow.actor, row, "maintainer")
    pointer = branch if branch.startswith("refs/") else HEADS + branch
    if is_protected(row, pointer.removeprefix(HEADS)):
        raise BranchProtected((f"受保护的分支“{branch}”不能改写", f"“{branch}” is protected: its history stays"))
    head = await resolve_commit(uow, row, pointer)
    now = uow.clock.now()
    made = await write_commit(uow.session, row.id, root_of(head), None, author=uow.actor, at=now, title=title[:500])
    if made.id != head.id and not await history.move_ref(uow.session, row.id, pointer, head.id, made.id, now):
        raise ParentMoved(head=head.id)
    if pointer == HEADS + row.default_branch:
        row.head_commit = made.id
    await uow.audit("hub.squash", row.id, row.org_id, ref=pointer, old=head.id, new=made.id)
    await uow.publish("hub.refs_changed", **named(row), ref=pointer)
    return made.id
