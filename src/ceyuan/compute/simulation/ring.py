"""The five regions around Beijing as a world: the invented, seeded example of the engine of sites."""

from __future__ import annotations

from ceyuan.compute.accelerators import ACCELERATORS
from ceyuan.compute.admission import Node
from ceyuan.compute.simulation.values import Place, World
from ceyuan.compute.sites import Link, regions

_NAMES = {"inner-mongolia": "neimenggu"}
_MODELS = {"H800": "h800", "910B": "ascend910b"}
PER_NODE, CORES, MEMORY_GIB = 8, 128, 1024


def ring_world(seed: int, accelerators: int = 64) -> World:
    """Places, nodes of eight accelerators and links of five regions; prices, speeds and carbon are those of
    `ceyuan.compute.sites.regions`, where their orders of magnitude have their sources. The watts there are at the
    meter: here they are the accelerator's, with what is above them as PUE."""
    found = regions(seed, accelerators)
    places, nodes = [], []
    for offer in found.offers:
        region, model = _NAMES.get(offer.region, offer.region), _MODELS[offer.accelerator]
        name = f"{region}-{model}"
        watts = ACCELERATORS[model].watts
        places.append(Place(name, region, offer.price, (0.0,), watts, 0.0, offer.watts / watts, (offer.carbon,)))
        for number in range(max(1, offer.count // PER_NODE)):
            nodes.append(Node(f"{name}-{number}", name, CORES, MEMORY_GIB * 1024, model, PER_NODE))
    links: dict[tuple[str, str], Link] = {
        (_NAMES.get(one, one), _NAMES.get(other, other)): link for (one, other), link in found.links.items()
    }
    return World(tuple(places), tuple(nodes), links)
