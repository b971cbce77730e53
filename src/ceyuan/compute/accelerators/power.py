"""Figures that stand in where nobody declared any, each with its source. What was assumed is said with the result."""

from __future__ import annotations

from typing import Any

from ceyuan.compute.accelerators.facts import ACCELERATORS

ASSUMED_PUE = 1.3
"""What is asked of new large data centres at the least: action plan of the National Development and Reform Commission
and others of 2024 (发改环资〔2024〕970号), an average of at most 1.5 by 2025, 1.25 to 1.2 for new ones at hubs."""
CORE_WATTS = 5.0
"""Watts of a busy core: 320 W of 64 cores, the rated power of a server processor of that size (AMD EPYC 9534: 280 W
and the memory beside it)."""
NATIONAL_G_KWH = 537.0
GRID_G_KWH = {"tianjin": 704.0, "hebei": 725.0, "shanxi": 710.0, "neimenggu": 685.0, "anhui": 678.0}
"""Grams of CO2 per kWh of the grid: announcement on emission factors of electricity of 2022 by the Ministry of Ecology
and Environment and the National Bureau of Statistics, December 2024 (national average 0.5366 kg; provinces named there
as Hebei 0.7252, Shanxi 0.7096, Tianjin 0.7041, Inner Mongolia 0.6849, Anhui 0.6782). Others: the national average."""


def grid_of(region: str) -> float:
    """Grams of CO2 per kWh where nobody declared any."""
    return GRID_G_KWH.get(region, NATIONAL_G_KWH)


def power_of(kind: str, region: str, pue: float | None, carbon: float | None) -> tuple[dict[str, Any], list[str]]:
    """Watts of an accelerator and a core, PUE and carbon of a place, and the names of what was assumed."""
    assumed = [name for name, value in (("pue", pue), ("carbon", carbon)) if value is None]
    figures = {
        "watts": ACCELERATORS[kind].watts if kind in ACCELERATORS else 0.0,
        "core_watts": CORE_WATTS,
        "pue": ASSUMED_PUE if pue is None else pue,
        "carbon": [grid_of(region) if carbon is None else carbon],
    }
    return figures, [*assumed, "core_watts"]
