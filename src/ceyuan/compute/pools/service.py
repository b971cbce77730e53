"""Use cases of pools: register, add hosts, drain, remove, look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ceyuan.compute.catalogue import find_usable, known_accelerator, known_region, region_of, write_down
from ceyuan.compute.pools import repository
from ceyuan.compute.pools.clusters import KINDS
from ceyuan.compute.pools.errors import NodeNotFound, PoolInUse, PoolNameTaken, PoolNotFound, PoolUnsuitable
from ceyuan.compute.pools.health import fresh_node, look_at_pool
from ceyuan.compute.pools.hosts import NewHost, test_host, trimmed_host_key
from ceyuan.compute.pools.kinds import key_context, secret_context
from ceyuan.compute.pools.tables import ExecutorPool, PoolNode
from ceyuan.compute.pools.uses import PoolUse, held_by_node, tell_changed
from ceyuan.identity import get_organisation
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.upserts import insert_missing
from ceyuan.kernel.work import UnitOfWork

LOCAL_NAME, LOCAL_POOL, LOCAL_NODE = "local", "pool_local", "node_local"
"""This machine has fixed ids, so that several processes may enter it at once."""


@dataclass(frozen=True, slots=True)
class NewPool:
    """A pool to be: a name of its own, its kind, whose tasks may run there (`None`: everybody's), its region, settings
    of its kind, and the credential that opens its service (a bearer token)."""

    name: str
    kind: str
    org_id: str | None = None
    region: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    secret: str = field(default="", repr=False)


def _row(new: NewPool, settings: dict[str, Any], actor_id: str, platform: Platform) -> ExecutorPool:
    return ExecutorPool(
        id=new_id("pool"),
        name=new.name,
        kind=new.kind,
        org_id=new.org_id,
        region=new.region,
        offer_id=None,
        settings=settings,
        sealed_secret=None,
        state="active",
        health="unknown",
        fault="",
        isolated=False,
        version=1,
        checked_at=None,
        created_by=actor_id,
        created_at=platform.clock.now(),
    )


async def ensure_local(uow: UnitOfWork) -> None:
    """Enter this machine as a pool, once, with what it has."""
    known = await uow.session.get(ExecutorPool, LOCAL_POOL)
    if known is not None and known.checked_at is not None:
        return
    now = uow.clock.now()
    fresh = _row(NewPool(LOCAL_NAME, "local"), {}, "system", uow.platform)
    values = {column.key: getattr(fresh, column.key) for column in ExecutorPool.__table__.columns}
    found = (await KINDS["local"].look(uow.platform, fresh))[0]
    values |= {"id": LOCAL_POOL, "health": "up", "isolated": found.isolated, "checked_at": now}
    await uow.session.execute(insert_missing(uow.session, ExecutorPool, values))
    node = fresh_node(LOCAL_POOL, found, now)
    values = {column.key: getattr(node, column.key) for column in PoolNode.__table__.columns} | {"id": LOCAL_NODE}
    await uow.session.execute(insert_missing(uow.session, PoolNode, values))


async def register_pool(platform: Platform, actor: Actor, new: NewPool) -> ExecutorPool:
    """Register a pool; one that is a whole cluster is looked at beforehand. Only operators may. Audited.

    Raises `OrganisationNotFound`, `PoolNameTaken`, `PoolUnreachable`, and `Invalid` for settings that make no sense.
    """
    actor.require_duty("operator")
    kind = KINDS.get(new.kind)
    if kind is None or kind.name == "local":
        names = ", ".join(name for name in KINDS if name != "local")
        raise Invalid(
            (f"不能登记“{new.kind}”类资源池", f"a pool of the kind “{new.kind}” cannot be registered"),
            hint=(f"可选:{names}", f"one of: {names}"),
        )
    if new.region:
        known_region(new.region)
    if new.org_id is not None:
        async with platform.work(actor, write=False) as uow:
            new = replace(new, org_id=(await get_organisation(uow, new.org_id)).id)
    try:
        settings = kind.check_settings(new.settings)
    except ValueError as error:
        raise Invalid((f"资源池设置有误:{error}", f"the settings of the pool are wrong: {error}")) from error
    pool = _row(new, settings, actor.id, platform)
    _seal(platform, pool, new.secret)
    nodes: list[PoolNode] = []
    if not kind.has_hosts:
        nodes = await look_at_pool(platform, pool)
    async with platform.work(actor) as uow:
        if await repository.named(uow.session, new.name) is not None:
            raise PoolNameTaken((f"已有名为“{new.name}”的资源池", f"a pool is called “{new.name}” already"))
        uow.session.add(pool)
        uow.session.add_all(nodes)
        await uow.session.flush()
        await uow.audit("compute_pool.register", pool.id, pool.org_id, name=pool.name, kind=pool.kind)
    tell_changed(platform)
    return pool


def _seal(platform: Platform, pool: ExecutorPool, secret: str) -> None:
    """Seal the pool's secret; raises `Invalid` where the kind has none, must have one, or cannot send such a one."""
    wish = KINDS[pool.kind].secret
    if (not secret and wish == "must") or (secret and wish == "no"):
        raise Invalid(
            ("该类资源池须有凭据", "this kind of pool needs a secret")
            if wish == "must"
            else ("该类资源池没有凭据", "this kind of pool has no secret"),
            field="secret",
        )
    if secret and not (secret.isascii() and secret.isprintable() and " " not in secret):
        raise Invalid(("凭据须为一行可见字符", "a secret is one line of visible characters"), field="secret")
    pool.sealed_secret = platform.vault.encrypt(secret.encode(), secret_context(pool.id)) if secret else None


async def replace_secret(platform: Platform, actor: Actor, pool_id: str, secret: str) -> ExecutorPool:
    """Give a pool another credential; it is tried before it takes the place of the old one, and never shown. Only
    operators may. Audited without it. Raises `PoolUnreachable`, `PoolUnsuitable`."""
    actor.require_duty("operator")
    async with platform.work(actor, write=False) as uow:
        pool = await repository.get(uow.session, pool_id)
    if KINDS[pool.kind].secret == "no":
        raise PoolUnsuitable((f"“{pool.name}”没有凭据", f"“{pool.name}” has no secret"))
    _seal(platform, pool, secret)
    pool.checked_at = None
    await look_at_pool(platform, pool)
    async with platform.work(actor) as uow:
        held = await repository.get(uow.session, pool.id, lock=True)
        held.sealed_secret, held.version = pool.sealed_secret, held.version + 1
        await uow.audit("compute_pool.replace_secret", held.id, held.org_id, name=held.name)
    return held


async def place_in_region(uow: UnitOfWork, pool_id: str, region: str) -> ExecutorPool:
    """Say in which region a pool lies, this machine too (empty: nobody says, it counts as lying where the platform's
    store does): tasks bound to regions, the choice of sites, overview and twin go by it from then on. Only operators
    may. Audited. Raises `RegionUnknown`, and `PoolUnsuitable` where it delivers an offer of another region."""
    uow.actor.require_duty("operator")
    pool = await repository.get(uow.session, pool_id, lock=True)
    if region:
        known_region(region)
    if region and pool.offer_id is not None and (offered := await region_of(uow, pool.offer_id)) != region:
        raise PoolUnsuitable(
            (f"“{pool.name}”交付的供给位于 {offered}", f"“{pool.name}” delivers an offer of {offered}"),
            hint=("请先更换或取消所交付的供给", "let it deliver another offer, or none, first"),
        )
    pool.region = region
    await uow.audit("compute_pool.place", pool.id, pool.org_id, name=pool.name, region=region)

    async def nudge() -> None:
        tell_changed(uow.platform)

    uow.after_commit(nudge)
    return pool


async def deliver_offer(uow: UnitOfWork, pool_id: str, reference: str | None) -> ExecutorPool:
    """Say which offer of the catalogue (by id or identifier) a pool delivers, or that it delivers none: tries that get
    their seats from now on are charged by its prices. Only operators may. Audited.

    Raises `OfferNotFound`, `OfferExpired`, `OfferNotLive`, and `PoolUnsuitable` where the offer is of another region.
    """
    uow.actor.require_duty("operator")
    pool = await repository.get(uow.session, pool_id, lock=True)
    offer_id = None
    if reference is not None:
        offer = await find_usable(uow, reference)
        if pool.region and offer.region != pool.region:
            raise PoolUnsuitable(
                (
                    f"“{pool.name}”位于 {pool.region},该供给位于 {offer.region}",
                    f"“{pool.name}” lies in {pool.region}, the offer is of {offer.region}",
                )
            )
        offer_id = offer.id
        await write_down(uow.session, offer, uow.clock.now())
    pool.offer_id = offer_id
    await uow.audit("compute_pool.deliver_offer", pool.id, pool.org_id, name=pool.name, offer_id=offer_id)
    return pool


async def add_host(platform: Platform, actor: Actor, pool_id: str, new: NewHost) -> PoolNode:
    """Add a host to an SSH pool: it is reached, its key checked and a probe run before anything is kept; the private
    key is sealed and never shown again. Only operators may. Audited without the key.

    Raises `PoolUnreachable`, `PoolUnsuitable`, `PoolNameTaken`, `AcceleratorUnknown`.
    """
    actor.require_duty("operator")
    async with platform.work(actor, write=False) as uow:
        pool = await repository.get(uow.session, pool_id)
    if not KINDS[pool.kind].has_hosts:
        raise PoolUnsuitable((f"“{pool.name}”的节点由其集群给出", f"the nodes of “{pool.name}” are its cluster's"))
    if new.accelerator:
        known_accelerator(new.accelerator)
    node_id = new_id("node")
    machine = await test_host(platform, node_id, new, keep=True)
    now = platform.clock.now()
    row = PoolNode(
        id=node_id,
        pool_id=pool.id,
        name=new.name or new.address,
        address=new.address,
        port=new.port,
        user=new.user,
        host_key=trimmed_host_key(new.host_key),
        sealed_key=platform.vault.encrypt(new.private_key.encode(), key_context(node_id)),
        root=machine.root,
        cpus=machine.cpus,
        memory_mib=int(machine.memory_gib * 1024),
        accelerator=new.accelerator,
        accelerators=new.accelerators,
        isolated=machine.sandbox,
        draining=machine.draining,
        health="up",
        fault="",
        misses=0,
        checked_at=now,
        created_at=now,
    )
    async with platform.work(actor) as uow:
        held = await repository.get(uow.session, pool.id, lock=True)
        if any(one.name == row.name for one in await repository.nodes_of(uow.session, [held.id])):
            raise PoolNameTaken((f"池中已有主机“{row.name}”", f"the pool has a host “{row.name}” already"))
        uow.session.add(row)
        held.health, held.checked_at = "up", now
        await uow.session.flush()
        await uow.audit("compute_pool.add_host", row.id, held.org_id, pool=held.name, name=row.name)
    tell_changed(platform)
    return row


async def replace_key(
    platform: Platform, actor: Actor, pool_id: str, node_id: str, private_key: str, host_key: str = ""
) -> PoolNode:
    """Open a host with another private key, and with another host key where one is given, also while tasks run there:
    both are tried over a connection of their own before they take the old ones' place, and the private key is never
    shown. Only operators may. Audited without the key. Raises `PoolUnreachable`, `PoolUnsuitable`.
    """
    actor.require_duty("operator")
    async with platform.work(actor, write=False) as uow:
        pool = await repository.get(uow.session, pool_id)
        node = await _node_of(uow, pool, node_id)
    if not KINDS[pool.kind].has_hosts:
        raise PoolUnsuitable((f"“{pool.name}”的节点由其集群给出", f"the nodes of “{pool.name}” are its cluster's"))
    public = trimmed_host_key(host_key) if host_key else node.host_key
    wanted = NewHost(node.address, node.user, public, private_key, node.name, node.port, node.root)
    await test_host(platform, new_id("node"), wanted, keep=False)
    async with platform.work(actor) as uow:
        held = await repository.get(uow.session, pool.id, lock=True)
        node = await _node_of(uow, held, node_id)
        node.sealed_key = platform.vault.encrypt(private_key.encode(), key_context(node_id))
        node.host_key, held.version = public, held.version + 1
        await uow.audit("compute_pool.replace_key", node.id, held.org_id, pool=held.name, name=node.name)
    return node


async def drain(uow: UnitOfWork, pool_id: str, node_id: str | None, *, on: bool, move: bool = False) -> int:
    """Take no new tasks in a pool, or on one node (`on`), or take them again; with `move`, those at work are asked to
    leave at their checkpoint. How many were asked. Only operators may. Audited."""
    uow.actor.require_duty("operator")
    pool = await repository.get(uow.session, pool_id, lock=True)
    if node_id is None:
        pool.state = "draining" if on else "active"
    else:
        (await _node_of(uow, pool, node_id)).draining = on
    asked = 0
    if on and move:
        for hook in uow.platform.find(PoolUse):  # type: ignore[type-abstract]
            asked += await hook.move_away(uow, pool.id, node_id)
    await uow.audit("compute_pool.drain", node_id or pool.id, pool.org_id, on=on, moved=asked)

    async def nudge() -> None:
        tell_changed(uow.platform)

    uow.after_commit(nudge)
    return asked


async def _node_of(uow: UnitOfWork, pool: ExecutorPool, node_id: str) -> PoolNode:
    node = await repository.node(uow.session, node_id)
    if node.pool_id != pool.id:
        raise NodeNotFound()
    return node


async def remove_host(uow: UnitOfWork, pool_id: str, node_id: str) -> None:
    """Forget a host and its key; raises `PoolInUse` while tasks run there. Only operators may. Audited."""
    uow.actor.require_duty("operator")
    pool = await repository.get(uow.session, pool_id, lock=True)
    node = await _node_of(uow, pool, node_id)
    if not KINDS[pool.kind].has_hosts:
        raise PoolUnsuitable((f"“{pool.name}”的节点由其集群给出", f"the nodes of “{pool.name}” are its cluster's"))
    await _require_idle(uow, [node])
    await uow.session.delete(node)
    await uow.audit("compute_pool.remove_host", node.id, pool.org_id, name=node.name)


async def remove_pool(uow: UnitOfWork, pool_id: str) -> None:
    """Forget a pool with its hosts and keys; raises `PoolInUse` while tasks run there. Only operators may. Audited."""
    uow.actor.require_duty("operator")
    pool = await repository.get(uow.session, pool_id, lock=True)
    if pool.kind == "local":
        raise PoolUnsuitable(
            ("本机资源池不能删除", "the platform's own machine cannot be removed"),
            hint=("请改为排空", "drain it instead"),
        )
    nodes = await repository.nodes_of(uow.session, [pool.id])
    await _require_idle(uow, nodes)
    for node in nodes:
        await uow.session.delete(node)
    await uow.session.delete(pool)
    await uow.audit("compute_pool.remove", pool.id, pool.org_id, name=pool.name)


async def _require_idle(uow: UnitOfWork, nodes: list[PoolNode]) -> None:
    held = await held_by_node(uow)
    runs = sum(held[node.id].runs for node in nodes if node.id in held)
    if runs:
        raise PoolInUse(
            (f"仍有 {runs} 个任务在运行", f"{runs} tasks still run there"),
            hint=("请先排空并等待任务结束或迁走", "drain it first, and wait for them to end or move"),
        )


async def find_pool(uow: UnitOfWork, pool_id: str) -> ExecutorPool:
    """The pool if the actor may see it; raises `PoolNotFound`."""
    uow.actor.require_known()
    pool = await repository.get(uow.session, pool_id)
    if pool.org_id is not None and not uow.actor.may(pool.org_id) and not uow.actor.has_duty("operator"):
        raise PoolNotFound()
    return pool


async def show_pools(uow: UnitOfWork, pools: list[ExecutorPool]) -> list[dict[str, Any]]:
    """Pools with capacity and what is held of it; addresses, users and faults only for operators."""
    operator = uow.actor.has_duty("operator")
    nodes, held = await repository.nodes_of(uow.session, [pool.id for pool in pools]), await held_by_node(uow)
    shown: dict[str, list[dict[str, Any]]] = {pool.id: [] for pool in pools}
    for node in nodes:
        use = held.get(node.id)
        names = ("id", "name", "cpus", "memory_mib", "accelerator", "accelerators", "isolated", "draining", "health")
        row = {name: getattr(node, name) for name in (*names, "checked_at")}
        row |= {
            "fault": node.fault if operator else "",
            "address": f"{node.user}@{node.address}:{node.port}" if operator and node.address else "",
            "host_key": node.host_key if operator else "",
            "runs": use.runs if use else 0,
            "cpus_held": use.cpus if use else 0,
            "memory_mib_held": use.memory_mib if use else 0,
            "accelerators_held": use.accelerators if use else 0,
        }
        shown[node.pool_id].append(row)
    columns = ("id", "name", "kind", "org_id", "region", "offer_id", "state", "health", "checked_at", "created_at")
    return [
        {name: getattr(pool, name) for name in columns}
        | {
            "settings": pool.settings if operator else {},
            "fault": pool.fault if operator else "",
            "nodes": shown[pool.id],
        }
        for pool in pools
    ]
