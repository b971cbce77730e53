"""Capacity planning over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

from ceyuan.compute.capacity import service
from ceyuan.compute.capacity.errors import GoalRefused
from ceyuan.compute.capacity.schemas import PlanIn, PlanOut
from ceyuan.compute.catalogue import Search, known_accelerator, known_region, usable_offers
from ceyuan.compute.catalogue.errors import AcceleratorUnknown, RegionUnknown
from ceyuan.kernel.errors import Invalid, Unauthenticated
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import ReadWork, problems

router = Router(prefix="/api/v1/compute", tags=["compute capacity"])


@router.post(
    "/plans",
    response_model=PlanOut,
    responses=problems(Unauthenticated, GoalRefused, AcceleratorUnknown, RegionUnknown, Invalid),
)
async def plan_compute_capacity(body: PlanIn, uow: ReadWork) -> Any:
    """Plan a training: operations, memory, accelerators, split, network, storage, energy, carbon, price, and which
    offers of the catalogue can or cannot serve it, with the reason. Nothing is stored."""
    uow.actor.require_known()
    known_accelerator(body.accelerator)
    service.read_goal(body)
    if body.region is not None:
        known_region(body.region)
    offers = await usable_offers(uow, Search(region=body.region, vendor=body.vendor))
    return await asyncio.to_thread(service.plan, body, offers)
