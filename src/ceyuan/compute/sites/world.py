"""Regions, links, offers and tasks: the question that placing on sites answers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ceyuan.compute.sites.errors import BadFigure, LinkHole, UnknownSite

GB_PER_HOUR_AT_1_GBPS = 450.0
"""Gigabytes (10^9) that one gigabit per second carries in an hour."""


def figure(name: str, value: float, least: float = 0.0, most: float = 1e12) -> None:
    """Refuse a figure that cannot be meant."""
    if not math.isfinite(value) or not least <= value <= most:
        raise BadFigure(f"{name} 不可能为 {value}", f"{name} cannot be {value}")


@dataclass(frozen=True, slots=True)
class Link:
    """A direction between two regions: ``gbps`` (10^9 bits per second) and ``price`` (yuan per GB)."""

    gbps: float
    price: float = 0.0

    def __post_init__(self) -> None:
        figure("gbps", self.gbps, 1e-6, 1e6)
        figure("price", self.price, 0, 1e6)

    def hours(self, gigabytes: float) -> float:
        """Hours that a copy takes when it has the link for itself."""
        return gigabytes / (self.gbps * GB_PER_HOUR_AT_1_GBPS)


@dataclass(frozen=True)
class Offer:
    """Accelerators of one model at a site: ``count``, ``price`` (yuan per accelerator and hour) by hour of the day (one
    figure or 24), ``watts`` per accelerator at the meter (PUE included), ``carbon`` (g CO2 per kWh), ``available``
    (what the agreement promises, 0-1), ``expires`` (hours from now), ``spot`` what interruptible tasks pay instead of
    ``price`` (empty: the same)."""

    site: str
    region: str
    accelerator: str
    count: int
    price: tuple[float, ...]
    watts: float = 700.0
    carbon: float = 550.0
    available: float = 0.99
    expires: float = math.inf
    spot: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        figure("count", self.count, 1, 1e7)
        if len(self.price) not in (1, 24) or len(self.spot) not in (0, 1, 24):
            raise BadFigure("价格应为 1 个或 24 个", "a price has one figure or twenty-four")
        for price in (*self.price, *self.spot):
            figure("price", price, 0, 1e6)
        figure("watts", self.watts, 0, 1e5)
        figure("carbon", self.carbon, 0, 5000)
        figure("available", self.available, 0, 1)

    def prices(self, interruptible: bool) -> tuple[float, ...]:
        """What a task of this class pays for an accelerator and hour."""
        return self.spot if interruptible and self.spot else self.price

    def price_between(self, start: float, end: float, *, interruptible: bool = False) -> float:
        """Yuan per accelerator for running from one hour to another (hours from midnight, fractions too)."""
        prices = self.prices(interruptible)
        if len(prices) == 1:
            return prices[0] * (end - start)
        total, at = 0.0, start
        while at < end - 1e-9:
            until = min(end, math.floor(at + 1e-9) + 1)
            total += prices[int(at + 1e-9) % 24] * (until - at)
            at = until
        return total


@dataclass(frozen=True)
class Need:
    """One way to run a task: ``count`` accelerators of a model for ``hours``."""

    accelerator: str
    count: int
    hours: float

    def __post_init__(self) -> None:
        figure("count", self.count, 1, 1e7)
        figure("hours", self.hours, 1e-6, 1e5)


@dataclass(frozen=True)
class SiteTask:
    """What runs: any of ``needs``; ``data`` it reads (name of a dataset or none); ``deadline`` (hours from now),
    ``budget`` (yuan), ``regions`` and ``sites`` it may run in (empty: all), ``available`` it asks of the agreement;
    ``delay_price`` (yuan per hour until its end) is what waiting costs its owner. An ``interruptible`` one pays the
    offers' spot prices. ``charged``: by (site, count) the accelerators that a need of so many is charged as there
    (not named: as many)."""

    name: str
    needs: tuple[Need, ...]
    data: str | None = None
    deadline: float = math.inf
    budget: float = math.inf
    regions: frozenset[str] = frozenset()
    available: float = 0.0
    delay_price: float = 0.0
    sites: frozenset[str] = frozenset()
    interruptible: bool = False
    charged: Mapping[tuple[str, int], float] = field(default_factory=dict, hash=False)

    def units(self, offer: Offer, need: Need) -> float:
        """Accelerators of an offer that a need is charged as."""
        return self.charged.get((offer.site, need.count), need.count)

    def rent(self, offer: Offer, need: Need, start: float, end: float) -> float:
        """Yuan for running from one hour to another (hours from midnight, fractions too)."""
        return offer.price_between(start, end, interruptible=self.interruptible) * self.units(offer, need)

    def may(self, offer: Offer) -> bool:
        """Whether region, site and agreement of an offer are such as it may run under."""
        if (self.regions and offer.region not in self.regions) or (self.sites and offer.site not in self.sites):
            return False
        return offer.available >= self.available

    def __post_init__(self) -> None:
        for units in self.charged.values():
            figure("charged", units, 0, 1e7)
        if not self.needs:
            raise BadFigure(f"任务 {self.name} 没有资源需求", f"task {self.name} asks for nothing")
        if self.deadline <= 0 or self.budget < 0 or math.isnan(self.deadline) or math.isnan(self.budget):
            raise BadFigure(
                f"任务 {self.name} 的期限或预算不合理", f"deadline or budget of {self.name} cannot be meant"
            )
        figure("delay_price", self.delay_price, 0, 1e9)
        figure("available", self.available, 0, 1)


@dataclass(frozen=True, slots=True)
class Held:
    """Accelerators of an offer (its row) that are taken now, for at most ``until`` hours."""

    offer: int
    count: int
    until: float


@dataclass(frozen=True, slots=True)
class Way:
    """How data comes to a region: over one link, or over two with a stop between. ``legs`` are (from, to)."""

    legs: tuple[tuple[str, str], ...]
    links: tuple[Link, ...]

    @property
    def source(self) -> str:
        """The region that it comes from."""
        return self.legs[0][0]

    @property
    def via(self) -> str | None:
        """The region where it stops, if there is one."""
        return self.legs[1][0] if len(self.legs) > 1 else None

    @property
    def price(self) -> float:
        """Yuan per GB in all."""
        return sum(link.price for link in self.links)

    def hours(self, gigabytes: float) -> float:
        """Hours that a copy takes when it has the links for itself, one after the other."""
        return sum(link.hours(gigabytes) for link in self.links)


@dataclass(frozen=True)
class World:
    """Offers, links between regions by (from, to), and where which dataset lies: name -> (GB, regions).

    ``hour`` is the hour of the day now; ``carbon_price`` yuan per tonne of CO2; ``held`` what is taken now.
    """

    offers: tuple[Offer, ...]
    links: Mapping[tuple[str, str], Link]
    data: Mapping[str, tuple[float, frozenset[str]]] = field(default_factory=dict)
    hour: float = 0.0
    carbon_price: float = 0.0
    held: tuple[Held, ...] = ()

    def __post_init__(self) -> None:
        figure("hour", self.hour, 0, 24)
        figure("carbon_price", self.carbon_price, 0, 1e5)
        for name, (size, regions) in self.data.items():
            figure(f"GB of {name}", size, 0, 1e9)
            if not regions:
                raise UnknownSite(f"数据集 {name} 不在任何区域", f"dataset {name} lies nowhere")

    def check_links(self, tasks: Sequence[SiteTask]) -> None:
        """Refuse a matrix with a hole where a task's data might have to pass."""
        missing = set()
        for task in tasks:
            if task.data is None:
                continue
            if task.data not in self.data:
                raise UnknownSite(f"未知数据集 {task.data}", f"unknown dataset {task.data}")
            sources = self.data[task.data][1]
            for region in sorted({o.region for o in self.offers}):
                if task.regions and region not in task.regions:
                    continue
                if region not in sources and not self.ways(task.data, region):
                    missing.add((min(sources), region))
        if missing:
            raise LinkHole(sorted(missing))

    def ways(self, data: str, region: str) -> list[Way]:
        """Every way by which a dataset may come to a region: straight, or with one stop; none where it lies already."""
        _, sources = self.data[data]
        if region in sources:
            return []
        stops = sorted({one for one, other in self.links if other == region} - sources)
        found = []
        for source in sorted(sources):
            legs = [((source, region),), *(((source, stop), (stop, region)) for stop in stops)]
            found += [
                Way(one, tuple(self.links[leg] for leg in one)) for one in legs if all(leg in self.links for leg in one)
            ]
        return found

    def best_way(self, data: str, region: str, hour_price: float = 0.0, *, straight: bool = False) -> Way | None:
        """The way by which a dataset comes cheapest, counting ``hour_price`` yuan for each hour of copying; ``None``
        where it lies already. ``straight``: over one link only. Raises ``LinkHole``."""
        size, sources = self.data[data]
        if region in sources:
            return None
        ways = [way for way in self.ways(data, region) if not straight or len(way.legs) == 1]
        if not ways:
            raise LinkHole([(min(sources), region)])
        return min(ways, key=lambda way: (way.price * size + way.hours(size) * hour_price, way.hours(size), way.legs))

    def carbon_of(self, offer: Offer, count: int, hours: float) -> float:
        """Kilograms of CO2."""
        return offer.watts * count * hours / 1000 * offer.carbon / 1000
