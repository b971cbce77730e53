"""Point estimates with confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure: its value, the interval's ends, the interval's level (0.95), and how many units it rests on."""

    value: float
    low: float
    high: float
    level: float
    n: int

    def as_dict(self) -> dict[str, float | int]:
        return asdict(self)


def wilson(successes: int, trials: int, level: float = 0.95) -> Estimate:
    """A proportion with Wilson's score interval (Wilson 1927, JASA 22:209), good for small n and near 0 or 1."""
    if not 0 <= successes <= trials:
        raise ValueError("successes must lie between 0 and the number of trials")
    if trials == 0:
        return Estimate(math.nan, 0.0, 1.0, level, 0)
    z = NormalDist().inv_cdf(0.5 + level / 2)
    p, zz = successes / trials, z * z / trials
    centre = (p + zz / 2) / (1 + zz)
    half = z / (1 + zz) * math.sqrt(p * (1 - p) / trials + zz / (4 * trials))
    return Estimate(p, max(0.0, centre - half), min(1.0, centre + half), level, trials)


def bootstrap_mean(values: Sequence[float], *, level: float = 0.95, draws: int = 2000, seed: int = 0) -> Estimate:
    """A mean with the percentile bootstrap interval (Efron 1979), deterministic for a seed."""
    return ratio_interval(values, [1.0] * len(values), level=level, draws=draws, seed=seed)


def ratio_interval(
    numerators: Sequence[float], denominators: Sequence[float], *, level: float = 0.95, draws: int = 2000, seed: int = 0
) -> Estimate:
    """The ratio of two sums over sampled units (loss over tokens, by document) with a bootstrap over the units."""
    import numpy as np

    top, bottom = np.asarray(numerators, dtype=np.float64), np.asarray(denominators, dtype=np.float64)
    if top.shape != bottom.shape or top.ndim != 1:
        raise ValueError("numerators and denominators must be of one length")
    if len(top) == 0 or bottom.sum() == 0:
        return Estimate(math.nan, math.nan, math.nan, level, len(top))
    generator = np.random.default_rng(seed)
    ratios = np.empty(draws)
    for i in range(draws):
        pick = generator.integers(0, len(top), len(top))
        below = bottom[pick].sum()
        ratios[i] = top[pick].sum() / below if below else np.nan
    low, high = np.nanquantile(ratios, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(top.sum() / bottom.sum()), float(low), float(high), level, len(top))


def paired_difference(
    first: Sequence[float], second: Sequence[float], *, level: float = 0.95, draws: int = 2000, seed: int = 0
) -> Estimate:
    """The mean difference first - second over the same items, with a bootstrap over the items."""
    if len(first) != len(second):
        raise ValueError("a paired difference needs the same items on both sides")
    differences = [a - b for a, b in zip(first, second, strict=True)]
    return bootstrap_mean(differences, level=level, draws=draws, seed=seed)
