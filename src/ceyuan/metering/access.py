"""Who may see and change what in metering; the rules that all its use cases share.

Operators see and do everything, auditors see everything; members of an organisation see its balances, its
maintainers its books. A token needs the scope `metering:read` or `metering:write` on top.
"""

from __future__ import annotations

from ceyuan.identity import get_organisation
from ceyuan.kernel.actor import Actor, Role
from ceyuan.kernel.work import UnitOfWork


def oversees(actor: Actor) -> bool:
    """Whether the actor sees the books of every organisation."""
    return actor.has_duty("operator") or actor.has_duty("auditor")


async def org_id_of(uow: UnitOfWork, reference: str) -> str:
    """The id of the organisation with this id or name; raises 404 for one that is not there."""
    uow.actor.require_known()
    return (await get_organisation(uow, reference)).id


def require_reader(uow: UnitOfWork, org_id: str, role: Role = "member") -> None:
    """Raise unless the actor may read this organisation's figures: with `role` in it, or as an overseer."""
    uow.actor.require_known()
    if not oversees(uow.actor):
        uow.actor.require_role(org_id, role)
    uow.actor.require_scope("metering:read")


def require_writer(uow: UnitOfWork, org_id: str) -> None:
    """Raise unless the actor may change this organisation's own limits: as a maintainer or as an operator."""
    uow.actor.require_known()
    if not uow.actor.has_duty("operator"):
        uow.actor.require_role(org_id, "maintainer")
    uow.actor.require_scope("metering:write")


def require_overseer(uow: UnitOfWork) -> None:
    """Raise unless the actor may read the books of every organisation."""
    uow.actor.require_known()
    if not oversees(uow.actor):
        uow.actor.require_duty("operator")
    uow.actor.require_scope("metering:read")


def require_operator(uow: UnitOfWork) -> None:
    """Raise unless the actor keeps the platform's books."""
    uow.actor.require_duty("operator")
    uow.actor.require_scope("metering:write")


def sees_all_usage(uow: UnitOfWork, org_id: str) -> bool:
    """Whether the actor sees everybody's usage in the organisation, or only their own."""
    return oversees(uow.actor) or uow.actor.may(org_id, "maintainer")
