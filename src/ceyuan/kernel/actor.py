"""Who acts: the one value that every rule about permission looks at. The identity room makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ceyuan.kernel.errors import Forbidden, NotFound, Unauthenticated

ActorKind = Literal["anonymous", "person", "service", "system"]
Role = Literal["viewer", "member", "maintainer", "owner"]
ROLE_ORDER: tuple[Role, ...] = ("viewer", "member", "maintainer", "owner")
"""Roles in an organisation, each holding the rights of those before it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a service, the platform itself or nobody, with what it may do.

    `roles` maps organisation ids to the role held there; `duties` are platform-wide offices
    (`operator`, `reviewer`, `programme_officer`, `regulator`, ...); `scopes` limits a token
    (`None` = no limit); `impersonator` is the administrator who acts as this person.
    """

    kind: ActorKind
    id: str
    label: str
    roles: Mapping[str, Role] = field(default_factory=dict)
    duties: frozenset[str] = frozenset()
    is_admin: bool = False
    scopes: frozenset[str] | None = None
    impersonator: str | None = None

    @property
    def is_known(self) -> bool:
        return self.kind != "anonymous"

    def may(self, org_id: str, role: Role = "viewer") -> bool:
        """Whether the actor holds at least `role` in the organisation."""
        if self.kind == "system" or self.is_admin:
            return True
        held = self.roles.get(org_id)
        return held is not None and ROLE_ORDER.index(held) >= ROLE_ORDER.index(role)

    def has_duty(self, duty: str) -> bool:
        """Whether the actor holds the platform-wide office (administrators and the platform hold all)."""
        return self.kind == "system" or self.is_admin or duty in self.duties

    def has_scope(self, scope: str) -> bool:
        """Whether a token's limits let `scope` (such as `hub:write`) through; `hub:write` includes `hub:read`."""
        if self.scopes is None or "*" in self.scopes:
            return True
        room, _, verb = scope.partition(":")
        return scope in self.scopes or f"{room}:*" in self.scopes or (verb == "read" and f"{room}:write" in self.scopes)

    def require_known(self) -> None:
        """Raise `Unauthenticated` unless somebody is signed in."""
        if not self.is_known:
            raise Unauthenticated(hint=("请先登录或附上访问令牌", "sign in or send an access token"))

    def require_scope(self, scope: str) -> None:
        """Raise `Forbidden` unless the token may do `scope`."""
        if not self.has_scope(scope):
            raise Forbidden(
                (f"该令牌缺少权限范围 {scope}", f"this token lacks the scope {scope}"),
                hint=("请创建包含该范围的令牌", "create a token that has this scope"),
            )

    def require_role(self, org_id: str, role: Role = "viewer") -> None:
        """Raise unless the actor holds `role`: 404 for outsiders, so that nothing is disclosed, 403 for members."""
        self.require_known()
        if self.may(org_id, role):
            return
        if org_id in self.roles:
            raise Forbidden(
                (f"需要组织角色 {role}", f"this needs the role {role} in the organisation"),
                hint=("请联系组织管理员", "ask an owner of the organisation"),
            )
        raise NotFound()

    def require_duty(self, duty: str) -> None:
        """Raise unless the actor holds the platform-wide office."""
        self.require_known()
        if not self.has_duty(duty):
            raise Forbidden((f"需要平台职责 {duty}", f"this needs the platform duty {duty}"))


ANONYMOUS = Actor(kind="anonymous", id="anonymous", label="anonymous")
SYSTEM = Actor(kind="system", id="system", label="platform")
