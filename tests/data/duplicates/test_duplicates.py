"""Near-duplicates: found, verified, and decided the same way every time."""

import random
from functools import cache

import numpy as np
import polars as pl
import pytest

from ceyuan.data.duplicates import Resolution, resolve, shared_buckets, sketch
from ceyuan.data.operators import Texts, simplified

COMMON = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实"
)


@cache
def shingles(text: str) -> set[str]:
    letters = [c.casefold() for c in simplified(pl.Series([text]))[0] if c.isalnum()]
    return {"".join(letters[at : at + 5]) for at in range(max(1, len(letters) - 4))}


def jaccard(one: str, other: str) -> float:
    a, b = shingles(one), shingles(other)
    return len(a & b) / len(a | b)


def run(texts: list[str], threshold: float = 0.7, related_from: float = 0.5) -> Resolution:
    column = Texts.of(pl.Series(texts))
    distinct, keys = sketch(column)
    return resolve(column, distinct, shared_buckets(keys)[0], threshold=threshold, related_from=related_from)


def corpus(seed: int, count: int = 60) -> list[str]:
    """Random texts, each with copies in which more and more characters are changed."""
    chance = random.Random(seed)
    texts: list[str] = []
    for _ in range(count):
        text = [chance.choice(COMMON) for _ in range(chance.randint(30, 400))]
        texts.append("".join(text))
        for _ in range(chance.randint(0, 3)):
            for _ in range(chance.randint(0, len(text) // 20)):
                text[chance.randrange(len(text))] = chance.choice(COMMON)
            texts.append("".join(text))
    return texts


@pytest.mark.parametrize("seed", range(3))
def test_every_deletion_is_a_near_duplicate_of_a_kept_text(seed: int) -> None:
    texts = corpus(seed)
    result = run(texts)
    for text, survivor in enumerate(result.survivor):
        if survivor >= 0:
            assert result.survivor[survivor] == -1
            assert survivor < text
            assert result.similarity[text] == pytest.approx(jaccard(texts[text], texts[survivor]), abs=1e-5)
            assert result.similarity[text] >= 0.7


@pytest.mark.parametrize("seed", range(3))
def test_nearly_all_near_duplicates_are_found(seed: int) -> None:
    texts = corpus(seed)
    result = run(texts)
    kept = [at for at, survivor in enumerate(result.survivor) if survivor < 0]
    missed = sum(any(jaccard(texts[at], texts[other]) >= 0.7 for other in kept if other < at) for at in kept)
    deleted = len(texts) - len(kept)
    assert deleted > 10
    assert missed <= 0.05 * (deleted + missed)


def test_related_pairs_are_kept_texts_between_the_two_thresholds() -> None:
    texts = corpus(7)
    result = run(texts)
    assert len(result.related)
    for later, earlier in result.related:
        assert result.survivor[later] == result.survivor[earlier] == -1
        assert 0.5 <= jaccard(texts[later], texts[earlier]) < 0.7


def test_printings_of_one_text_are_the_same_text() -> None:
    one = "綺殿千尋起，離宮百雉餘。連甍遙接漢，飛觀迥凌虛。ＡＢＣ１２３"
    other = "绮殿千寻起 离宫百雉余\n连甍遥接汉，飞观迥凌虚！abc123"
    result = run([one, other])
    assert result.survivor.tolist() == [-1, 0]
    assert result.similarity[1] == 1.0


def test_short_texts_are_compared_whole_and_empty_ones_never() -> None:
    result = run(["好评", "好评！", "差评", "", "。。。", "！"])
    assert result.survivor.tolist() == [-1, 0, -1, -1, -1, -1]


def test_a_chain_of_small_changes_deletes_only_what_is_near_the_kept_one() -> None:
    chance = random.Random(1)
    text = [chance.choice(COMMON) for _ in range(200)]
    chain = []
    for step in range(12):
        chain.append("".join(text))
        text[step * 15 : step * 15 + 6] = [chance.choice(COMMON) for _ in range(6)]
    result = run(chain)
    kept = np.flatnonzero(result.survivor < 0)
    assert len(kept) > 1
    for text_at, survivor in enumerate(result.survivor):
        assert survivor < 0 or jaccard(chain[text_at], chain[survivor]) >= 0.7


def test_a_bound_on_comparisons_is_kept_and_told() -> None:
    column = Texts.of(pl.Series(corpus(3)))
    distinct, keys = sketch(column)
    everywhere = np.zeros((len(keys), 1), np.int32)
    result = resolve(column, distinct, everywhere, threshold=0.7, related_from=0.5, comparisons=3)
    assert result.curtailed > 0


def test_sketches_do_not_depend_on_the_neighbours() -> None:
    texts = corpus(5, 20)
    together = sketch(Texts.of(pl.Series(texts)))[1]
    alone = [sketch(Texts.of(pl.Series([text])))[1][0] for text in texts]
    assert np.array_equal(together, np.array(alone))
