"""What tasks are metered in: seconds of processors and of accelerators."""

from __future__ import annotations

from decimal import Decimal

from ceyuan.compute.accelerators import ACCELERATORS
from ceyuan.compute.tasks.description import Resources
from ceyuan.metering import Resource

THOUSANDTH = Decimal("0.001")
"""What quantities are rounded to."""
CORE_SECOND = Resource(
    "compute.core_second", unit=("核·秒", "core-seconds"), title=("任务占用处理器", "Processors held by tasks")
)
DEVICE_SECONDS = tuple(
    Resource(
        f"compute.device_second.{name}",
        unit=("卡·秒", "device-seconds"),
        title=(f"任务占用 {known.label}", f"{known.label} held by tasks"),
    )
    for name, known in ACCELERATORS.items()
    if known.vendor != "cpu"
)
"""One resource for each kind of accelerator, so that each has a price of its own."""


def amounts(seconds: float, resources: Resources, charged: Decimal | None = None) -> dict[str, Decimal]:
    """What a try of so many seconds is metered with, by resource: the processors that it held, and the accelerators.

    `charged` takes the place of the accelerators, or of the processors where there are none, on all nodes together,
    where its part of a node's processors or memory makes more of them useless to others (`Node.charged`)."""
    held = {CORE_SECOND.name: Decimal(resources.cpus * resources.nodes)}
    if resources.accelerators:
        held[f"compute.device_second.{resources.accelerator}"] = Decimal(resources.accelerators * resources.nodes)
    if charged is not None:
        held[list(held)[-1]] = charged
    return {name: (Decimal(str(seconds)) * count).quantize(THOUSANDTH) for name, count in held.items()}
