"""In which of its pools a waiting task is to run: the engine of sites over prices, links, data, carbon and deadlines.

Every few seconds the tasks that wait are planned together: rent as it is charged, by the hour of the day where a pool
delivers an offer with such prices, copying of their inputs from where the platform's store lies, carbon, deadlines,
budgets, what runs now.
The plan only narrows and orders the pools of a claim; whose turn it is, and on which nodes, is decided as before.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from ceyuan.compute.accelerators import ACCELERATORS, power_of
from ceyuan.compute.admission import Claim, Need, Node, Situation
from ceyuan.compute.catalogue import OfferOut, Tariff, usable_offers
from ceyuan.compute.links import Links, read_links
from ceyuan.compute.tasks import repository
from ceyuan.compute.tasks.description import TaskSpec
from ceyuan.compute.tasks.money import hour_price
from ceyuan.compute.tasks.seats import Yard
from ceyuan.compute.tasks.settings import TaskSettings
from ceyuan.hub import resolve
from ceyuan.kernel.errors import NotFound
from ceyuan.kernel.work import UnitOfWork

if TYPE_CHECKING:
    from ceyuan.compute.sites import Plan, SiteTask, World

logger = logging.getLogger(__name__)
_AGE_S = 5.0
"""Seconds after which a plan is made anew while tasks wait."""
_MOST = 24
"""Tasks that are planned together; those further back wait for a later plan."""
_SOLVE_S, _SLOTS, _ROUNDS = 2.0, 24, 120
CPU = "cpu"


@dataclass(frozen=True)
class Weighed:
    """What a task comes to in a pool, in yuan: in the `planned` one as the plan has it, in any other if it began there
    as soon as its data could be there."""

    pool: str
    region: str
    planned: bool
    begins_h: float
    rent: float
    copying: float
    carbon: float
    waiting: float

    def shown(self, pool: str) -> dict[str, Any]:
        """As it is kept with the task, under the pool's name."""
        return {**asdict(self), "pool": pool}

    @property
    def whole(self) -> float:
        """All together."""
        return self.rent + self.copying + self.carbon + self.waiting


@dataclass(frozen=True)
class Choice:
    """The pools of a task in the order wished for, hours from the plan until it begins in the first, and what it comes
    to in every pool that may take it, the planned one first."""

    pools: tuple[str, ...]
    begins_h: float
    weighed: tuple[Weighed, ...] = ()


@dataclass(frozen=True)
class Market:
    """What a plan rests on: pools with their region; by (pool, kind) the offer whose power counts and the tariff that
    is charged, by kind the price list's hour where there is none; links, the region of the platform's store, GB of
    inputs by task."""

    regions: Mapping[str, str]
    offers: Mapping[tuple[str, str], OfferOut | None]
    tariffs: Mapping[tuple[str, str], Tariff]
    prices: Mapping[str, float]
    links: Links
    home: str
    gigabytes: Mapping[str, float]
    specs: Mapping[str, TaskSpec]
    wait_yuan_h: float
    carbon_yuan_t: float
    hour: float

    def differ(self, claim: Claim) -> bool:
        """Whether it matters where a claim runs."""
        kind = _kind(claim.needs[0])
        return len({(self.region(pool), self.price(pool, kind, claim.interruptible)) for pool in claim.pools}) > 1

    def region(self, pool: str) -> str:
        """Where a pool lies; one of which nobody says so lies where the platform's store does."""
        return self.regions.get(pool, "") or self.home or "-"

    def price(self, pool: str, kind: str, spot: bool) -> tuple[float, ...]:
        """Yuan for an hour of one accelerator or processor, by the hour of the day where that matters; what runs on
        spot pays the offer's spot price where that is lower, as it is charged."""
        tariff = self.tariffs.get((pool, kind))
        if tariff is None:
            return (self.prices.get(kind, 0.0),)
        asked = tariff.asked[-1]
        price = tuple(micro / 1e6 / asked.units for micro in asked.by_hour(spot))
        return price if len(set(price)) > 1 else (price[0],)


