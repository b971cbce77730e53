"""The lineage graph over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from ceyuan.hub.browsing.service import resolve
from ceyuan.hub.errors import NodeNotFound, ReferenceAmbiguous, RepositoryNotFound, RevisionNotFound
from ceyuan.hub.lineage.drawing import graph
from ceyuan.hub.lineage.schemas import GraphOut, graph_out
from ceyuan.hub.revision import Revision
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import ReadWork, problems

router = Router(prefix="/api/v1/lineage", tags=["lineage"])
_Steps = Annotated[int, Query(ge=0, le=50, description="steps to walk")]


@router.get(
    "",
    response_model=GraphOut,
    responses=problems(NodeNotFound, RepositoryNotFound, RevisionNotFound, ReferenceAmbiguous, Invalid),
)
async def get_lineage(
    uow: ReadWork,
    node: Annotated[str | None, Query(max_length=200, description="id of a node")] = None,
    reference: Annotated[str | None, Query(max_length=500, description="or a revision: owner/name@main")] = None,
    upstream: _Steps = 6,
    downstream: _Steps = 6,
    limit: Annotated[int, Query(ge=1, le=1000, description="most nodes each way")] = 300,
) -> Any:
    """Draw the lineage around a node or revision: where it comes from, and what it fed."""
    if (node is None) == (reference is None):
        raise Invalid(("请给出 node 或 reference 之一", "give either node or reference"))
    start: str | Revision = await resolve(uow, reference) if reference is not None else node or ""
    return graph_out(await graph(uow, start, upstream=upstream, downstream=downstream, limit=limit))
