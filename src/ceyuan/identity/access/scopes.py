"""Scopes of tokens: which rooms there are, which verbs they know, and which paths each room answers for.

A limited token is checked twice: here by the path, for every route of `/api/v1`, so that no route can
forget it; and by rooms that know finer verbs (`actor.require_scope("gateway:call")`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import Invalid, Text
from ceyuan.kernel.platform import Platform

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_SCOPE = re.compile(r"^(?:\*|[a-z][a-z0-9_]{1,30}:(?:\*|[a-z][a-z0-9_]{1,20}))\Z")


@dataclass(frozen=True, slots=True)
class ScopeRoom:
    """Hook: a room whose use tokens can be limited to; `verbs` beside `read` and `write`, and its path prefixes.

    Rooms `platform.provide(ScopeRoom, ScopeRoom("hub", ("数据与模型仓库", "Hub"), paths=("/api/v1/repositories",)))`.
    A path that no room claims belongs to the room of its first segment after `/api/v1`.
    """

    name: str
    title: Text
    paths: Sequence[str] = ()
    verbs: dict[str, Text] = field(default_factory=dict)


IDENTITY = ScopeRoom(
    "identity",
    ("账号与组织", "Accounts and organisations"),
    paths=tuple(
        f"/api/v1/{segment}"
        for segment in (
            "me",
            "people",
            "organisations",
            "invitations",
            "tokens",
            "sessions",
            "notices",
            "announcements",
        )
    ),
)
ADMIN = ScopeRoom("admin", ("平台管理", "Administration"), paths=("/api/v1/admin",))
_READ: Text = ("读取", "Read")
_WRITE: Text = ("读写", "Read and write")
_WHOAMI = "/api/v1/me"


def scope_rooms(platform: Platform) -> list[ScopeRoom]:
    """Every room that tokens can be limited to."""
    return [IDENTITY, ADMIN, *platform.find(ScopeRoom)]


def describe_scopes(platform: Platform) -> list[tuple[str, Text]]:
    """The scopes to offer when a token is made, with their titles."""
    out: list[tuple[str, Text]] = [("*", ("全部权限", "Everything"))]
    for room in scope_rooms(platform):
        for verb, words in {"read": _READ, "write": _WRITE, **room.verbs}.items():
            out.append((f"{room.name}:{verb}", (f"{room.title[0]}:{words[0]}", f"{room.title[1]}: {words[1]}")))
    return out


def check_scopes(scopes: Sequence[str]) -> list[str]:
    """Sorted scopes without repeats; raises `Invalid` for an empty list or a malformed one."""
    if not scopes:
        raise Invalid(("请至少选择一个权限范围", "name at least one scope"))
    for scope in scopes:
        if not _SCOPE.fullmatch(scope):
            raise Invalid(
                (f"权限范围“{scope}”格式有误", f"“{scope}” is not a scope"),
                hint=("例如 hub:read、gateway:call 或 *", "for example hub:read, gateway:call or *"),
            )
    return sorted(set(scopes))


class ScopeGuard:
    """Decides by path and method whether a limited token may pass."""

    def __init__(self, platform: Platform) -> None:
        claims = [(prefix, room.name) for room in scope_rooms(platform) for prefix in room.paths]
        self._claims = sorted(claims, key=lambda claim: -len(claim[0]))

    def needed(self, method: str, path: str) -> str | None:
        """The scope that a request needs; None where the rooms decide alone (outside `/api/v1`)."""
        if path == _WHOAMI and method in SAFE_METHODS:
            return None
        verb = "read" if method in SAFE_METHODS else "write"
        for prefix, room in self._claims:
            if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/"):
                return f"{room}:{verb}"
        if not path.startswith("/api/v1/"):
            return None
        segment = path.removeprefix("/api/v1/").partition("/")[0]
        return f"{segment.replace('-', '_')}:{verb}"

    def check(self, actor: Actor, method: str, path: str) -> None:
        """Raise `Forbidden` where the actor's token does not reach."""
        if actor.scopes is None or "*" in actor.scopes:
            return
        needed = self.needed(method, path)
        if needed is not None:
            actor.require_scope(needed)
