"""The bill of a task's tries as the command line tells it."""

from __future__ import annotations

from typing import Any

from ceyuan.cli.task import bill_rows


def charge(resource: str, quantity: str, tariff: str, micro: int | None, per: int | None, cost: int) -> dict[str, Any]:
    times = {"start": 100.0, "end": 110.0}
    return (
        {"resource": resource, "quantity": quantity, "tariff": tariff, "unit_micro": micro, "per": per}
        | times
        | {"cost_micro": cost}
    )


def test_each_part_says_device_tariff_seconds_price_and_amount() -> None:
    card, core = "compute.device_second.h800", "compute.core_second"
    tries = [
        {"charged": "8.000", "charges": [charge(core, "640.000", "included", 0, 1, 0)]},
        {"charged": "4.000", "charges": [charge(core, "40.000", "list", None, None, 40_000)]},
    ]
    tries[0]["charges"].append(charge(card, "80.000", "spot", 6_000_000, 3600, 133_333))  # type: ignore[attr-defined]
    rows = [tuple(row.values()) for row in bill_rows(tries)]
    assert rows == [
        (1, "cpu", "", "included", 10.0, "640.000", 0.0, 0.0),
        (1, "h800", "8.000", "spot", 10.0, "80.000", 6.0, 0.133333),
        (2, "cpu", "4.000", "list", 10.0, "40.000", 3.6, 0.04),
    ]
