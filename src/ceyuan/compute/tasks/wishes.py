"""Whether a wish can ever be met by the pools that are connected, and what could be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ceyuan.compute.admission import Node, best_fit, free_of
from ceyuan.compute.catalogue import Search, known_accelerator, known_region, usable_offers
from ceyuan.compute.links import LinkHole, read_links
from ceyuan.compute.pools import IMAGE, KINDS, PoolNode
from ceyuan.compute.tasks.description import Resources, TaskSpec
from ceyuan.compute.tasks.errors import ImageImpossible, NotIsolated, TaskImpossible
from ceyuan.compute.tasks.seats import Yard, need_of
from ceyuan.compute.tasks.settings import TaskSettings
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a wish cannot be met, and what could be."""

    zh: str
    en: str
    nearest: dict[str, Any]


async def choose(
    uow: UnitOfWork, yard: Yard, org_id: str, spec: TaskSpec, trusted: bool
) -> tuple[list[Resources], list[Refusal]]:
    """The wishes that can be met some time, in their order, with the refusals of the others.

    Raises `TaskImpossible` if none can be, `AcceleratorUnknown` for a name that nobody knows, `ImageImpossible` for an
    image that none of its pools runs, `NotIsolated` where only trusted tasks could run.
    """
    for wish in spec.wishes:
        known_accelerator(wish.accelerator)
    _check_names(yard, org_id, spec)
    _check_image(yard, org_id, spec)
    may = [node for node in yard.nodes if yard.may(node, org_id, spec, trusted)]
    if not may and any(yard.may(node, org_id, spec, True) for node in yard.nodes):
        raise NotIsolated(
            hint=("请管理员安装 bubblewrap,或由管理员运行", "an administrator must install bubblewrap, or run it")
        )
    nearest = {} if may else _nearest(yard, org_id, spec, trusted)
    possible, refusals = [], []
    for wish in spec.wishes:
        refusal = await _refuse(uow, yard, wish, may, nearest)
        if refusal is None:
            possible.append(wish)
        else:
            refusals.append(refusal)
    if possible:
        return possible, refusals
    hint = ("请减少资源或增加备选", "ask for less, or name alternatives")
    if nearest:
        pools = ", ".join(nearest["pools"])
        hint = (f"这些资源池可以:{pools}", f"these pools would take it: {pools}")
    raise TaskImpossible(
        (";".join(one.zh for one in refusals), "; ".join(one.en for one in refusals)),
        hint=hint,
        refusals=[{"zh": one.zh, "en": one.en, "nearest": one.nearest} for one in refusals],
    )


async def check_ways(uow: UnitOfWork, yard: Yard, org_id: str, spec: TaskSpec, trusted: bool) -> None:
    """Raise `LinkHole` where inputs can get to no region in which the task may run."""
    home, links = uow.platform.section(TaskSettings).region, await read_links(uow)
    if not spec.inputs or not home or not links:
        return
    may = {yard.region(yard.pools[node.pool_id]) for node in yard.nodes if yard.may(node, org_id, spec, trusted)}
    missing = sorted(region for region in may if not links.lead(home, region))
    if may and len(missing) == len(may):
        pairs = ", ".join(f"{home} → {region}" for region in missing)
        raise LinkHole(
            (f"链路矩阵缺少:{pairs}", f"the matrix of links lacks {pairs}"),
            hint=("请管理员补全链路", "an operator must enter the link"),
            missing=[[home, region] for region in missing],
        )


def _check_names(yard: Yard, org_id: str, spec: TaskSpec) -> None:
    # Another organisation's pool is refused as one that does not exist.
    known = [pool for pool in yard.pools.values() if pool.org_id in (None, org_id)]
    names = {pool.id for pool in known} | {pool.name for pool in known}
    for name in spec.pools:
        if name not in names:
            there = ", ".join(sorted(pool.name for pool in known))
            raise Invalid(
                (f"没有资源池“{name}”", f"there is no pool “{name}”"),
                hint=(f"可用的有:{there}", f"there are {there}"),
                field="pools",
            )
    for region in spec.regions:
        known_region(region)


