"""Grades along the lineage: what was made of something before it was graded."""

from __future__ import annotations

from ceyuan.hub.lineage import repository
from ceyuan.hub.repositories.grading import raise_grade
from ceyuan.hub.repositories.service import describe
from ceyuan.kernel.work import UnitOfWork

_DEPTH, _NODES = 50, 100_000


async def grade_descendants(uow: UnitOfWork, start: str, org_id: str, grade: str) -> list[str]:
    """Grade the organisation's datasets that were made of the node `start`, in whatever number of steps, at least as
    strictly as `grade`, and close them as far as that demands. Returns `owner/name` of those that it changed."""
    reached = await repository.reach(uow.session, start, forward=True, depth=_DEPTH, limit=_NODES)
    nodes = await repository.nodes(uow.session, reached)
    rows = await repository.repositories(uow.session, (n.repository_id for n in nodes.values() if n.repository_id))
    changed = []
    for row in sorted(rows.values(), key=lambda row: row.id):
        if row.kind == "dataset" and row.org_id == org_id and await raise_grade(uow, row, grade):
            await describe(uow, row)
            changed.append(f"{row.owner}/{row.name}")
    return changed
