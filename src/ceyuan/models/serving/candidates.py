"""Candidates: a model of the hub may be called by its owner alone until the release workflow let it out.

What is released is known to the room of releases, which fills `ReleaseBook`. Models of upstreams, of the built-in
catalogue and of files on the operator's own disk are the operator's decision and no candidates.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol, runtime_checkable

from sqlalchemy import select

from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.serving.tables import ServedModel
from ceyuan.models.serving.variants import plan_of


@runtime_checkable
class ReleaseBook(Protocol):
    """Says whether a revision, by its node in the lineage graph, has been released. It only reads."""

    async def is_released(self, uow: UnitOfWork, node_id: str) -> bool: ...


async def is_released(uow: UnitOfWork, node_id: str) -> bool:
    """Whether any book says so; without a book nothing is released."""
    for book in uow.platform.find(ReleaseBook):  # type: ignore[type-abstract]
        if await book.is_released(uow, node_id):
            return True
    return False


async def note_release(uow: UnitOfWork, node_id: str, *, released: bool) -> None:
    """A decision on a revision was taken: what is served of it follows."""
    query = select(ServedModel).where(ServedModel.model_node == node_id, ServedModel.released != released)
    rows = list(await uow.session.scalars(query.with_for_update()))
    for row in rows:
        row.released, row.updated_at = released, uow.clock.now()
        await uow.audit(
            "serving.released" if released else "serving.candidate", row.id, row.owner_org_id, name=row.name
        )
        await uow.publish("serving.changed", served_id=row.id, name=row.name, state=row.state)
    await _note_variants(uow, node_id, released=released)
    await uow.session.flush()


async def _note_variants(uow: UnitOfWork, node_id: str, *, released: bool) -> None:
    """The same for revisions that deployments run beside their stable ones."""
    for row in await uow.session.scalars(select(ServedModel).where(ServedModel.model_node.is_not(None))):
        plan = plan_of(row.routing)
        if plan is None or all(one.node != node_id or one.released == released for one in plan.variants):
            continue
        for variant in plan.variants:
            if variant.node == node_id:
                plan = plan.with_variant(replace(variant, released=released))
        row.routing = plan.stored()
        await uow.publish("serving.changed", served_id=row.id, name=row.name, state=row.state)
