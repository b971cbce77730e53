"""What a replay runs on and with: places and links, tasks, the rule of scheduling."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ceyuan.compute.admission import Need, Node, Seat, Shares
from ceyuan.compute.sites import Link

PLACINGS = ("platform", "best_fit", "cheapest", "greenest", "nearest")
"""How seats are chosen: as the platform does (the placement engine), by best fit over all places, or by best fit in the
place that has room and costs least, emits least, or to which copying the data takes least."""
ORDERS = ("fair", "arrival")
"""Who goes first: by dominant share, priority, finish-time fairness and expected length, as the platform does, or who
came first."""


PRICES = ("price", "core_price", "spot", "core_spot", "beside_price")


@dataclass(frozen=True, slots=True)
class Place:
    """A pool as the twin sees it. Prices in yuan for an hour of an accelerator and of a core, carbon in g CO2 per kWh:
    one figure each, or 24 by the hour of the day. `spot` and `core_spot` are what interruptible tasks pay instead,
    `beside_price` is for cores beside accelerators (empty: the same). Watts are those of a busy device before `pue`."""

    name: str
    region: str
    price: tuple[float, ...] = (0.0,)
    core_price: tuple[float, ...] = (0.0,)
    watts: float = 0.0
    core_watts: float = 0.0
    pue: float = 1.0
    carbon: tuple[float, ...] = (0.0,)
    spot: tuple[float, ...] = ()
    core_spot: tuple[float, ...] = ()
    beside_price: tuple[float, ...] = ()

    def kilowatts(self, need: Need) -> float:
        """Power at the meter of all seats of a need."""
        busy = need.accelerators * self.watts + need.cpus * self.core_watts
        return busy * need.nodes * self.pue / 1000

    def cost(self, need: Need, start_h: float, end_h: float, *, units: float, spot: bool = False) -> float:
        """Yuan for holding all seats of a need between two hours (since a midnight); `units` are the accelerators, or
        the cores where it has none, that it is charged as (`Node.charged`)."""
        if not need.accelerators:
            return units * over(self.core_spot if spot and self.core_spot else self.core_price, start_h, end_h)
        beside = need.cpus * need.nodes * over(self.beside_price or self.core_price, start_h, end_h)
        return units * over(self.spot if spot and self.spot else self.price, start_h, end_h) + beside

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

    @cached_property
    def _node_of(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    def units(self, need: Need, seats: Sequence[Seat]) -> float:
        """Accelerators, or cores, that a need on these seats is charged as."""
        return float(sum(self._node_of[seat.node].charged(need) for seat in seats))

    def dearest_units(self, need: Need, place: str) -> float:
        """The same in a place before its seats are chosen: as on the node that charges most."""
        shapes = {(node.cpus, node.memory_mib, node.accelerators): node for node in self._in_place[place]}
        charged = [node.charged(need) for node in shapes.values() if node.holds(need)]
        return float(max(charged, default=need.accelerators or need.cpus)) * need.nodes

    @cached_property
    def _in_place(self) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {place.name: [] for place in self.places}
        for node in self.nodes:
            found[node.pool].append(node)
        return found

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
