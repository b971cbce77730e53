"""Perplexity of a trained model on texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from .intervals import Perplexity, perplexity_of
from .model_folder import TrainedModel
from .packing import Tokens, encode_documents

__all__ = ["document_costs", "perplexity"]

WINDOWS_PER_BATCH = 16


@dataclass(frozen=True)
class _Window:
    """A stretch of one document; targets before `first` were scored by the window before it."""

    document: int
    tokens: Tokens
    first: int


def perplexity(
    model: TrainedModel,
    texts: Iterable[str],
    *,
    confidence: float = 0.95,
    resamples: int = 2_000,
    seed: int = 0,
    report: Callable[[float], None] | None = None,
) -> Perplexity:
    """Perplexity over documents, with a bootstrap interval; deterministic on one machine type.

    A document longer than the context is read in windows that overlap by half, so that every
    token but the first ones has at least half a context before it. The end token is not scored.

    Args:
        model: from `load_model`.
        texts: documents that the model was not trained on.
        report: called with the share done, 0 to 1.

    Raises:
        ValueError: fewer than two documents with text.
    """
    documents = [text for text in texts if text]
    nats, tokens = document_costs(model, documents, report)
    letters = [len(text) for text in documents]
    return perplexity_of(nats, tokens, letters, confidence=confidence, resamples=resamples, seed=seed)


def document_costs(
    model: TrainedModel, texts: list[str], report: Callable[[float], None] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Nats and scored tokens of each text: float64 (documents,) and int64 (documents,)."""
    rows = [row[:-1] for row in encode_documents(model.tokeniser, texts)]
    nats = np.zeros(len(rows))
    counts = np.array([len(row) - 1 for row in rows], dtype=np.int64)
    todo = sorted(_windows(rows, model.decoder.shape.context), key=lambda w: len(w.tokens))
    for start in range(0, len(todo), WINDOWS_PER_BATCH):
        batch = todo[start : start + WINDOWS_PER_BATCH]
        for window, cost in zip(batch, _costs(model, batch), strict=True):
            nats[window.document] += cost
        if report:
            report(min(1.0, (start + len(batch)) / len(todo)))
    return nats, counts


def _windows(rows: list[Tokens], context: int) -> Iterator[_Window]:
    for document, row in enumerate(rows):
        first = 0
        for start in range(0, max(1, len(row) - 1), context // 2):
            end = start + context + 1
            yield _Window(document, row[start:end], first - start)
            first = min(end, len(row)) - 1
            if end >= len(row):
                break


def _costs(model: TrainedModel, batch: list[_Window]) -> list[float]:
    longest = max(len(window.tokens) for window in batch)
    padded = np.zeros((len(batch), longest), dtype=np.int64)
    for row, window in zip(padded, batch, strict=True):
        row[: len(window.tokens)] = window.tokens
    tokens = torch.from_numpy(padded)
    with torch.inference_mode():
        logits = model.decoder(tokens[:, :-1])
        picked = logits.gather(2, tokens[:, 1:, None]).squeeze(2)
        costs = logits.logsumexp(dim=2) - picked
    return [
        float(row[window.first : len(window.tokens) - 1].double().sum())
        for row, window in zip(costs, batch, strict=True)
    ]
