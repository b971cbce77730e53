"""Protected branches: only maintainers move them, and nobody rewrites or removes them."""

from __future__ import annotations

from fnmatch import fnmatchcase

from ceyuan.hub.errors import BranchProtected
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.kernel.actor import Actor


def is_protected(row: HubRepository, branch: str) -> bool:
    """Whether one of the repository's patterns (as `main`, `release/*`) is for this branch."""
    return any(fnmatchcase(branch, pattern) for pattern in row.protected)


def require_hand(actor: Actor, row: HubRepository, branch: str) -> None:
    """Raise `BranchProtected` if the branch is protected and the actor no maintainer."""
    if is_protected(row, branch) and not actor.may(row.org_id, "maintainer"):
        raise BranchProtected(
            (
                f"分支“{branch}”受保护,只有维护者可以修改",
                f"protected branch: only maintainers change “{branch}”",
            ),
            hint=("请提交合并请求", "open a pull request instead"),
        )
