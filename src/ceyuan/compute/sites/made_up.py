"""Five regions around Beijing, invented in detail, of the order of published figures, for tests and comparisons.

Prices by the hour follow the pattern of North China's industrial time-of-use tariffs (peak in the evening, valley at
night and, with photovoltaics, at noon in Inner Mongolia); grid carbon is of the order of the Ministry of Ecology's 2022
provincial factors (Beijing 0.56, Tianjin 0.70, Hebei 0.72, Shanxi 0.71, Inner Mongolia 0.69 kg CO2 per kWh), less
where a site buys green power. Rents per accelerator and link prices are made up.
"""

from __future__ import annotations

import numpy as np

from ceyuan.compute.sites.world import Link, Need, Offer, SiteTask, World

REGIONS = ("beijing", "tianjin", "hebei", "shanxi", "inner-mongolia")
RENT = {"beijing": 30.0, "tianjin": 26.0, "hebei": 24.0, "shanxi": 22.0, "inner-mongolia": 19.0}
"""Yuan per hour for one accelerator of the faster model."""
CARBON = {"beijing": 560.0, "tianjin": 700.0, "hebei": 640.0, "shanxi": 600.0, "inner-mongolia": 400.0}
GBPS = {
    ("beijing", "tianjin"): 100.0, ("beijing", "hebei"): 100.0, ("beijing", "shanxi"): 20.0,
    ("beijing", "inner-mongolia"): 40.0, ("tianjin", "hebei"): 40.0, ("tianjin", "shanxi"): 10.0,
    ("tianjin", "inner-mongolia"): 10.0, ("hebei", "shanxi"): 20.0, ("hebei", "inner-mongolia"): 20.0,
    ("shanxi", "inner-mongolia"): 10.0,
}  # fmt: skip
YUAN_PER_GB = {100.0: 0.02, 40.0: 0.04, 20.0: 0.06, 10.0: 0.10}


def regions(seed: int, accelerators: int = 64) -> World:
    """Offers of two models in five regions, with links both ways and prices by the hour."""
    generator = np.random.default_rng(seed)
    offers = []
    for region in REGIONS:
        for model, factor, watts in (("H800", 1.0, 900.0), ("910B", 0.55, 520.0)):
            base = RENT[region] * factor * generator.uniform(0.92, 1.08)
            count = int(accelerators * generator.choice([0.5, 1.0, 1.5]))
            offers.append(
                Offer(
                    f"{region}-{model}",
                    region,
                    model,
                    count,
                    _by_hour(base, region),
                    watts,
                    CARBON[region] * generator.uniform(0.95, 1.05),
                    0.99 if region != "shanxi" else 0.95,
                )
            )
    links = {}
    for (one, other), speed in GBPS.items():
        links[(one, other)] = links[(other, one)] = Link(speed, YUAN_PER_GB[speed])
    return World(tuple(offers), links, carbon_price=90.0)


def mix(
    world: World, seed: int, count: int = 24, least_gb: float = 1.0, most_gb: float = 200_000.0
) -> tuple[World, list[SiteTask]]:
    """Tasks with data of log-uniform size lying in one or two regions, some datasets used twice; deadlines leave
    room."""
    generator = np.random.default_rng(seed)
    data: dict[str, tuple[float, frozenset[str]]] = {}
    tasks = []
    for number in range(count):
        if data and generator.random() < 0.25:
            name = sorted(data)[int(generator.integers(len(data)))]
        else:
            name = f"data-{number}"
            size = float(np.exp(generator.uniform(np.log(least_gb), np.log(most_gb))))
            homes = generator.choice(REGIONS, int(generator.integers(1, 3)), replace=False, p=[0.4, 0.2, 0.2, 0.1, 0.1])
            data[name] = (size, frozenset(homes.tolist()))
        size = data[name][0]
        hours = float(generator.uniform(4, 40))
        width = int(generator.choice([8, 8, 16, 32]))
        slowest = size / (10.0 * 450.0)
        tasks.append(
            SiteTask(
                f"task-{number}",
                (Need("H800", width, hours), Need("910B", width, hours * 1.9)),
                name,
                deadline=float(slowest + 1.9 * hours + generator.uniform(72, 160)),
                delay_price=float(generator.uniform(1, 6)),
            )
        )
    return World(world.offers, world.links, data, world.hour, world.carbon_price), tasks


def _by_hour(base: float, region: str) -> tuple[float, ...]:
    """Rent with the part that electricity makes up (a fifth) at the hour's tariff."""
    tariff = []
    for hour in range(24):
        if 17 <= hour < 22:
            factor = 1.5
        elif hour < 7 or (region == "inner-mongolia" and 11 <= hour < 15):
            factor = 0.55
        else:
            factor = 1.0
        tariff.append(round(base * (0.8 + 0.2 * factor), 4))
    return tuple(tariff)
