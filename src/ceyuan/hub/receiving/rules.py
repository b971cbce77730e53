"""Which branches and tags a push may move, told in the words that git's users know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ceyuan.hub.commits.protection import is_protected, require_hand
from ceyuan.hub.git import TagBody, tag_of
from ceyuan.hub.naming import check_ref_name
from ceyuan.hub.receiving.commands import Command
from ceyuan.hub.receiving.errors import RefRefused
from ceyuan.hub.receiving.growing import Grower
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.kernel.actor import Actor


def check_command(actor: Actor, row: HubRepository, command: Command, there: Mapping[str, str]) -> None:
    """What can be said of a command without looking at commits. `there` holds the references as git names what they
    are on. Raises `RefRefused`, `NameRefused` or `Forbidden`."""
    name = command.branch if command.branch is not None else command.tag
    if name is None and command.pull is None:
        raise RefRefused(
            (
                f"funny refname:只能推送分支、标签与合并请求,不能推送“{command.ref[:120]}”",
                f"funny refname: only branches, tags and pull requests are pushed, not {command.ref[:120]}",
            ),
        )
    here = there.get(command.ref)
    if here != (None if command.creates else command.old):
        raise RefRefused(
            (
                "fetch first:分支已有新提交,请先 git pull",
                "fetch first: somebody else has pushed here; git pull, then push",
            )
        )
    if name is None:
        if command.deletes:
            raise RefRefused(
                ("deletion prohibited:合并请求的分支不能删除", "deletion prohibited: a pull request keeps its branch")
            )
        return
    if not command.deletes and here is None:
        check_ref_name(name)
        _require_free(command.ref, there)
    if command.branch is None:
        if not command.deletes and not command.creates:
            raise RefRefused(("already exists:标签不可移动", "already exists: a tag never moves"))
        return
    require_hand(actor, row, name)
    if command.deletes and name == row.default_branch:
        raise RefRefused(
            ("deletion of the current branch prohibited:默认分支不能删除", "deletion of the current branch prohibited")
        )
    if command.deletes and is_protected(row, name):
        raise RefRefused(("deletion prohibited:该分支受保护", "deletion prohibited: the branch is protected"))


def _require_free(ref: str, there: Iterable[str]) -> None:
    """Git cannot hold `a` and `a/b` at once, and no file system `A` and `a`."""
    for other in there:
        if other.startswith(f"{ref}/") or ref.startswith(f"{other}/"):
            raise RefRefused(
                (f"cannot lock ref:“{other}”已存在", f"cannot lock ref: '{other}' exists"),
                hint=("请换一个名称", "choose another name"),
            )
        if other.casefold() == ref.casefold() and other != ref:
            raise RefRefused((f"“{other}”仅大小写不同", f"'{other}' differs only in case"))


def check_history(row: HubRepository, command: Command, grower: Grower, old: str, new: str) -> None:
    """Where history must not be rewritten: on the default branch and on protected ones. Raises `RefRefused`."""
    name = command.branch
    if name is None or command.creates or (name != row.default_branch and not is_protected(row, name)):
        return
    if not grower.descends(new, old):
        raise RefRefused(
            (
                "non-fast-forward:该分支的历史不可改写,请先 git pull 合并",
                "non-fast-forward: the history of this branch stays; git pull and merge first",
            )
        )


def tag_target(command: Command, body: bytes) -> TagBody:
    """An annotated tag, which must be on a commit. Raises `RefRefused` or `ObjectProblem`."""
    tag = tag_of(body)
    if tag.kind != "commit":
        raise RefRefused((f"标签须指向提交,不能指向 {tag.kind}", f"a tag is on a commit, not on a {tag.kind}"))
    if command.tag is None:
        raise RefRefused(("分支须指向提交", "a branch is on a commit, not on a tag"))
    return tag
