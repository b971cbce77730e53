"""The overview over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from ceyuan.compute.overview import service
from ceyuan.compute.overview.schemas import OverviewOut
from ceyuan.kernel.errors import Invalid, Unauthenticated
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import ReadWork, problems

router = Router(prefix="/api/v1/compute", tags=["compute overview"])


@router.get("/overview", response_model=OverviewOut, responses=problems(Unauthenticated, Invalid))
async def read_compute_overview(
    uow: ReadWork,
    hours: Annotated[float, Query(ge=1, le=24 * 366, description="how far back courses and sums go")] = 24.0,
) -> Any:
    """Show pools, capacity and its use, who waits and why, spend, energy, carbon and alerts."""
    return await service.read_overview(uow, hours)
