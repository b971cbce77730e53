"""What the jobs write into the lineage graph: sources to raw datasets, raw datasets to corpora."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ceyuan import __version__
from ceyuan.data.sources import SourceSpec, get_source
from ceyuan.hub import By, Node, record_lineage, resolve
from ceyuan.kernel.work import UnitOfWork

_CODE = {"package": "ceyuan", "version": __version__}


async def record_collection(uow: UnitOfWork, specs: Sequence[SourceSpec], made: str, job_id: str) -> None:
    """Sources became the raw revision `made`; a source in the hub leads on to the revision that was read."""
    output = await resolve(uow, made)
    nodes: list[tuple[Node, str]] = []
    for spec in specs:
        node = await source_node(uow, spec.id)
        nodes.append((node, "source"))
        if spec.reference is not None:
            read = await resolve(uow, spec.reference)
            await record_lineage(
                uow, inputs=[(read, "content")], output=node, action="register", by=_job(job_id), code=_CODE
            )
    settings = {"sources": {spec.key: spec.reading for spec in specs}}
    await record_lineage(
        uow, inputs=nodes, output=output, action="collect", by=_job(job_id), code=_CODE, settings=settings
    )


async def record_corpus(uow: UnitOfWork, raw: Sequence[str], made: str, job_id: str, recipe: dict[str, Any]) -> None:
    """The raw revisions became the corpus revision `made`."""
    inputs = [(await resolve(uow, reference), "raw") for reference in raw]
    output = await resolve(uow, made)
    await record_lineage(
        uow, inputs=inputs, output=output, action="clean", by=_job(job_id), code=_CODE, settings={"recipe": recipe}
    )


async def source_node(uow: UnitOfWork, source_id: str) -> Node:
    """The source as a node of the graph: `source:<id>`."""
    row = await get_source(uow, source_id)
    details = {"key": row.key, "kind": row.kind, "origin": row.origin, "licence": row.licence, "domain": row.domain}
    if row.grade:
        details["grade"] = row.grade
    href = f"/console/data/sources/{row.id}"
    return Node("source", f"source:{row.id}", row.title, row.org_id, href=href, details=details)


def _job(job_id: str) -> By:
    return By("job", job_id)