def _check_image(yard: Yard, org_id: str, spec: TaskSpec) -> None:
    if not spec.image:
        return
    if not IMAGE.fullmatch(spec.image):
        raise ImageImpossible(
            (f"“{spec.image}”不是镜像名", f"“{spec.image}” is no reference of an image"),
            hint=("形如 registry.example/team/image:tag", "write it as registry.example/team/image:tag"),
            nearest=[],
        )
    plain = spec.model_copy(update={"image": ""})
    may = {node.pool_id: yard.pools[node.pool_id] for node in yard.nodes if yard.may(node, org_id, plain, True)}
    if any(KINDS[pool.kind].takes_image(pool, spec.image) for pool in may.values()):
        return
    images = sorted({image for pool in may.values() for image in KINDS[pool.kind].images(pool)})
    if images:
        listed = ", ".join(images)
        raise ImageImpossible(
            (f"资源池不运行“{spec.image}”", f"no pool that it may use runs “{spec.image}”"),
            hint=(f"可用的镜像(或其前缀):{listed}", f"they run (what begins with) {listed}"),
            nearest=images,
        )
    raise ImageImpossible(
        ("可用的资源池都不运行镜像", "none of the pools that it may use runs images"),
        hint=("请去掉 image,或使用 Kubernetes 资源池", "leave image out, or use a pool of Kubernetes"),
        nearest=[],
    )


def _nearest(yard: Yard, org_id: str, spec: TaskSpec, trusted: bool) -> dict[str, Any]:
    """Pools and regions that would take a task whose description shuts all of them out."""
    free = spec.model_copy(update={"pools": [], "regions": []})
    pools = {node.pool_id: yard.pools[node.pool_id] for node in yard.nodes if yard.may(node, org_id, free, trusted)}
    found = {
        "pools": sorted(pool.name for pool in pools.values()),
        "regions": sorted({yard.region(pool) for pool in pools.values()} - {""}),
    }
    return {name: value for name, value in found.items() if value}


async def _refuse(
    uow: UnitOfWork, yard: Yard, wish: Resources, may: list[PoolNode], nearest: dict[str, Any]
) -> Refusal | None:
    kind = wish.accelerator if wish.accelerators else ""
    there = [node for node in may if not kind or node.accelerator == kind]
    if kind and not there:
        offers = await usable_offers(uow, Search(accelerator=kind))
        return Refusal(
            f"尚未接入 {kind} 资源池",
            f"no pool with {kind} is connected",
            {"accelerator": "cpu", "offers": [offer.id for offer in offers[:5]]},
        )
    if not there:
        return Refusal("没有可用的资源池", "no pool is connected that it may use", nearest)
    if wish.nodes > 1:
        there = [node for node in there if KINDS[yard.pools[node.pool_id].kind].gangs]
        if not there:
            return Refusal("没有能合用多个节点的资源池", "no connected pool joins several nodes", {"nodes": 1})
    for name, most, zh, en in (
        ("cpus", max(node.cpus for node in there), "个处理器", "processors"),
        ("memory_gib", max(node.memory_mib for node in there) * 10 // 1024 / 10, " GiB 内存", "GiB of memory"),
        ("accelerators", max(node.accelerators for node in there), "张加速卡", "accelerators"),
    ):
        if getattr(wish, name) > most:
            return Refusal(f"最大的节点只有 {most} {zh}", f"the largest node has {most} {en}", {name: most})
    # Closed nodes count: they come back.
    nodes = [Node(n.id, n.pool_id, n.cpus, n.memory_mib, n.accelerator, n.accelerators) for n in there]
    if best_fit(need_of(wish), list(free_of(nodes, ()).values())) is None:
        count = max(sum(node.pool_id == pool for node in there) for pool in {node.pool_id for node in there})
        return Refusal(
            f"没有资源池能同时给出 {wish.nodes} 个这样的节点",
            f"no pool has {wish.nodes} such nodes",
            {"nodes": max(1, min(wish.nodes - 1, count))},
        )
    return None
