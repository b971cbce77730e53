"""Links between regions over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path

from ceyuan.compute.links import service
from ceyuan.compute.links.errors import LinkNotFound
from ceyuan.compute.links.schemas import HoleOut, LinkIn, LinkOut, MatrixOut
from ceyuan.compute.pools import all_pools
from ceyuan.kernel.errors import Forbidden, Invalid, Unauthenticated
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import ReadWork, WriteWork, problems

router = Router(prefix="/api/v1/compute/links", tags=["compute links"])
Region = Annotated[str, Path(max_length=20)]


@router.get("", response_model=MatrixOut, responses=problems(Unauthenticated))
async def read_compute_links(uow: ReadWork) -> Any:
    """Show the links between regions, and the holes between regions that have pools."""
    uow.actor.require_known()
    rows, matrix = await service.list_links(uow), await service.read_links(uow)
    regions = [pool.region for pool in await all_pools(uow.session) if pool.region and pool.org_id is None]
    holes = [HoleOut(source=one, target=other) for one, other in matrix.holes(regions)]
    return MatrixOut(links=[LinkOut.model_validate(row, from_attributes=True) for row in rows], holes=holes)


@router.put(
    "/{source}/{target}",
    response_model=list[LinkOut],
    responses=problems(Unauthenticated, Forbidden, Invalid),
)
async def set_compute_link(source: Region, target: Region, body: LinkIn, uow: WriteWork) -> Any:
    """Enter or change the link between two regions."""
    return await service.set_link(uow, source, target, body.model_dump())


@router.delete("/{source}/{target}", status_code=204, responses=problems(Unauthenticated, Forbidden, LinkNotFound))
async def remove_compute_link(source: Region, target: Region, uow: WriteWork) -> None:
    """Remove one direction of a link."""
    await service.remove_link(uow, source, target)
