"""Changed assumptions: what a scenario makes of a world and its tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ceyuan.compute.admission import Node, Shares
from ceyuan.compute.simulation.values import PRICES, Outage, Place, TwinTask, World
from ceyuan.compute.sites import Link


@dataclass(frozen=True)
class Scenario:
    """`more_nodes`: places and nodes that are added (a place that there is already gets the nodes only); `without`
    places are closed; `cut` and `faster` change links, both ways; `prices` and `carbon` are factors by place or
    region; `load` thins out (below 1) or repeats (above 1) the tasks; `shares` of `None` keep the quotas."""

    more_nodes: tuple[tuple[Place, tuple[Node, ...]], ...] = ()
    without: frozenset[str] = frozenset()
    cut: tuple[tuple[str, str], ...] = ()
    faster: tuple[tuple[str, str, float, float], ...] = ()
    prices: Mapping[str, float] = field(default_factory=dict)
    carbon: Mapping[str, float] = field(default_factory=dict)
    load: float = 1.0
    shares: Shares | None = None
    outages: tuple[Outage, ...] = ()


def applied(scenario: Scenario, world: World, tasks: Sequence[TwinTask]) -> tuple[World, list[TwinTask]]:
    """The world and the tasks under a scenario's assumptions."""
    places = {place.name: place for place in world.places if place.name not in scenario.without}
    nodes = [node for node in world.nodes if node.pool not in scenario.without]
    for place, more in scenario.more_nodes:
        places.setdefault(place.name, place)
        nodes += more
    priced = tuple(_priced(place, scenario) for place in places.values())
    links = _links(world.links, scenario)
    changed = World(
        priced, tuple(nodes), links, world.shares if scenario.shares is None else scenario.shares, scenario.outages
    )
    return changed, _loaded(tasks, scenario.load)


def _priced(place: Place, scenario: Scenario) -> Place:
    price = scenario.prices.get(place.name, scenario.prices.get(place.region, 1.0))
    carbon = scenario.carbon.get(place.name, scenario.carbon.get(place.region, 1.0))
    prices: dict[str, Any] = {name: tuple(figure * price for figure in getattr(place, name)) for name in PRICES}
    return replace(
        place,
        **prices,
        carbon=tuple(figure * carbon for figure in place.carbon),
    )


def _links(links: Mapping[tuple[str, str], Link], scenario: Scenario) -> dict[tuple[str, str], Link]:
    gone = {pair for one, other in scenario.cut for pair in ((one, other), (other, one))}
    kept = {pair: link for pair, link in links.items() if pair not in gone}
    for one, other, gbps, price in scenario.faster:
        for pair in ((one, other), (other, one)):
            kept[pair] = Link(gbps, price or (kept[pair].price if pair in kept else 0.0))
    return kept


def _loaded(tasks: Sequence[TwinTask], load: float) -> list[TwinTask]:
    """Every task so often as the load says, spread evenly, so that no draw decides: copies come a minute apart."""
    made, owed = [], 0.0
    for task in sorted(tasks, key=lambda task: (task.submit, task.key)):
        owed += load
        for number in range(int(owed + 1e-9)):
            copy = {"key": f"{task.key}+{number}", "submit": task.submit + 60.0 * number} if number else {}
            made.append(replace(task, **copy))  # type: ignore[arg-type]
        owed -= int(owed + 1e-9)
    return made
