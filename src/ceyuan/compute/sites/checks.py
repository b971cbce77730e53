"""Named refusals of what cannot be done, with the nearest that can, before a plan is sought."""

from __future__ import annotations

from collections.abc import Sequence

from ceyuan.compute.sites.errors import (
    BudgetTooSmall,
    ExpiredOffer,
    ImpossibleRequest,
    MissedDeadline,
    UnknownAccelerator,
    UnknownSite,
)
from ceyuan.compute.sites.world import Need, Offer, SiteTask, World


def check(world: World, tasks: Sequence[SiteTask]) -> None:
    """Raise the first reason why some task could never run, on an otherwise idle platform."""
    known = {o.region for o in world.offers}
    for task in tasks:
        strange = sorted(task.regions - known)
        if strange:
            raise UnknownSite(
                f"任务 {task.name}：没有区域 {strange[0]} 的供给", f"{task.name}: nobody offers in {strange[0]}"
            )
    world.check_links(tasks)
    for task in tasks:
        _check_task(world, task)


def _check_task(world: World, task: SiteTask) -> None:
    models = {n.accelerator for n in task.needs}
    offers = [o for o in world.offers if o.accelerator in models]
    if not offers:
        names = ", ".join(sorted(models))
        raise UnknownAccelerator(f"任务 {task.name}：没有人提供 {names}", f"{task.name}: nobody offers {names}")
    live = [o for o in offers if o.expires > 0]
    if not live:
        raise ExpiredOffer(
            f"任务 {task.name}：相应的供给均已过期", f"{task.name}: every offer that could serve it has expired"
        )
    allowed = [o for o in live if task.may(o)]
    ways = [(o, n) for o in allowed for n in task.needs if n.accelerator == o.accelerator and n.count <= o.count]
    if not ways:
        nearest = max(allowed or live, key=lambda o: o.count)
        raise ImpossibleRequest(
            f"任务 {task.name}：没有可用的供给；最接近的是 {nearest.site} 的 {nearest.count} 张 {nearest.accelerator}",
            f"{task.name}: no offer can take it; nearest is {nearest.count} of {nearest.accelerator} at {nearest.site}",
            (nearest.site, nearest.count),
        )
    earliest = min(_earliest(world, task, offer, need) for offer, need in ways)
    if earliest > task.deadline:
        raise MissedDeadline(
            f"任务 {task.name}：最早 {earliest:.1f} 小时后完成，期限为 {task.deadline:.1f} 小时",
            f"{task.name}: can end {earliest:.1f} h from now at the earliest, the deadline is {task.deadline:.1f} h",
            earliest,
        )
    least = min(_least(world, task, offer, need) for offer, need in ways)
    if least > task.budget:
        raise BudgetTooSmall(
            f"任务 {task.name}：至少需要 {least:.2f} 元，预算为 {task.budget:.2f} 元",
            f"{task.name}: costs at least {least:.2f} yuan, the budget is {task.budget:.2f}",
            least,
        )


def _earliest(world: World, task: SiteTask, offer: Offer, need: Need) -> float:
    copying = 0.0
    if task.data is not None:
        way = world.best_way(task.data, offer.region, hour_price=1e9)
        copying = 0.0 if way is None else way.hours(world.data[task.data][0])
    return copying + need.hours


def _least(world: World, task: SiteTask, offer: Offer, need: Need) -> float:
    copying = 0.0
    if task.data is not None:
        way = world.best_way(task.data, offer.region)
        copying = 0.0 if way is None else way.price * world.data[task.data][0]
    return copying + min(offer.prices(task.interruptible)) * task.units(offer, need) * need.hours