class Siting:
    """Keeps the latest plan, in one process."""

    def __init__(self) -> None:
        self._chosen: dict[str, Choice] = {}
        self._made_at = float("-inf")
        self._sizes: dict[str, float] = {}

    def chosen(self, key: str) -> Choice | None:
        """What the latest plan says of a task."""
        return self._chosen.get(key)

    def applied(self, situation: Situation) -> Situation:
        """The situation with each claim's pools narrowed to those of the plan."""
        if not self._chosen:
            return situation
        return replace(situation, claims=tuple(self._narrowed(claim) for claim in situation.claims))

    def _narrowed(self, claim: Claim) -> Claim:
        found = self._chosen.get(claim.key)
        pools = () if found is None else tuple(pool for pool in found.pools if pool in claim.pools)
        return replace(claim, pools=frozenset(pools), prefers=pools) if pools else claim

    async def look(self, uow: UnitOfWork, situation: Situation, yard: Yard) -> None:
        """Plan anew where a task waits that no plan knows, or the plan is old."""
        claims = [claim for claim in situation.claims if len(claim.pools) > 1][:_MOST]
        known = all(claim.key in self._chosen for claim in claims)
        if not claims or (known and time.monotonic() - self._made_at < _AGE_S):
            return
        market = await self._market(uow, claims, yard)
        claims = [claim for claim in claims if market.differ(claim)]
        self._made_at = time.monotonic()
        self._chosen = await asyncio.to_thread(_chosen, situation, claims, market) if claims else {}

    async def _market(self, uow: UnitOfWork, claims: list[Claim], yard: Yard) -> Market:
        settings = uow.platform.section(TaskSettings)
        usable = await usable_offers(uow)
        declared = {(offer.region, offer.accelerator): offer for offer in reversed(usable)}
        delivered = {(offer.id, offer.accelerator): offer for offer in usable}
        kinds = {_kind(need) for claim in claims for need in claim.needs}
        tasks = {claim.key: await repository.get(uow.session, claim.key) for claim in claims}
        links, owner = await read_links(uow), claims[0].owner
        sizes = {key: await self._gigabytes(uow, task.inputs) if links else 0.0 for key, task in tasks.items()}
        return Market(
            {pool.id: yard.region(pool) for pool in yard.pools.values()},
            {
                (pool.id, kind): delivered.get((pool.offer_id or "", kind)) or declared.get((yard.region(pool), kind))
                for pool in yard.pools.values()
                for kind in kinds
            },
            {(pool_id, tariff.accelerator): tariff for pool_id, tariff in yard.tariffs.items()},
            {kind: await hour_price(uow, owner, kind) for kind in kinds},
            links,
            settings.region,
            sizes,
            {key: TaskSpec.model_validate(task.spec) for key, task in tasks.items()},
            settings.wait_yuan_h,
            settings.carbon_yuan_t,
            (uow.clock.now().timestamp() / 3600 + 8) % 24,  # Beijing's, as prices by the hour are meant
        )

    async def _gigabytes(self, uow: UnitOfWork, inputs: Mapping[str, str]) -> float:
        """GB of a task's inputs; revisions never change, so each is asked for once."""
        for reference in inputs.values():
            if reference not in self._sizes:
                try:
                    self._sizes[reference] = (await resolve(uow, reference)).bytes / 1e9
                except NotFound:
                    self._sizes[reference] = 0.0
        return sum(self._sizes[reference] for reference in inputs.values())


def _kind(need: Need) -> str:
    return need.accelerator if need.accelerators else CPU


def _count(need: Need) -> int:
    return (need.accelerators or need.cpus) * need.nodes


