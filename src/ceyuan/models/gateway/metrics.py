"""Prometheus metrics of the gateway; names and units after prometheus.io/docs/practices/naming."""

from __future__ import annotations

from typing import Any

from prometheus_client import Counter, Gauge, Histogram

from ceyuan.models.gateway.call import Call

CALLS = Counter("ceyuan_gateway_calls_total", "Calls by model, endpoint and status", ("model", "endpoint", "status"))
REFUSALS = Counter("ceyuan_gateway_refusals_total", "Refusals by code", ("code",))
TOKENS = Counter("ceyuan_gateway_tokens_total", "Tokens by model and direction", ("model", "direction"))
VERDICTS = Counter("ceyuan_gateway_verdicts_total", "Moderation verdicts by stage and action", ("stage", "action"))
IN_FLIGHT = Gauge("ceyuan_gateway_in_flight", "Calls that run now")
OWED = Gauge("ceyuan_gateway_unposted_calls", "Finished calls that wait for the ledger")
DURATION = Histogram(
    "ceyuan_gateway_duration_seconds",
    "Duration of calls from the first byte in to the last byte out",
    ("endpoint",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300),
)
FIRST = Histogram(
    "ceyuan_gateway_first_byte_seconds",
    "Time to the first byte of the answer",
    ("endpoint",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
_children: dict[tuple[Any, ...], Any] = {}


def _child(metric: Any, *labels: str) -> Any:
    """The metric with these labels; looking it up in the metric itself takes a lock and much longer."""
    key = (metric, *labels)
    child = _children.get(key)
    if child is None:
        child = _children[key] = metric.labels(*labels)
    return child


def observe(call: Call) -> None:
    """Count a finished call."""
    _child(CALLS, call.model, call.endpoint, call.status).inc()
    if call.prompt_tokens:
        _child(TOKENS, call.model, "input").inc(call.prompt_tokens)
    if call.completion_tokens:
        _child(TOKENS, call.model, "output").inc(call.completion_tokens)
    for verdict in call.verdicts:
        _child(VERDICTS, verdict["stage"], verdict["action"]).inc()
    _child(DURATION, call.endpoint).observe(call.total_ms / 1000)
    if call.first_ms is not None:
        _child(FIRST, call.endpoint).observe(call.first_ms / 1000)


def observe_refusal(code: str) -> None:
    """Count a refusal."""
    _child(REFUSALS, code).inc()
