"""Who may read and who may change a repository. What may not be read does not exist for the reader."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import ColumnElement, or_, true

from ceyuan.hub.errors import RepositoryNotFound
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.kernel.actor import Actor, Role
from ceyuan.kernel.errors import Forbidden

Visibility = Literal["public", "internal", "private"]
"""Public: everybody, also without signing in; internal: everybody who has signed in; private: members."""


def can_read(actor: Actor, repository: HubRepository) -> bool:
    """Whether the actor may know of the repository."""
    return may_see(actor, repository.visibility, repository.org_id)


def may_see(actor: Actor, visibility: str, org_id: str) -> bool:
    """Whether the actor may see something of this visibility that belongs to the organisation."""
    if visibility == "public":
        return True
    if not actor.is_known or not actor.has_scope("hub:read"):
        return False
    return visibility == "internal" or actor.may(org_id)


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The same rule as a condition on `HubRepository`."""
    public = HubRepository.visibility == "public"
    if not actor.is_known or not actor.has_scope("hub:read"):
        return public
    if actor.kind == "system" or actor.is_admin:
        return true()
    return or_(public, HubRepository.visibility == "internal", HubRepository.org_id.in_(list(actor.roles)))


def require_read(actor: Actor, repository: HubRepository) -> None:
    """Raise `RepositoryNotFound` unless the actor may read."""
    if not can_read(actor, repository):
        raise not_found()


def require_change(actor: Actor, repository: HubRepository, role: Role = "member") -> None:
    """Raise unless the actor may write with `role`: as if it did not exist for those who may not read."""
    require_read(actor, repository)
    actor.require_known()
    actor.require_scope("hub:write")
    if not actor.may(repository.org_id, role):
        raise Forbidden(
            (f"修改该仓库需要组织角色 {role}", f"this needs the role {role} in the organisation of the repository"),
            hint=("请联系该组织的管理员", "ask an owner of that organisation"),
        )


def not_found() -> RepositoryNotFound:
    """What is said of repositories that do not exist and of those that the actor may not know of."""
    return RepositoryNotFound(
        ("仓库不存在,或您无权查看", "no such repository, or none that you may see"),
        hint=("请检查名称;私有仓库需先登录", "check the name; private repositories need a sign-in"),
    )