def _chosen(situation: Situation, claims: list[Claim], market: Market) -> dict[str, Choice]:
    """Plan; tasks of which the engine says that they cannot be done there are left to chance."""
    try:
        from ceyuan.compute.sites import SiteError, check, plan
    except ImportError:  # without the engines of `standard` every pool is as good as another
        return {}
    world, rows = _world(situation, market)
    wanted: list[tuple[Claim, SiteTask]] = []
    for claim in claims:
        if not (fitting := _fitting(situation, claim)):
            continue
        try:
            asked = _asked(situation, claim, market, fitting)
            check(world, [asked])
        except SiteError as refusal:
            logger.debug("%s is not planned: %s", claim.key, refusal)
            continue
        wanted.append((claim, asked))
    if not wanted:
        return {}
    tasks = [asked for _claim, asked in wanted]
    horizon = 2.0 * max(max(need.hours for need in task.needs) for task in tasks) + max(
        (held.until for held in world.held), default=0.0
    )
    slot = max(horizon / _SLOTS, 1 / 60)
    try:
        made = plan(world, tasks, slot=slot, horizon=horizon, seconds=_SOLVE_S, rounds=_ROUNDS)
    except (RuntimeError, SiteError) as refusal:
        logger.warning("no plan of sites was made: %s", refusal)
        return {}
    return _read(world, rows, wanted, made)


def _world(situation: Situation, market: Market) -> tuple[World, list[str]]:
    """Pools as offers, what runs as held, regions as places; and the pool of each offer."""
    from ceyuan.compute.sites import Held as Taken
    from ceyuan.compute.sites import Link, Offer, World

    counts: dict[tuple[str, str], int] = {}
    for node in situation.nodes:
        if node.open:
            counts[(node.pool, CPU)] = counts.get((node.pool, CPU), 0) + node.cpus
            if node.accelerators:
                key = (node.pool, node.accelerator)
                counts[key] = counts.get(key, 0) + node.accelerators
    offers, rows, index = list[Offer](), list[str](), dict[tuple[str, str], int]()
    for (pool, kind), count in sorted(counts.items()):
        region, declared = market.region(pool), market.offers.get((pool, kind))
        figures, _assumed = power_of(
            kind, region, declared.pue if declared else None, declared.carbon_g_kwh if declared else None
        )
        watts = (figures["watts"] if kind in ACCELERATORS and kind != CPU else figures["core_watts"]) * figures["pue"]
        price, spot = (market.price(pool, kind, one) for one in (False, True))
        available = declared.availability_bp / 10_000 if declared else 0.99
        index[(pool, kind)] = len(offers)
        site, carbon = _site(pool, kind), figures["carbon"][0]
        offers.append(Offer(site, region, kind, count, price, watts, carbon, available, spot=spot))
        rows.append(pool)
    links = {pair: Link(*figures) for pair, figures in market.links.ways.items()}
    data = {key: (size, frozenset({market.home})) for key, size in market.gigabytes.items() if size > 0}
    held = [Taken(*one) for one in _taken(situation, index)]
    known = data if market.home else {}
    return World(tuple(offers), links, known, market.hour, market.carbon_yuan_t, tuple(held)), rows


def _taken(situation: Situation, index: Mapping[tuple[str, str], int]) -> list[tuple[int, int, float]]:
    pools = {node.name: node.pool for node in situation.nodes}
    found = []
    for one in situation.held:
        for seat in one.seats:
            row = index.get((pools.get(seat.node, ""), _kind(one.need)))
            if row is not None:
                hours = max(0.0, one.expected_end - situation.now) / 3600
                found.append((row, one.need.accelerators or one.need.cpus, hours))
    return found


def _site(pool: str, kind: str) -> str:
    return f"{pool}/{kind}"


def _takes(node: Node, claim: Claim) -> bool:
    return node.open and node.pool in claim.pools and node.name not in claim.avoid


def _charged(situation: Situation, claim: Claim) -> dict[tuple[str, int], float]:
    """As how many accelerators or processors each of the claim's wishes is charged in each pool: where nodes differ,
    as on the dearest; of wishes for equally many, the one charged least."""
    found: dict[tuple[str, int], float] = {}
    for need in claim.needs:
        most: dict[str, float] = {}
        for node in situation.nodes:
            if _takes(node, claim) and node.holds(need):
                most[node.pool] = max(most.get(node.pool, 0.0), float(node.charged(need) * need.nodes))
        for pool, units in most.items():
            key = (_site(pool, _kind(need)), _count(need))
            found[key] = min(units, found.get(key, units))
    return found


