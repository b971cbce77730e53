import math

import numpy as np
import pytest

from ceyuan.models.training import perplexity_of


def test_equal_documents_give_a_point() -> None:
    score = perplexity_of([10 * math.log(7)] * 20, [10] * 20, [15] * 20)
    assert score.value == pytest.approx(7, abs=1e-5)
    assert score.low == pytest.approx(7, abs=1e-5)
    assert score.high == pytest.approx(7, abs=1e-5)
    assert score.bits_per_character == pytest.approx(10 * math.log2(7) / 15, abs=1e-5)


def test_long_documents_weigh_by_their_tokens() -> None:
    score = perplexity_of([100 * math.log(2), 0.0], [100, 300], [1, 1])
    assert score.value == pytest.approx(2 ** (1 / 4), abs=1e-5)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    chance = np.random.default_rng(0)
    covered = 0
    for trial in range(200):
        counts = chance.integers(20, 200, size=80)
        costs = counts * chance.normal(3.0, 0.4, size=80)
        score = perplexity_of(costs, counts, counts, resamples=400, seed=trial)
        covered += score.low <= math.exp(3.0) <= score.high
    assert 176 <= covered <= 199


def test_more_documents_make_it_narrower_and_the_seed_fixes_it() -> None:
    chance = np.random.default_rng(1)
    costs = chance.normal(300, 60, size=900)

    def width(number: int) -> float:
        score = perplexity_of(costs[:number], [100] * number, [150] * number)
        assert score == perplexity_of(costs[:number], [100] * number, [150] * number)
        return score.high - score.low

    assert width(900) < width(100) / 2


@pytest.mark.parametrize(("nats", "tokens"), [([], []), ([1.0], [3]), ([0.0, 0.0], [0, 0])])
def test_too_little_text_is_refused(nats: list[float], tokens: list[int]) -> None:
    with pytest.raises(ValueError, match="two documents"):
        perplexity_of(nats, tokens, tokens)
