"""What a replay runs on and with: places and links, tasks, the rule of scheduling."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ceyuan.compute.admission import Need, Node, Shares
from ceyuan.compute.sites import Link

PLACINGS = ("platform", "best_fit", "cheapest", "greenest", "nearest")
"""How seats are chosen: as the platform does (the placement engine), by best fit over all places, or by best fit in the
place that has room and costs least, emits least, or to which copying the data takes least."""
ORDERS = ("fair", "arrival")
"""Who goes first: by dominant share, priority and expected length, as the platform does, or who came first."""


@dataclass(frozen=True, slots=True)
class Place:
    """A pool as the twin sees it. Prices in yuan for an hour of an accelerator and of a core, carbon in g CO2 per kWh:
    one figure each, or 24 by the hour of the day. Watts are those of a busy device before `pue`."""

    name: str
    region: str
    price: tuple[float, ...] = (0.0,)
    core_price: tuple[float, ...] = (0.0,)
    watts: float = 0.0
    core_watts: float = 0.0
    pue: float = 1.0
    carbon: tuple[float, ...] = (0.0,)

    def kilowatts(self, need: Need) -> float:
        """Power at the meter of all seats of a need."""
        busy = need.accelerators * self.watts + need.cpus * self.core_watts
        return busy * need.nodes * self.pue / 1000

    def cost(self, need: Need, start_h: float, end_h: float) -> float:
        """Yuan for holding all seats of a need between two hours (since a midnight)."""
        cards, cores = need.accelerators * need.nodes, need.cpus * need.nodes
        return cards * over(self.price, start_h, end_h) + cores * over(self.core_price, start_h, end_h)

    def carbon_kg(self, need: Need, start_h: float, end_h: float) -> float:
        """Kilograms of CO2 for the same."""
        return self.kilowatts(need) * over(self.carbon, start_h, end_h) / 1000


def over(figures: tuple[float, ...], start_h: float, end_h: float) -> float:
    """The integral of a figure, or of 24 by the hour of the day, between two hours since a midnight."""
    if len(figures) == 1 or end_h <= start_h:
        return figures[0] * max(0.0, end_h - start_h)
    return _upto(figures, end_h) - _upto(figures, start_h)


def _upto(figures: tuple[float, ...], hour: float) -> float:
    days, rest = divmod(hour, 24.0)
    whole = int(rest)
    return days * sum(figures) + sum(figures[:whole]) + (rest - whole) * figures[whole % 24]


@dataclass(frozen=True, slots=True)
class Outage:
    """A place that takes and holds nothing from one moment to another (seconds since the replay's start)."""

    place: str
    start: float
    end: float


@dataclass(frozen=True)
class World:
    """Places, their nodes (`Node.pool` is a place's name), links between regions by (from, to), quotas, outages."""

    places: tuple[Place, ...]
    nodes: tuple[Node, ...]
    links: Mapping[tuple[str, str], Link] = field(default_factory=dict)
    shares: Shares = field(default_factory=Shares)
    outages: tuple[Outage, ...] = ()

    @property
    def capacity(self) -> dict[str, float]:
        """Resources of all nodes, by `cpus` and accelerator."""
        amounts: dict[str, float] = {}
        for node in self.nodes:
            amounts["cpus"] = amounts.get("cpus", 0.0) + node.cpus
            if node.accelerators:
                amounts[node.accelerator] = amounts.get(node.accelerator, 0.0) + node.accelerators
        return amounts


@dataclass(frozen=True, slots=True)
class TwinTask:
    """A task of the past, or a made-up one. `submit` in seconds since the replay's start, `seconds` what it runs on
    each of `needs`, `limit` what it may run, `deadline` seconds since the start, `data` its input's name and GB and
    `homes` the regions where that lies (empty: everywhere), `regions` and `places` where it may run (empty: anywhere).
    """

    key: str
    owner: str
    needs: tuple[Need, ...]
    submit: float
    seconds: tuple[float, ...]
    limit: float
    priority: int = 0
    interruptible: bool = False
    deadline: float = math.inf
    data: str = ""
    gigabytes: float = 0.0
    homes: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Policy:
    """The rule of scheduling: `placing` and `order` (see above); with `learns`, lengths are expected from tasks that
    have ended, as the platform does, else from their limits. `tick`: seconds between two admissions at least."""

    placing: str = "platform"
    order: str = "fair"
    learns: bool = True
    tick: float = 1.0
