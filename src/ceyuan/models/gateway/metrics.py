"""Prometheus metrics of the gateway; names and units after prometheus.io/docs/practices/naming.

What calls add up to is counted in plain dictionaries and turned into metrics when somebody asks: a counter of the
client library takes a lock for each addition.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Iterator

from prometheus_client import REGISTRY, Gauge
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from ceyuan.models.gateway.call import Call

IN_FLIGHT = Gauge("ceyuan_gateway_in_flight", "Calls that run now")
OWED = Gauge("ceyuan_gateway_unposted_calls", "Finished calls that wait for the ledger")
_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)

Labels = tuple[str, ...]


class Durations:
    """A histogram by endpoint: counts by bucket, and the sum in seconds."""

    def __init__(self, name: str, words: str) -> None:
        self._name, self._words = name, words
        self._counts: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}

    def add(self, endpoint: str, seconds: float) -> None:
        """Count one duration."""
        counts = self._counts.get(endpoint)
        if counts is None:
            counts = self._counts[endpoint] = [0] * (len(_BOUNDS) + 1)
            self._sums[endpoint] = 0.0
        counts[bisect_left(_BOUNDS, seconds)] += 1
        self._sums[endpoint] += seconds

    def family(self) -> HistogramMetricFamily:
        """The histogram as the client library shows it."""
        family = HistogramMetricFamily(self._name, self._words, labels=["endpoint"])
        for endpoint, counts in self._counts.items():
            buckets: list[tuple[str, float]] = []
            total = 0
            for bound, count in zip((*map(str, _BOUNDS), "+Inf"), counts, strict=True):
                total += count
                buckets.append((bound, float(total)))
            family.add_metric([endpoint], buckets, self._sums[endpoint])
        return family


class GatewayMetrics(Collector):
    """Counts of this process."""

    def __init__(self) -> None:
        self.calls: Tally[Labels] = Tally()
        self.refusals: Tally[Labels] = Tally()
        self.tokens: Tally[Labels] = Tally()
        self.verdicts: Tally[Labels] = Tally()
        self.duration = Durations(
            "ceyuan_gateway_duration_seconds", "Duration of calls from the first byte in to the last byte out"
        )
        self.first = Durations("ceyuan_gateway_first_byte_seconds", "Time to the first byte of the answer")

    def collect(self) -> Iterator[Metric]:
        """What has been counted."""
        for name, words, labels, tally in (
            (
                "ceyuan_gateway_calls",
                "Calls by model, endpoint and status",
                ["model", "endpoint", "status"],
                self.calls,
            ),
            ("ceyuan_gateway_refusals", "Refusals by code", ["code"], self.refusals),
            ("ceyuan_gateway_tokens", "Tokens by model and direction", ["model", "direction"], self.tokens),
            ("ceyuan_gateway_verdicts", "Moderation verdicts by stage and action", ["stage", "action"], self.verdicts),
        ):
            family = CounterMetricFamily(name, words, labels=labels)
            for values, count in tally.items():
                family.add_metric(list(values), count)
            yield family
        yield self.duration.family()
        yield self.first.family()


METRICS = GatewayMetrics()
REGISTRY.register(METRICS)


def observe(call: Call) -> None:
    """Count a finished call."""
    METRICS.calls[call.model, call.endpoint, call.status] += 1
    if call.prompt_tokens:
        METRICS.tokens[call.model, "input"] += call.prompt_tokens
    if call.completion_tokens:
        METRICS.tokens[call.model, "output"] += call.completion_tokens
    for verdict in call.verdicts:
        METRICS.verdicts[verdict["stage"], verdict["action"]] += 1
    METRICS.duration.add(call.endpoint, call.total_ms / 1000)
    if call.first_ms is not None:
        METRICS.first.add(call.endpoint, call.first_ms / 1000)


def observe_refusal(code: str) -> None:
    """Count a refusal."""
    METRICS.refusals[code,] += 1
