"""Kernels of the two small models that are trained here: hashed n-gram weights, hashed n-gram counts."""

import numpy as np
import numpy.typing as npt

from ceyuan.data.operators.compiling import compiled
from ceyuan.data.operators.kernels import Bytes, Offsets, decode, mixed

__all__ = ["count_ngrams", "learn", "linear_scores", "surprisals"]

Weights = npt.NDArray[np.float32]
Counts = npt.NDArray[np.uint32]


@compiled
def linear_scores(data: Bytes, offsets: Offsets, weights: Weights, bias: float) -> npt.NDArray[np.float64]:
    """Per text: the mean weight of its characters, pairs and triples by hash, plus ``bias``, as a logit."""
    texts = len(offsets) - 1
    mask = np.uint64(len(weights) - 1)
    logits = np.zeros(texts, np.float64)
    for text in range(texts):
        at, end = offsets[text], offsets[text + 1]
        total, pieces = 0.0, 0
        one = two = np.uint64(0)
        while at < end:
            code, width = decode(data, at)
            at += width
            if code <= 32:
                continue
            three = np.uint64(code)
            total += weights[np.int64(mixed(three) & mask)]
            total += weights[np.int64(mixed((two << np.uint64(21)) | three) & mask)]
            total += weights[np.int64(mixed((one << np.uint64(42)) | (two << np.uint64(21)) | three) & mask)]
            pieces += 3
            one, two = two, three
        logits[text] = bias + (total / pieces if pieces else 0.0)
    return logits


@compiled
def learn(
    data: Bytes, offsets: Offsets, good: Bytes, order: Offsets, weights: Weights, bias: float, rate: float
) -> float:
    """One pass of logistic regression over the texts in ``order``; changes ``weights``, returns the new bias."""
    mask = np.uint64(len(weights) - 1)
    places = np.empty(1024, np.int64)
    for text in order:
        at, end = offsets[text], offsets[text + 1]
        if 3 * (end - at) > len(places):
            places = np.empty(3 * (end - at), np.int64)
        count = 0
        total = 0.0
        one = two = np.uint64(0)
        while at < end:
            code, width = decode(data, at)
            at += width
            if code <= 32:
                continue
            three = np.uint64(code)
            places[count] = np.int64(mixed(three) & mask)
            places[count + 1] = np.int64(mixed((two << np.uint64(21)) | three) & mask)
            places[count + 2] = np.int64(mixed((one << np.uint64(42)) | (two << np.uint64(21)) | three) & mask)
            total += weights[places[count]] + weights[places[count + 1]] + weights[places[count + 2]]
            count += 3
            one, two = two, three
        if count == 0:
            continue
        logit = min(30.0, max(-30.0, bias + total / count))
        step = rate * (good[text] - 1.0 / (1.0 + np.exp(-logit)))
        bias += 0.01 * step
        for index in range(count):
            weights[places[index]] += np.float32(step / count * 64.0)
    return bias


@compiled
def count_ngrams(data: Bytes, offsets: Offsets, counts: Counts) -> int:
    """Add the characters, pairs and triples of the texts to ``counts`` (three rows, by hash); returns characters."""
    mask = np.uint64(counts.shape[1] - 1)
    seen = 0
    for text in range(len(offsets) - 1):
        at, end = offsets[text], offsets[text + 1]
        one = two = np.uint64(0)
        while at < end:
            code, width = decode(data, at)
            at += width
            if code <= 32:
                continue
            three = np.uint64(code)
            counts[0, np.int64(mixed(three) & mask)] += np.uint32(1)
            counts[1, np.int64(mixed((two << np.uint64(21)) | three) & mask)] += np.uint32(1)
            counts[2, np.int64(mixed((one << np.uint64(42)) | (two << np.uint64(21)) | three) & mask)] += np.uint32(1)
            seen += 1
            one, two = two, three
    return seen


@compiled
def surprisals(data: Bytes, offsets: Offsets, counts: Counts, total: int) -> npt.NDArray[np.float64]:
    """Per text: mean negative log probability of a character by the interpolated counts, in nats; spaces aside."""
    mask = np.uint64(counts.shape[1] - 1)
    texts = len(offsets) - 1
    means = np.zeros(texts, np.float64)
    for text in range(texts):
        at, end = offsets[text], offsets[text + 1]
        one = two = np.uint64(0)
        bits, seen = 0.0, 0
        while at < end:
            code, width = decode(data, at)
            at += width
            if code <= 32:
                continue
            three = np.uint64(code)
            single = np.float64(counts[0, np.int64(mixed(three) & mask)])
            pair = np.float64(counts[1, np.int64(mixed((two << np.uint64(21)) | three) & mask)])
            triple = np.float64(
                counts[2, np.int64(mixed((one << np.uint64(42)) | (two << np.uint64(21)) | three) & mask)]
            )
            before = np.float64(counts[0, np.int64(mixed(two) & mask)])
            pair_before = np.float64(counts[1, np.int64(mixed((one << np.uint64(21)) | two) & mask)])
            low = (single + 0.01) / (total + 10_000.0)
            middle = (min(pair, before) + 20.0 * low) / (before + 20.0)
            high = (min(triple, pair_before) + 5.0 * middle) / (pair_before + 5.0)
            bits -= np.log(high)
            seen += 1
            one, two = two, three
        means[text] = bits / seen if seen else 0.0
    return means
