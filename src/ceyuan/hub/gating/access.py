"""Whether a gated repository's files are open to somebody."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, or_, select, true

from ceyuan.hub.errors import GatedRepository
from ceyuan.hub.gating.tables import HubAccessRequest
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.work import UnitOfWork


async def is_open(uow: UnitOfWork, row: HubRepository) -> bool:
    """Whether the actor may have the repository's files."""
    if row.gated == "no" or uow.actor.may(row.org_id):
        return True
    if not uow.actor.is_known:
        return False
    status = await uow.session.scalar(
        select(HubAccessRequest.status).where(
            HubAccessRequest.repository_id == row.id, HubAccessRequest.person_id == uow.actor.id
        )
    )
    return status == "accepted"


def open_to(actor: Actor) -> ColumnElement[bool]:
    """The same rule as a condition on `HubRepository`."""
    if actor.kind == "system" or actor.is_admin:
        return true()
    granted = exists().where(
        HubAccessRequest.repository_id == HubRepository.id,
        HubAccessRequest.person_id == actor.id,
        HubAccessRequest.status == "accepted",
    )
    return or_(HubRepository.gated == "no", HubRepository.org_id.in_(list(actor.roles)), granted)


async def require_open(uow: UnitOfWork, row: HubRepository) -> None:
    """Raise `GatedRepository` unless the actor may have the repository's files."""
    if not await is_open(uow, row):
        name = f"{row.owner}/{row.name}"
        raise GatedRepository(
            (
                f"“{name}”的文件需申请后访问",
                f"Access to {row.kind} {name} is restricted and you are not in the authorized list",
            ),
            hint=("请在仓库页面申请访问", "ask for access on the repository's page"),
        )
