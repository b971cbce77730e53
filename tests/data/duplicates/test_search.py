"""The search over many documents: the same whatever is known and however it is batched."""

import random
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.data.duplicates import Found, KeysInMemory, Known, Search, resolve, search, shared_buckets, sketch
from ceyuan.data.operators import Texts


def corpus(seed: int, count: int) -> list[str]:
    chance = random.Random(seed)
    texts: list[str] = []
    for _ in range(count):
        if texts and chance.random() < 0.6:
            old = list(chance.choice(texts))
            for _ in range(chance.randint(0, 12)):
                old[chance.randrange(len(old))] = chance.choice("天地玄黄宇宙洪荒")
            texts.append("".join(old))
        else:
            texts.append("".join(chr(0x4E00 + chance.randrange(3000)) for _ in range(60)))
    return texts


def found(texts: list[str], settings_: Search, known: Known | None = None) -> Found:
    column = Texts.of(pl.Series("text", texts, pl.String))
    distinct, keys = sketch(column)
    marks = np.array([hash(text) & 0xFFFFFFFFFFFFFFFF for text in texts], np.uint64)
    sizes = np.array([len(text.encode()) for text in texts], np.int64)

    def read(places: np.ndarray) -> Texts:
        return Texts.of(pl.Series("text", [texts[place] for place in places.tolist()], pl.String))

    return search(KeysInMemory(keys), distinct, marks, sizes, read, settings_, known)


REMEMBERING = Known.nothing()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_batches_and_knowledge_change_nothing(seed: int) -> None:
    texts = corpus(seed, 60)
    column = Texts.of(pl.Series("text", texts, pl.String))
    distinct, keys = sketch(column)
    plain = resolve(column, distinct, shared_buckets(keys)[0], threshold=0.7, related_from=0.5)
    whole, small = found(texts, Search(), REMEMBERING), found(texts, Search(batch_bytes=500), REMEMBERING)
    again = found(texts, Search(), whole.known)
    partly = found(texts, Search(batch_bytes=500), found(texts[:30], Search(), REMEMBERING).known)
    unasked = found(texts, Search(batch_bytes=20_000))
    assert not len(unasked.known.keys)
    for one in (whole, small, again, partly, unasked):
        assert one.survivor.tolist() == plain.survivor.tolist()
        assert np.array_equal(one.similarity, plain.similarity)
        assert sorted(map(tuple, one.related.tolist())) == sorted(map(tuple, plain.related.tolist()))
    assert np.array_equal(again.known.keys, whole.known.keys)


def test_texts_that_nothing_resembles_are_not_read() -> None:
    texts = corpus(1, 1) + ["".join(chr(0x5000 + 7 * n + k) for k in range(50)) for n in range(20)]

    def unread(places: np.ndarray) -> Texts:
        raise AssertionError(places)

    column = Texts.of(pl.Series("text", texts, pl.String))
    distinct, keys = sketch(column)
    lonely = shared_buckets(keys)[0].max(axis=1) < 0
    marks, sizes = np.arange(len(texts), dtype=np.uint64), np.ones(len(texts), np.int64)
    result = search(KeysInMemory(keys[lonely]), distinct[lonely], marks[lonely], sizes[lonely], unread, Search())
    assert (result.survivor < 0).all()


def test_more_pairs_than_are_worth_it_are_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = corpus(3, 60)
    whole = found(texts, Search(), REMEMBERING)
    monkeypatch.setattr(sys.modules["ceyuan.data.duplicates.search"], "_KEPT", len(whole.known.keys) - 1)
    none = found(texts, Search(batch_bytes=500), REMEMBERING)
    assert len(whole.known.keys)
    assert not len(none.known.keys)
    assert none.survivor.tolist() == whole.survivor.tolist()