def _fitting(situation: Situation, claim: Claim) -> frozenset[tuple[str, str]]:
    """Pools and kinds with enough nodes that take tasks and could hold a wish of the claim, were they free."""
    found = set()
    for need in claim.needs:
        hold: dict[str, int] = {}
        for node in situation.nodes:
            if _takes(node, claim) and node.holds(need):
                hold[node.pool] = hold.get(node.pool, 0) + 1
        found |= {(pool, _kind(need)) for pool, count in hold.items() if count >= need.nodes}
    return frozenset(found)


def _asked(situation: Situation, claim: Claim, market: Market, fitting: frozenset[tuple[str, str]]) -> SiteTask:
    from ceyuan.compute.sites import Need as SiteNeed
    from ceyuan.compute.sites import SiteTask

    spec, hours = market.specs[claim.key], max(claim.expected / 3600, 1e-3)
    regions, bounds = {market.region(pool) for pool, _kind in fitting}, dict[str, Any]()
    data = claim.key if market.home and market.gigabytes.get(claim.key, 0.0) > 0 else None
    if data is not None:
        regions = {region for region in regions if market.links.lead(market.home, region)}
    if spec.deadline is not None:
        bounds["deadline"] = max(1e-3, (spec.deadline.timestamp() - situation.now) / 3600)
    if spec.budget_micro is not None:
        bounds["budget"] = spec.budget_micro / 1e6
    return SiteTask(
        claim.key,
        tuple(dict.fromkeys(SiteNeed(_kind(need), _count(need), hours) for need in claim.needs)),
        data,
        regions=frozenset(regions),
        delay_price=market.wait_yuan_h,
        sites=frozenset(_site(*one) for one in fitting),
        interruptible=claim.interruptible,
        charged=_charged(situation, claim),
        **bounds,
    )


def _read(world: World, rows: list[str], wanted: list[tuple[Claim, SiteTask]], made: Plan) -> dict[str, Choice]:
    """For each task the pool of the plan, and before it is free only such as are no dearer at once."""
    steps = {step.task: step for step in made.steps}
    found = {}
    for claim, asked in wanted:
        if (step := steps.get(claim.key)) is None:
            continue
        there, carbon = world.offers[step.offer], step.carbon * world.carbon_price / 1000
        planned = Weighed(
            rows[step.offer],
            there.region,
            True,
            step.start,
            step.run_price,
            step.copy_price,
            carbon,
            asked.delay_price * step.end,
        )
        best = dict[str, Weighed]()
        for at, pool in enumerate(rows):
            if pool != planned.pool and asked.may(world.offers[at]):
                for one in _at_once(world, asked, at, pool):
                    if pool not in best or one.whole < best[pool].whole:
                        best[pool] = one
        others = sorted(best.values(), key=lambda one: (one.whole, one.pool))
        pools = (planned.pool, *(one.pool for one in others if one.whole <= planned.whole + 1e-9))
        found[claim.key] = Choice(pools, step.start, (planned, *others))
    return found


def _at_once(world: World, asked: SiteTask, at: int, pool: str) -> Iterator[Weighed]:
    """What the task comes to on an offer, by each of its wishes, if it begins as soon as its data is there."""
    offer = world.offers[at]
    for need in asked.needs:
        if need.accelerator != offer.accelerator or need.count > offer.count:
            continue
        ready = moved = 0.0
        if asked.data is not None and (way := world.best_way(asked.data, offer.region)) is not None:
            size = world.data[asked.data][0]
            ready, moved = way.hours(size), way.price * size
        run = asked.rent(offer, need, world.hour + ready, world.hour + ready + need.hours)
        carbon = world.carbon_of(offer, need.count, need.hours) * world.carbon_price / 1000
        yield Weighed(pool, offer.region, False, ready, run, moved, carbon, asked.delay_price * (ready + need.hours))
