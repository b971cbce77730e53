"""Gaps in time: on a link that carries one copy at once, and on an offer with so many accelerators."""

from __future__ import annotations

from collections.abc import Sequence


def gap_from(busy: Sequence[tuple[float, float]], ready: float, length: float) -> float:
    """The first moment from `ready` on at which a link is free for `length` hours."""
    start = ready
    for begin, end in sorted(busy):
        if begin >= start + length - 1e-9:
            break
        start = max(start, end)
    return start


def free_from(busy: Sequence[tuple[float, float, int]], count: int, wanted: int, hours: float, ready: float) -> float:
    """The first hour from `ready` on at which `wanted` of `count` accelerators are free for `hours`; `busy` are
    (start, end, accelerators)."""
    later = [one for one in busy if one[1] > ready + 1e-9]
    for start in sorted({ready, *(end for _, end, _ in later)}):
        end = start + hours
        within = [one for one in later if one[0] < end - 1e-9 and one[1] > start + 1e-9]
        edges = [start, *(begin for begin, _, _ in within if begin > start)]
        if all(sum(n for begin, stop, n in within if begin <= at + 1e-9 < stop) + wanted <= count for at in edges):
            return start
    return ready
