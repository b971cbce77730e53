"""Which scenario of a study is best by which figure: there is not one best of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def best_by_figure(results: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The scenarios with the shortest wait (95th percentile), the lowest cost and the least carbon, of those that end
    the most tasks: one that ends fewer is no bargain by costing less. Of equals the first; `None` without results."""
    if not results:
        return None
    done = max(row["totals"]["done"] for row in results)
    counted = [row for row in results if row["totals"]["done"] == done]

    def least(figure: str) -> str:
        return str(min(counted, key=lambda row: _figure(row, figure))["name"])

    names = [str(row["name"]) for row in counted]
    return {
        "done": done,
        "counted": names,
        "wait": least("wait"),
        "cost": least("cost_yuan"),
        "carbon": least("carbon_kg"),
    }


def _figure(row: dict[str, Any], name: str) -> float:
    value = row["totals"]["wait_s"]["p95"] if name == "wait" else row["totals"][name]
    return float("inf") if value is None else float(value)
