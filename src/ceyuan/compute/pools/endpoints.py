"""Pools over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from ceyuan.compute.catalogue.errors import (
    AcceleratorUnknown,
    IdentifierNotFound,
    OfferExpired,
    OfferNotLive,
    RegionUnknown,
)
from ceyuan.compute.pools import repository, service
from ceyuan.compute.pools.errors import (
    NodeNotFound,
    PoolInUse,
    PoolNameTaken,
    PoolNotFound,
    PoolUnreachable,
    PoolUnsuitable,
)
from ceyuan.compute.pools.health import look_after_pools
from ceyuan.compute.pools.hosts import NewHost
from ceyuan.compute.pools.schemas import DrainIn, DrainOut, HostIn, KeyIn, OfferIn, PoolIn, PoolOut, RegionIn, SecretIn
from ceyuan.compute.pools.tables import ExecutorPool
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page, fetch_page
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentActor, CurrentPlatform, Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1/compute/executor-pools", tags=["compute pools"])
_CHANGE = (Unauthenticated, Forbidden, PoolNotFound)


async def _shown(platform: Platform, actor: Actor, pool_id: str) -> dict[str, Any]:
    async with platform.work(actor, write=False) as uow:
        return (await service.show_pools(uow, [await service.find_pool(uow, pool_id)]))[0]


@router.get("", response_model=Page[PoolOut], responses=problems(Unauthenticated, Invalid))
async def list_executor_pools(
    uow: ReadWork, paging: Paging, kind: Annotated[str | None, Query(max_length=20)] = None
) -> Any:
    """List the pools on which the caller's tasks may run, with capacity and what is held."""
    uow.actor.require_known()
    query = repository.visible_to(uow.actor)
    if kind:
        query = query.where(ExecutorPool.kind == kind)
    sorts = {"name": ExecutorPool.name, "created_at": ExecutorPool.created_at}
    rows = await fetch_page(uow.session, query, paging, key=ExecutorPool.id, sorts=sorts, default="name")
    items = [PoolOut.model_validate(row) for row in await service.show_pools(uow, list(rows.items))]
    return Page[PoolOut](items=items, next=rows.next)


@router.post(
    "",
    response_model=PoolOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, NotFound, PoolNameTaken, PoolUnreachable, Invalid),
)
async def register_executor_pool(body: PoolIn, platform: CurrentPlatform, actor: CurrentActor) -> Any:
    """Register a pool; a cluster is tried before it is kept."""
    given = body.model_dump() | {"secret": body.secret.get_secret_value()}
    pool = await service.register_pool(platform, actor, service.NewPool(**given))
    return await _shown(platform, actor, pool.id)


@router.get("/{pool_id}", response_model=PoolOut, responses=problems(Unauthenticated, PoolNotFound))
async def get_executor_pool(pool_id: str, uow: ReadWork) -> Any:
    """Show one pool by id or name."""
    return (await service.show_pools(uow, [await service.find_pool(uow, pool_id)]))[0]


@router.delete("/{pool_id}", status_code=204, responses=problems(*_CHANGE, PoolInUse, PoolUnsuitable))
async def remove_executor_pool(pool_id: str, uow: WriteWork) -> None:
    """Forget a pool with its hosts and keys."""
    await service.remove_pool(uow, pool_id)


@router.put(
    "/{pool_id}/secret", response_model=PoolOut, responses=problems(*_CHANGE, PoolUnsuitable, PoolUnreachable, Invalid)
)
async def replace_executor_pool_secret(
    pool_id: str, body: SecretIn, platform: CurrentPlatform, actor: CurrentActor
) -> Any:
    """Give a pool another credential; it is tried before it is kept."""
    pool = await service.replace_secret(platform, actor, pool_id, body.secret.get_secret_value())
    return await _shown(platform, actor, pool.id)


@router.put(
    "/{pool_id}/offer",
    response_model=PoolOut,
    responses=problems(*_CHANGE, IdentifierNotFound, OfferExpired, OfferNotLive, PoolUnsuitable, Invalid),
)
async def set_executor_pool_offer(pool_id: str, body: OfferIn, uow: WriteWork) -> Any:
    """Say which offer of the catalogue a pool delivers; use is charged by its prices from the next try on."""
    return (await service.show_pools(uow, [await service.deliver_offer(uow, pool_id, body.offer)]))[0]


@router.put(
    "/{pool_id}/region", response_model=PoolOut, responses=problems(*_CHANGE, RegionUnknown, PoolUnsuitable, Invalid)
)
async def set_executor_pool_region(pool_id: str, body: RegionIn, uow: WriteWork) -> Any:
    """Say in which region a pool lies, this machine too."""
    return (await service.show_pools(uow, [await service.place_in_region(uow, pool_id, body.region)]))[0]


@router.post("/{pool_id}/look", response_model=PoolOut, responses=problems(*_CHANGE))
async def look_at_executor_pool(pool_id: str, platform: CurrentPlatform, actor: CurrentActor) -> Any:
    """Look at the pools' health now."""
    actor.require_duty("operator")
    await look_after_pools(platform)
    return await _shown(platform, actor, pool_id)


@router.post("/{pool_id}/drain", response_model=DrainOut, responses=problems(*_CHANGE))
async def drain_executor_pool(pool_id: str, body: DrainIn, uow: WriteWork) -> Any:
    """Take no new tasks in a pool, or take them again."""
    return {"asked": await service.drain(uow, pool_id, None, on=body.on, move=body.move)}


@router.post(
    "/{pool_id}/hosts",
    response_model=PoolOut,
    status_code=201,
    responses=problems(*_CHANGE, AcceleratorUnknown, PoolNameTaken, PoolUnsuitable, PoolUnreachable, Invalid),
)
async def add_pool_host(pool_id: str, body: HostIn, platform: CurrentPlatform, actor: CurrentActor) -> Any:
    """Add a host to an SSH pool; it is reached and tried before it is kept."""
    given = body.model_dump() | {"private_key": body.private_key.get_secret_value()}
    await service.add_host(platform, actor, pool_id, NewHost(**given))
    return await _shown(platform, actor, pool_id)


@router.delete(
    "/{pool_id}/hosts/{node_id}",
    status_code=204,
    responses=problems(*_CHANGE, NodeNotFound, PoolInUse, PoolUnsuitable),
)
async def remove_pool_host(pool_id: str, node_id: str, uow: WriteWork) -> None:
    """Forget a host and its key."""
    await service.remove_host(uow, pool_id, node_id)


@router.put(
    "/{pool_id}/hosts/{node_id}/key",
    response_model=PoolOut,
    responses=problems(*_CHANGE, NodeNotFound, PoolUnsuitable, PoolUnreachable, Invalid),
)
async def replace_pool_host_key(
    pool_id: str, node_id: str, body: KeyIn, platform: CurrentPlatform, actor: CurrentActor
) -> Any:
    """Open a host with another private key; it is tried before it takes the old one's place."""
    await service.replace_key(platform, actor, pool_id, node_id, body.private_key.get_secret_value(), body.host_key)
    return await _shown(platform, actor, pool_id)


@router.post("/{pool_id}/nodes/{node_id}/drain", response_model=DrainOut, responses=problems(*_CHANGE, NodeNotFound))
async def drain_pool_node(pool_id: str, node_id: str, body: DrainIn, uow: WriteWork) -> Any:
    """Take no new tasks on one node, or take them again."""
    return {"asked": await service.drain(uow, pool_id, node_id, on=body.on, move=body.move)}
