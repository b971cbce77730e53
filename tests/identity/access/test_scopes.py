"""Scopes by path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceyuan.identity.access.credential import limited
from ceyuan.identity.access.scopes import ScopeGuard, ScopeRoom, check_scopes
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import Forbidden
from ceyuan.kernel.platform import Platform

HUB = ScopeRoom("hub", ("仓库", "Hub"), paths=("/api/v1/repositories", "/api/v1/lineage"))


class _WithRooms:
    """As much of a platform as the guard asks for."""

    def find(self, _hook: type[object]) -> list[ScopeRoom]:
        return [HUB]


GUARD = ScopeGuard(_WithRooms())  # type: ignore[arg-type]
_: type[Platform] = Platform


@pytest.mark.parametrize(
    ("method", "path", "needed"),
    [
        ("GET", "/api/v1/repositories/dataset/demo/corpus", "hub:read"),
        ("PUT", "/api/v1/repositories", "hub:write"),
        ("GET", "/api/v1/repositoriesx", "repositoriesx:read"),
        ("GET", "/api/v1/jobs/job_1", "jobs:read"),
        ("POST", "/api/v1/safety-rules/x", "safety_rules:write"),
        ("GET", "/api/v1/me", None),
        ("PATCH", "/api/v1/me", "identity:write"),
        ("DELETE", "/api/v1/me/password", "identity:write"),
        ("GET", "/api/v1/admin/accounts", "admin:read"),
        ("POST", "/v1/chat/completions", None),
        ("GET", "/api/models/demo/mini", None),
    ],
)
def test_a_path_belongs_to_one_room(method: str, path: str, needed: str | None) -> None:
    assert GUARD.needed(method, path) == needed


def holding(*scopes: str) -> Actor:
    return Actor("person", "per_x", "x", scopes=frozenset(scopes))


def test_write_includes_read_and_a_star_includes_both() -> None:
    for scope in ("hub:read", "hub:write", "hub:*", "*"):
        GUARD.check(holding(scope), "GET", "/api/v1/repositories")
    for scope in ("hub:write", "hub:*", "*"):
        GUARD.check(holding(scope), "POST", "/api/v1/repositories")
    with pytest.raises(Forbidden):
        GUARD.check(holding("hub:read"), "POST", "/api/v1/repositories")


def test_a_session_has_no_scopes_and_passes() -> None:
    GUARD.check(Actor("person", "per_x", "x"), "POST", "/api/v1/repositories")


@given(st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]), st.text(alphabet="abz-/", max_size=20))
def test_no_path_of_ours_is_open_to_a_token_of_another_room(method: str, tail: str) -> None:
    path = f"/api/v1/{tail.lstrip('/')}"
    with pytest.raises(Forbidden):
        GUARD.check(holding("gateway:call"), method, path)


def test_scopes_are_sorted_without_repeats() -> None:
    assert check_scopes(["hub:read", "*", "hub:read"]) == ["*", "hub:read"]


def test_a_bound_token_has_neither_duties_nor_other_roles() -> None:
    actor = Actor(
        "person",
        "per_x",
        "x",
        roles={"org_a": "owner", "org_b": "owner"},
        duties=frozenset({"reviewer"}),
        is_admin=True,
    )
    bound = limited(actor, frozenset({"*"}), "org_a")
    assert (bound.roles, bound.duties, bound.is_admin) == ({"org_a": "owner"}, frozenset(), False)
