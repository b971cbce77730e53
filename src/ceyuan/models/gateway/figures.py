"""Sums over minutes for the monitoring page: in all, over time, by model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from ceyuan.models.gateway.histogram import merged, percentile
from ceyuan.models.gateway.tables import GatewayMinute

_SUMMED = ("calls", "failed", "refused", "blocked", "flagged", "prompt_tokens", "completion_tokens", "cost_micro")
_SHARES = (("p50_ms", 0.5), ("p95_ms", 0.95), ("p99_ms", 0.99))


def sums(rows: Sequence[GatewayMinute]) -> dict[str, Any]:
    """The sums over minutes, with the percentiles of their latencies."""
    total, first = merged(row.total_ms for row in rows), merged(row.first_ms for row in rows)
    return {
        **{name: sum(getattr(row, name) for row in rows) for name in _SUMMED},
        "total": {name: percentile(total, share) for name, share in _SHARES},
        "first": {name: percentile(first, share) for name, share in _SHARES},
    }


def points(rows: Iterable[GatewayMinute], since: datetime, until: datetime, step_s: int) -> list[dict[str, Any]]:
    """The sums of each step of `step_s` seconds between two moments, empty ones too."""
    origin = int(since.timestamp()) // step_s * step_s
    groups: dict[int, list[GatewayMinute]] = {start: [] for start in range(origin, int(until.timestamp()) + 1, step_s)}
    for row in rows:
        start = int(row.minute.timestamp()) // step_s * step_s
        groups.setdefault(start, []).append(row)
    return [{"at": datetime.fromtimestamp(start, UTC), **sums(group)} for start, group in sorted(groups.items())]


def by_model(rows: Iterable[GatewayMinute]) -> list[dict[str, Any]]:
    """The sums of each model, the most called first."""
    groups: dict[str, list[GatewayMinute]] = {}
    for row in rows:
        groups.setdefault(row.model, []).append(row)
    models = [{"model": model, **sums(group)} for model, group in groups.items()]
    return sorted(models, key=lambda entry: (-entry["calls"], entry["model"]))


def codes(rows: Iterable[GatewayMinute]) -> dict[str, int]:
    """How often which code, the most frequent first."""
    total = merged(row.codes for row in rows)
    return dict(sorted(total.items(), key=lambda pair: (-pair[1], pair[0])))
