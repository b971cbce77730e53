"""All SQL of releases."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.kernel.actor import Actor
from ceyuan.models.releases.errors import ReleaseNotFound
from ceyuan.models.releases.tables import Release


async def get(session: AsyncSession, release_id: str) -> Release:
    """The release; raises `ReleaseNotFound`."""
    row = await session.get(Release, release_id)
    if row is None:
        raise ReleaseNotFound()
    return row


async def open_of(session: AsyncSession, node: str) -> Release | None:
    """The release of a revision that is a candidate or released."""
    query = select(Release).where(Release.model_node == node, Release.state.in_(("candidate", "released")))
    return (await session.scalars(query.limit(1))).first()


async def is_released(session: AsyncSession, node: str) -> bool:
    """Whether a release of the revision was approved."""
    query = select(Release.id).where(Release.model_node == node, Release.state == "released")
    return (await session.scalars(query.limit(1))).first() is not None


def visible_to(actor: Actor) -> Select[Release]:
    """The releases of the actor's organisations; reviewers and regulators see all."""
    query = select(Release)
    if actor.has_duty("reviewer") or actor.has_duty("regulator"):
        return query
    return query.where(Release.org_id.in_(list(actor.roles)))
