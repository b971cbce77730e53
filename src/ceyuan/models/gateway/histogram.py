"""Latencies as counts in buckets that grow by a quarter: small, additive, and percentiles within 12 %."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

GROWTH = 1.25
_LOG = math.log(GROWTH)


def bucket_of(milliseconds: float) -> int:
    """The bucket of a duration; bucket b holds GROWTH**b up to GROWTH**(b+1) milliseconds."""
    return 0 if milliseconds <= 1 else int(math.log(milliseconds) / _LOG)


def middle_of(bucket: int) -> float:
    """The duration in ms that stands for a bucket: its geometric middle."""
    return float(GROWTH ** (bucket + 0.5))


def merged(histograms: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The sum of histograms as they are stored: counts by bucket, keys as strings."""
    total: dict[str, int] = {}
    for histogram in histograms:
        for bucket, count in histogram.items():
            total[bucket] = total.get(bucket, 0) + count
    return total


def percentile(histogram: Mapping[str, int], share: float) -> float | None:
    """The duration in ms below which `share` of the calls lie, `None` without calls."""
    total = sum(histogram.values())
    if total == 0:
        return None
    wanted, seen = share * total, 0
    for bucket, count in sorted((int(key), count) for key, count in histogram.items()):
        seen += count
        if seen >= wanted:
            return round(middle_of(bucket), 2)
    return None
