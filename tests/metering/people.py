"""Actors of metering's tests."""

from __future__ import annotations

from ceyuan.kernel.actor import Actor, Role

MEMBER = Actor("person", "per_member", "Member")


def holding(org: str, role: Role, name: str | None = None) -> Actor:
    """Somebody with a role in the organisation."""
    return Actor("person", f"per_{name or role}", role, roles={org: role})
