"""How sure a perplexity is: the documents are a sample, so they are drawn again and again."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Perplexity", "perplexity_of"]

CELLS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Perplexity:
    """Perplexity per token with its interval, and bits per character with theirs.

    Perplexities of models with different tokenisers do not compare; bits per character do.
    """

    value: float
    low: float
    high: float
    bits_per_character: float
    bits_per_character_low: float
    bits_per_character_high: float
    confidence: float
    documents: int
    tokens: int
    characters: int

    def to_mapping(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def perplexity_of(
    nats: ArrayLike,
    tokens: ArrayLike,
    characters: ArrayLike,
    *,
    confidence: float = 0.95,
    resamples: int = 2_000,
    seed: int = 0,
) -> Perplexity:
    """Perplexity from what each document cost, with a percentile bootstrap over documents.

    Method: Efron and Tibshirani 1993, chapter 13. Documents, not tokens, are drawn, because the
    tokens of one document are not independent.

    Args:
        nats: negative log-likelihood of each document, (documents,).
        tokens: tokens that were predicted in each, (documents,).
        characters: Unicode characters of each, (documents,).

    Raises:
        ValueError: fewer than two documents, or no token.
    """
    costs = np.asarray(nats, dtype=np.float64)
    counts = np.asarray(tokens, dtype=np.float64)
    letters = np.asarray(characters, dtype=np.float64)
    if len(costs) < 2 or counts.sum() <= 0 or letters.sum() <= 0:
        raise ValueError("an interval needs at least two documents with text")
    per_token, per_character = _resampled(costs, counts, letters, resamples, seed)
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.exp(np.quantile(per_token, tails))
    bits_low, bits_high = np.quantile(per_character, tails) / math.log(2)
    return Perplexity(
        value=_short(math.exp(costs.sum() / counts.sum())),
        low=_short(low),
        high=_short(high),
        bits_per_character=_short(costs.sum() / letters.sum() / math.log(2)),
        bits_per_character_low=_short(bits_low),
        bits_per_character_high=_short(bits_high),
        confidence=confidence,
        documents=len(costs),
        tokens=int(counts.sum()),
        characters=int(letters.sum()),
    )


def _resampled(
    costs: NDArray[np.float64],
    counts: NDArray[np.float64],
    letters: NDArray[np.float64],
    resamples: int,
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nats per token and nats per character of each resample, each (resamples,)."""
    random = np.random.default_rng(seed)
    number = len(costs)
    per_token, per_character = np.empty(resamples), np.empty(resamples)
    at_once = max(1, CELLS_AT_ONCE // number)
    for start in range(0, resamples, at_once):
        rows = slice(start, min(start + at_once, resamples))
        drawn = random.integers(0, number, size=(rows.stop - rows.start, number))
        cost = costs[drawn].sum(axis=1)
        per_token[rows] = cost / counts[drawn].sum(axis=1)
        per_character[rows] = cost / letters[drawn].sum(axis=1)
    return per_token, per_character


def _short(number: float) -> float:
    return round(float(number), 6)
