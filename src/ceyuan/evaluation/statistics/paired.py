"""Tests on paired outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> float:
    """Two-sided exact p-value that two models are equally good on the same items (McNemar 1947, exact binomial)."""
    if len(first) != len(second):
        raise ValueError("both models must have answered the same items")
    only_first = sum(a and not b for a, b in zip(first, second, strict=True))
    only_second = sum(b and not a for a, b in zip(first, second, strict=True))
    n, k = only_first + only_second, min(only_first, only_second)
    if n == 0:
        return 1.0
    tail: float = sum(comb(n, i) for i in range(k + 1)) / (1 << n)
    return min(1.0, 2 * tail)
