"""Who may see and change what in metering; the rules that all its use cases share.

Operators see and do everything; members of an organisation see its balances, its maintainers its books.
A token needs the scope `metering:read` or `metering:write` on top.
"""

from __future__ import annotations

from ceyuan.kernel.actor import Role
from ceyuan.kernel.work import UnitOfWork


def require_reader(uow: UnitOfWork, org_id: str, role: Role = "member") -> None:
    """Raise unless the actor may read this organisation's figures: with `role` in it, or as an operator."""
    uow.actor.require_known()
    if not uow.actor.has_duty("operator"):
        uow.actor.require_role(org_id, role)
    uow.actor.require_scope("metering:read")


def require_writer(uow: UnitOfWork, org_id: str) -> None:
    """Raise unless the actor may change this organisation's own limits: as a maintainer or as an operator."""
    uow.actor.require_known()
    if not uow.actor.has_duty("operator"):
        uow.actor.require_role(org_id, "maintainer")
    uow.actor.require_scope("metering:write")


def require_operator(uow: UnitOfWork, *, write: bool = True) -> None:
    """Raise unless the actor keeps the platform's books."""
    uow.actor.require_duty("operator")
    uow.actor.require_scope("metering:write" if write else "metering:read")


def sees_all_usage(uow: UnitOfWork, org_id: str) -> bool:
    """Whether the actor sees everybody's usage in the organisation, or only their own."""
    return uow.actor.has_duty("operator") or uow.actor.may(org_id, "maintainer")
