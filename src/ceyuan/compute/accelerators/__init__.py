"""What accelerators can do at best: peak throughput by precision, memory, links, power, each with its source.

Pure facts for catalogue, planning and billing. What a pool really delivers is measured and belongs to its offer;
peaks only say what cannot be exceeded.
"""

from ceyuan.compute.accelerators.facts import ACCELERATORS
from ceyuan.compute.accelerators.power import power_of
from ceyuan.compute.accelerators.types import (
    PRECISIONS,
    STANDARD_CARD_TFLOPS,
    VENDORS,
    Accelerator,
    Precision,
    UnknownAccelerator,
)


def accelerator(name: str) -> Accelerator:
    """The accelerator of this name; raises `UnknownAccelerator` with the nearest known ones."""
    found = ACCELERATORS.get(name.strip().lower())
    if found is None:
        raise UnknownAccelerator(name, list(ACCELERATORS))
    return found


__all__ = [
    "ACCELERATORS",
    "PRECISIONS",
    "STANDARD_CARD_TFLOPS",
    "VENDORS",
    "Accelerator",
    "Precision",
    "UnknownAccelerator",
    "accelerator",
    "power_of",
]
