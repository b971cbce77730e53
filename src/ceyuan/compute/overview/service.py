"""Puts the overview together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, or_, select

from ceyuan.compute.accelerators import power_of
from ceyuan.compute.catalogue import Search, usable_offers
from ceyuan.compute.overview import alerts
from ceyuan.compute.overview.capacity import changes_of, resources_of
from ceyuan.compute.overview.courses import STEPS, Grid, Interval, capacity_course, intervals_of, waited
from ceyuan.compute.pools import ExecutorPool, all_pools, nodes_of
from ceyuan.compute.pools.uses import held_by_node
from ceyuan.compute.tasks import ComputeTask, running_cost
from ceyuan.compute.tasks.explaining import why_all
from ceyuan.compute.tasks.settings import TaskSettings
from ceyuan.identity import organisations_by_id
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import Text
from ceyuan.kernel.work import UnitOfWork

MOST_TASKS, MOST_WAITING = 20_000, 10


async def read_overview(uow: UnitOfWork, hours: float) -> dict[str, Any]:
    """What there is, is used, waits and costs: now, and over the last hours."""
    uow.actor.require_known()
    everybody = uow.actor.has_duty("operator")
    now = uow.clock.now()
    grid = Grid((now - timedelta(hours=hours)).timestamp(), now.timestamp())
    pools = [pool for pool in await all_pools(uow.session) if _may_see(uow.actor, pool)]
    tasks = list(await uow.session.scalars(_tasks_since(uow, now - timedelta(hours=hours), everybody)))
    running = {task.id: await running_cost(uow, task) for task in tasks if task.attempt is not None}
    intervals = [one for task in tasks for one in intervals_of(task, grid.end, running.get(task.id, 0))]
    whys = await why_all(uow)
    nodes = await nodes_of(uow.session, [pool.id for pool in pools])
    # Where no region is entered, a pool lies where the platform's store does, as for the choice of sites.
    home = uow.platform.section(TaskSettings).region
    regions_of = {pool.id: pool.region or home for pool in pools}
    shown = await _show_pools(uow, pools, nodes, regions_of)
    power = _Power(regions_of, await usable_offers(uow, Search()))
    teams = await _teams(uow, tasks, intervals, grid, power)
    found = [*alerts.of_pools(pools, nodes), *alerts.of_tasks(tasks, whys, now)]
    regions = _regions(intervals, grid, power)
    return {
        "everybody": everybody,
        "hours": hours,
        "pools": shown,
        "resources": _summed(row for pool in shown for row in pool["resources"]),
        "teams": teams,
        "regions": regions,
        "waiting": _waiting(tasks, whys),
        "waiting_count": sum(_waits(task) for task in tasks),
        "running_count": sum(task.pool_id is not None for task in tasks),
        "ended_count": sum(task.finished_at is not None for task in tasks),
        "cost_micro": sum(row["cost_micro"] for row in teams),
        "energy_kwh": sum(row["energy_kwh"] for row in regions),
        "carbon_kg": sum(row["carbon_kg"] for row in regions),
        "assumed": sorted(power.assumed),
        "alerts": [
            {"severity": one.severity, "code": one.code, "zh": one.words[0], "en": one.words[1], "path": one.path}
            for one in found
        ],
        "course": _course(grid, tasks, intervals, power)
        | {
            "start": now - timedelta(hours=hours),
            "capacity": capacity_course(grid, await changes_of(uow.session, uow.actor, now)),
        },
    }


def _may_see(actor: Actor, pool: ExecutorPool) -> bool:
    return pool.org_id is None or actor.has_duty("operator") or actor.may(pool.org_id)


def _tasks_since(uow: UnitOfWork, since: Any, everybody: bool) -> Select[ComputeTask]:
    query = select(ComputeTask).where(or_(ComputeTask.finished_at.is_(None), ComputeTask.finished_at >= since))
    if not everybody:
        query = query.where(ComputeTask.org_id.in_(list(uow.actor.roles)))
    return query.order_by(ComputeTask.created_at.desc(), ComputeTask.id).limit(MOST_TASKS)


def _waits(task: ComputeTask) -> bool:
    return task.state == "queued" and task.pool_id is None and task.closing is None


class _Power:
    """Watts, PUE and carbon of what is held in a pool: declared by offers of its region, else assumed."""

    def __init__(self, regions: Mapping[str, str], offers: Iterable[Any]) -> None:
        self._region = regions
        self._declared: dict[tuple[str, str], Any] = {}
        for offer in offers:  # of several the cheapest counts; for what nobody offers there, any of the region
            for kind in (offer.accelerator, ""):
                self._declared.setdefault((offer.region, kind), offer)
        self.assumed: set[str] = set()

    def region(self, pool_id: str) -> str:
        return self._region.get(pool_id, "")

    def of(self, one: Interval) -> tuple[float, float]:
        """Kilowatts at the meter, and kilograms of CO2 per kWh."""
        region, kind = self.region(one.pool_id), one.held.accelerator if one.held.accelerators else "cpu"
        offer = self._declared.get((region, kind)) or self._declared.get((region, ""))
        figures, assumed = power_of(kind, region, offer.pue if offer else None, offer.carbon_g_kwh if offer else None)
        self.assumed.update(assumed)
        busy = one.held.accelerators * figures["watts"] + one.held.cpus * figures["core_watts"]
        return busy * one.held.nodes * figures["pue"] / 1000, figures["carbon"][0] / 1000


async def _show_pools(
    uow: UnitOfWork, pools: list[ExecutorPool], nodes: list[Any], regions: Mapping[str, str]
) -> list[dict[str, Any]]:
    held = await held_by_node(uow)
    shown = []
    for pool in pools:
        own = [node for node in nodes if node.pool_id == pool.id]
        uses = {node.id: held[node.id] for node in own if node.id in held}
        taken: dict[str, int] = {"cpus": sum(use.cpus for use in uses.values())}
        for node in own:
            if node.accelerators and node.id in uses:
                taken[node.accelerator] = taken.get(node.accelerator, 0) + uses[node.id].accelerators
        names = ("id", "name", "kind", "state", "health")
        shown.append(
            {name: getattr(pool, name) for name in names}
            | {
                "region": regions[pool.id],
                "nodes": len(own),
                "nodes_up": sum(node.health == "up" for node in own),
                "runs": sum(use.runs for use in uses.values()),
                "resources": [
                    {"name": name, "capacity": amount, "usable": usable, "held": taken.get(name, 0)}
                    for name, (amount, usable) in resources_of(pool, own).items()
                ],
            }
        )
    return shown


def _summed(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        total = found.setdefault(row["name"], {"name": row["name"], "capacity": 0, "usable": 0, "held": 0})
        for name in ("capacity", "usable", "held"):
            total[name] += row[name]
    return sorted(found.values(), key=lambda row: (row["name"] == "cpus", row["name"]))


def _within(one: Interval, grid: Grid) -> tuple[float, float]:
    """Hours of an interval in the time shown, and the part of the whole that they are."""
    seconds = max(0.0, min(one.end, grid.end) - max(one.start, grid.start))
    return seconds / 3600, seconds / max(one.end - one.start, 1e-9)


async def _teams(
    uow: UnitOfWork, tasks: list[ComputeTask], intervals: list[Interval], grid: Grid, power: _Power
) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for task in tasks:
        row = rows.setdefault(task.org_id, _used() | {"org_id": task.org_id, "waiting": 0, "running": 0})
        row["waiting"] += _waits(task)
        row["running"] += task.pool_id is not None
    for one in intervals:
        _use(rows[one.org_id], one, grid, power)
    names = await organisations_by_id(uow, list(rows))
    for org_id, row in rows.items():
        row["name"] = names[org_id].name if org_id in names else org_id
        row["cost_micro"] = round(row["cost_micro"])
        del row["energy_kwh"]
    return sorted(rows.values(), key=lambda row: (-row["waiting"], -row["cost_micro"], row["org_id"]))


def _used() -> dict[str, Any]:
    return {"accelerator_hours": 0.0, "core_hours": 0.0, "energy_kwh": 0.0, "carbon_kg": 0.0, "cost_micro": 0.0}


def _use(row: dict[str, Any], one: Interval, grid: Grid, power: _Power) -> None:
    hours, part = _within(one, grid)
    kilowatts, carbon = power.of(one)
    row["accelerator_hours"] += hours * one.held.accelerators * one.held.nodes
    row["core_hours"] += hours * one.held.cpus * one.held.nodes
    row["energy_kwh"] += hours * kilowatts
    row["carbon_kg"] += hours * kilowatts * carbon
    row["cost_micro"] += one.cost_micro * part


def _regions(intervals: list[Interval], grid: Grid, power: _Power) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for one in intervals:
        region = power.region(one.pool_id)
        _use(rows.setdefault(region, _used() | {"region": region}), one, grid, power)
    for row in rows.values():
        row["cost_micro"] = round(row["cost_micro"])
    return sorted(rows.values(), key=lambda row: (-row["energy_kwh"], row["region"]))


def _waiting(tasks: list[ComputeTask], whys: dict[str, tuple[str, Text]]) -> list[dict[str, Any]]:
    rows = sorted((task for task in tasks if _waits(task)), key=lambda task: (task.created_at, task.id))
    found = []
    for task in rows[:MOST_WAITING]:
        code, words = whys.get(task.id, ("", ("轮到它了", "it is its turn")))
        found.append(
            {
                "id": task.id,
                "name": task.name,
                "org_id": task.org_id,
                "priority": int(task.spec.get("priority", 0)),
                "since": task.created_at,
                "reason": code,
                "zh": words[0],
                "en": words[1],
            }
        )
    return found


def _course(grid: Grid, tasks: list[ComputeTask], intervals: list[Interval], power: _Power) -> dict[str, Any]:
    held: dict[str, list[float]] = {}
    waiting, cost, energy, carbon = ([0.0] * STEPS for _ in range(4))
    for task in tasks:
        grid.add(waiting, *waited(task, grid.end), 1.0)
    for one in intervals:
        kilowatts, grams = power.of(one)
        for name, amount in one.amounts.items():
            grid.add(held.setdefault(name, [0.0] * STEPS), one.start, one.end, amount)
        grid.add(cost, one.start, one.end, one.cost_micro / max(one.end - one.start, 1e-9))
        grid.add(energy, one.start, one.end, kilowatts / 3600)
        grid.add(carbon, one.start, one.end, kilowatts * grams / 3600)
    return {
        "step_s": grid.step,
        "held": {name: [round(value / grid.step, 4) for value in row] for name, row in held.items()},
        "waiting": [round(value / grid.step, 4) for value in waiting],
        "cost_micro": [round(value, 1) for value in cost],
        "energy_kwh": [round(value, 6) for value in energy],
        "carbon_kg": [round(value, 6) for value in carbon],
    }
