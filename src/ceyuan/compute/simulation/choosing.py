"""Which seats: the platform's own choice, or that choice within the place that comes first by another rule."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from ceyuan.compute.admission import Chooser, Need, Seat, Situation, best_fit
from ceyuan.compute.admission.seats import Free, Pick
from ceyuan.compute.simulation.values import Place, Policy, TwinTask, World


@dataclass(frozen=True, slots=True)
class Wish(Need):
    """A need with what a choice between places rests on: the data's name, GB and homes, how long it may run (s), and
    whether it pays spot prices."""

    # Needs that differ in these only are alike to the engine of admission.
    data: str = field(default="", compare=False)
    gigabytes: float = field(default=0.0, compare=False)
    homes: frozenset[str] = field(default=frozenset(), compare=False)
    seconds: float = field(default=0.0, compare=False)
    interruptible: bool = field(default=False, compare=False)


class Steering:
    """Chooses seats in a replay, and keeps what lies where and until when links are busy."""

    def __init__(self, world: World, policy: Policy) -> None:
        self.now = 0.0
        self._world, self._policy = world, policy
        self._places = {place.name: place for place in world.places}
        self._copies: dict[tuple[str, str], float] = {}
        self._link_free: dict[tuple[str, str], float] = {}
        self._chooser = Chooser()
        self._units: dict[tuple[Wish, str], float] = {}

    def open_to(self, task: TwinTask) -> frozenset[str]:
        """The places where a task may run and its data can come."""
        return frozenset(
            place.name
            for place in self._world.places
            if (not task.regions or place.region in task.regions)
            and (not task.places or place.name in task.places)
            and (not task.homes or self._source(task.data, task.gigabytes, task.homes, place.region) is not None)
        )

    def _source(self, data: str, gigabytes: float, homes: frozenset[str], region: str) -> str | None:
        """The region from which the data comes soonest; the region itself where it lies."""
        if not homes or region in homes or (data, region) in self._copies:
            return region
        links = self._world.links
        ways = [(links[(home, region)].hours(gigabytes), home) for home in sorted(homes) if (home, region) in links]
        return min(ways)[1] if ways else None

    def copy(self, task: TwinTask, region: str, now: float) -> tuple[float, float, float]:
        """Seconds until the data is there, GB that are sent for it and what that costs; one copy after another on a
        link, and each only once."""
        source = self._source(task.data, task.gigabytes, task.homes, region)
        if source is None or not task.homes or region in task.homes:
            return 0.0, 0.0, 0.0
        there = self._copies.get((task.data, region))
        if there is not None:
            return max(0.0, there - now), 0.0, 0.0
        link = self._world.links[(source, region)]
        begin = max(now, self._link_free.get((source, region), 0.0))
        end = begin + link.hours(task.gigabytes) * 3600
        self._copies[(task.data, region)] = self._link_free[(source, region)] = end
        return end - now, task.gigabytes, link.price * task.gigabytes

    def pick(self, situation: Situation) -> Pick:
        """What chooses seats in this situation."""
        if self._policy.placing == "platform":
            return self._chooser.pick(situation)
        return best_fit if self._policy.placing == "best_fit" else self._steered

    def _steered(self, need: Need, rows: list[Free]) -> tuple[Seat, ...] | None:
        """The best fit in the first place by the rule that has room."""
        by_place: dict[str, list[Free]] = {}
        for row in rows:
            by_place.setdefault(row.node.pool, []).append(row)
        ranks = {name: self._rank(need, self._places[name]) for name in by_place}
        for name in sorted(by_place, key=lambda name: (ranks[name], name)):
            seats = best_fit(need, by_place[name])
            if seats is not None:
                return seats
        return None

    def _rank(self, need: Need, place: Place) -> float:
        if not isinstance(need, Wish):
            return 0.0
        hours, price = self._way(need, place.region)
        start = self.now / 3600 + hours
        end = start + need.seconds / 3600
        if self._policy.placing == "nearest":
            return hours
        if self._policy.placing == "greenest":
            return place.carbon_kg(need, start, end)
        units = self._units.get((need, place.name))
        if units is None:
            units = self._units[(need, place.name)] = self._world.dearest_units(need, place.name)
        return place.cost(need, start, end, units=units, spot=need.interruptible) + price

    def _way(self, need: Wish, region: str) -> tuple[float, float]:
        """Hours and yuan until the data is in a region."""
        source = self._source(need.data, need.gigabytes, need.homes, region)
        if source is None:
            return math.inf, math.inf
        if source == region:
            return max(0.0, self._copies.get((need.data, region), 0.0) - self.now) / 3600, 0.0
        link = self._world.links[(source, region)]
        waits = max(0.0, self._link_free.get((source, region), 0.0) - self.now) / 3600
        return waits + link.hours(need.gigabytes), link.price * need.gigabytes
