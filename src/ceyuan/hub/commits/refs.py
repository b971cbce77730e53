"""Branches and tags: pointers with a name."""

from __future__ import annotations

from collections.abc import Sequence

from ceyuan.hub.commits.protection import is_protected
from ceyuan.hub.errors import BranchExists, BranchKept, BranchProtected, RevisionNotFound
from ceyuan.hub.history import repository as history
from ceyuan.hub.history.tables import HubCommit, HubRef
from ceyuan.hub.naming import HEADS, TAGS, check_ref_name
from ceyuan.hub.repositories.access import require_change, require_read
from ceyuan.hub.repositories.service import named
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.kernel.work import UnitOfWork


async def resolve_commit(uow: UnitOfWork, row: HubRepository, revision: str | None) -> HubCommit:
    """The commit that `revision` (a branch, tag, commit or its beginning; null: the default branch) names."""
    require_read(uow.actor, row)
    wanted = revision or HEADS + row.default_branch
    found = await history.resolve(uow.session, row.id, wanted) if wanted.isprintable() else None
    if found is None:
        raise RevisionNotFound(
            (f"没有版本“{wanted[:120]}”", f"there is no revision “{wanted[:120]}”"),
            hint=("可用分支名、标签名或提交号", "use the name of a branch or tag, or a commit id"),
        )
    return found


async def list_refs(uow: UnitOfWork, row: HubRepository) -> Sequence[HubRef]:
    """All branches and tags."""
    require_read(uow.actor, row)
    return await history.refs(uow.session, row.id)


async def create_branch(uow: UnitOfWork, row: HubRepository, name: str, start: str | None = None) -> HubRef:
    """A new branch at `start` (the default branch if null)."""
    return await _create(uow, row, HEADS + check_ref_name(name), start, "")


async def create_tag(
    uow: UnitOfWork, row: HubRepository, name: str, revision: str | None = None, message: str = ""
) -> HubRef:
    """A new tag at `revision` (the default branch if null); a tag never moves."""
    await resolve_commit(uow, row, revision)
    return await _create(uow, row, TAGS + check_ref_name(name), revision, message)


async def _create(uow: UnitOfWork, row: HubRepository, full: str, start: str | None, message: str) -> HubRef:
    require_change(uow.actor, row)
    commit = await resolve_commit(uow, row, start)
    if not await history.add_ref(uow.session, row.id, full, commit.id, uow.clock.now(), message):
        name = full.split("/", 2)[2]
        raise BranchExists(
            (f"“{name}”已存在", f"Reference {full} already exists"), hint=("请换一个名称", "choose another name")
        )
    await uow.audit("hub.ref_create", row.id, row.org_id, ref=full, commit=commit.id)
    await uow.publish("hub.refs_changed", **named(row), ref=full)
    made = await history.ref(uow.session, row.id, full)
    assert made is not None
    return made


async def delete_ref(uow: UnitOfWork, row: HubRepository, full: str) -> None:
    """Remove a branch or tag (full name); its commits stay. The default branch cannot be removed."""
    require_change(uow.actor, row)
    if full == HEADS + row.default_branch:
        raise BranchKept(
            ("默认分支不能删除", f"Cannot delete {full}: it is the default branch"),
            hint=("请先更换默认分支", "choose another default branch first"),
        )
    if full.startswith(HEADS) and is_protected(row, full[len(HEADS) :]):
        raise BranchProtected((f"受保护的分支“{full[len(HEADS) :]}”不能删除", f"Cannot delete {full}: it is protected"))
    if not await history.remove_ref(uow.session, row.id, full):
        raise RevisionNotFound((f"没有“{full[:120]}”", f"Invalid rev id: there is no {full[:120]}"))
    await uow.audit("hub.ref_delete", row.id, row.org_id, ref=full)
    await uow.publish("hub.refs_changed", **named(row), ref=full)
