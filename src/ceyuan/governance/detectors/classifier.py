"""A text classifier: hashed character n-grams, naive-Bayes weights, logistic regression.

After Wang & Manning 2012 (ACL, “Baselines and Bigrams”); n-grams of folded characters are hashed into
2^18 places, so a model is one vector of floats for each class and training takes seconds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ceyuan.governance.detectors.folding import fold

if TYPE_CHECKING:  # the control plane names classifiers without NumPy; it is loaded with the first text
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

PLACES = 1 << 18
_MULTIPLIER = 0x9E3779B97F4A7C15


def features(text: str) -> npt.NDArray[np.int64]:
    """The distinct places of the character 1-3-grams of the folded text."""
    import numpy as np

    codes = np.frombuffer(fold(text).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    grams = [codes]
    for n in (2, 3):
        if len(codes) >= n:
            key = codes[: len(codes) - n + 1].copy()
            for shift in range(1, n):
                key = key * np.uint64(1 << 21) + codes[shift : len(codes) - n + 1 + shift]
            grams.append(key + np.uint64(n))
    with np.errstate(over="ignore"):
        hashed = (np.concatenate(grams) * np.uint64(_MULTIPLIER)) >> np.uint64(46)
    return np.unique(hashed).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Classifier:
    """Classes, their weights (classes × places) and biases; `version` is the hash of them all."""

    classes: tuple[str, ...]
    weights: npt.NDArray[np.float32]
    biases: npt.NDArray[np.float32]

    @property
    def version(self) -> str:
        return hashlib.sha256(self.weights.tobytes() + self.biases.tobytes()).hexdigest()[:16]

    def probabilities(self, text: str) -> dict[str, float]:
        """The probability of each class."""
        import numpy as np

        places = features(text)
        if len(places) == 0:
            return {c: 1.0 if c == "safe" else 0.0 for c in self.classes}
        scores = self.weights[:, places].sum(axis=1) / np.sqrt(len(places)) + self.biases
        shifted = np.exp(scores - scores.max())
        return dict(zip(self.classes, (shifted / shifted.sum()).astype(float).tolist(), strict=True))

    def most_likely(self, text: str) -> tuple[str, float]:
        """The most probable class and its probability."""
        probabilities = self.probabilities(text)
        best = max(probabilities, key=lambda c: probabilities[c])
        return best, probabilities[best]


def train(
    texts: Sequence[str],
    labels: Sequence[str],
    *,
    epochs: int = 12,
    rate: float = 0.5,
    decay: float = 1e-6,
    seed: int = 0,
) -> Classifier:
    """Train on labelled texts; the same input gives the same model. Raises `ValueError` for fewer than two classes."""
    import numpy as np

    classes = tuple(sorted(set(labels)))
    if len(classes) < 2 or len(texts) != len(labels):
        raise ValueError("training needs as many labels as texts and at least two classes")
    rows = [features(text) for text in texts]
    targets = np.array([classes.index(label) for label in labels])
    ratio = _log_count_ratios(rows, targets, len(classes))
    weights, biases = np.zeros((len(classes), PLACES)), np.zeros(len(classes))
    order = np.arange(len(rows))
    generator = np.random.default_rng(seed)
    for epoch in range(epochs):
        generator.shuffle(order)
        step = rate / (1 + epoch)
        for index in order:
            places = rows[index]
            if len(places) == 0:
                continue
            scale = 1 / np.sqrt(len(places))
            active = ratio[:, places]
            scores = (weights[:, places] * active).sum(axis=1) * scale + biases
            chance = np.exp(scores - scores.max())
            chance /= chance.sum()
            chance[targets[index]] -= 1
            weights[:, places] -= step * (chance[:, None] * active * scale + decay * weights[:, places])
            biases -= step * chance
    return Classifier(classes, (weights * ratio).astype(np.float32), biases.astype(np.float32))


def _log_count_ratios(rows: Sequence[npt.NDArray[np.int64]], targets: npt.NDArray[np.int64], classes: int) -> Floats:
    import numpy as np

    ratios = np.empty((classes, PLACES))
    for c in range(classes):
        inside, outside = np.ones(PLACES), np.ones(PLACES)
        for row, target in zip(rows, targets, strict=True):
            (inside if target == c else outside)[row] += 1
        ratios[c] = np.abs(np.log(inside / inside.sum()) - np.log(outside / outside.sum()))
    return ratios
