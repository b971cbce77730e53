from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceyuan.evaluation.statistics import bootstrap_mean, mcnemar, paired_difference, ratio_interval, wilson


def test_wilson_gives_the_textbook_interval() -> None:
    # Newcombe 1998, Statistics in Medicine 17:857, table I: 81 of 263.
    estimate = wilson(81, 263)
    assert (round(estimate.low, 4), round(estimate.high, 4)) == (0.2553, 0.3662)


@given(st.integers(0, 200), st.integers(0, 200))
def test_wilson_holds_the_proportion_and_stays_between_zero_and_one(successes: int, failures: int) -> None:
    estimate = wilson(successes, successes + failures)
    assert 0 <= estimate.low <= estimate.high <= 1
    if successes + failures:
        assert estimate.low - 1e-12 <= estimate.value <= estimate.high + 1e-12


def test_more_successes_than_trials_are_refused() -> None:
    with pytest.raises(ValueError, match="successes"):
        wilson(3, 2)


def test_the_bootstrap_is_deterministic_and_shrinks_to_a_constant() -> None:
    assert bootstrap_mean([1.0, 2.0, 5.0], seed=7) == bootstrap_mean([1.0, 2.0, 5.0], seed=7)
    estimate = bootstrap_mean([2.0] * 10)
    assert (estimate.low, estimate.value, estimate.high) == (2.0, 2.0, 2.0)


def test_a_ratio_is_of_sums_not_of_means() -> None:
    assert ratio_interval([1.0, 9.0], [1.0, 3.0]).value == 2.5


def test_nothing_sampled_gives_no_figure() -> None:
    assert math.isnan(bootstrap_mean([]).value)
    assert math.isnan(wilson(0, 0).value)


def test_a_paired_difference_is_zero_for_equal_models() -> None:
    assert paired_difference([1, 0, 1], [1, 0, 1]).high == 0.0


def test_mcnemar_counts_only_the_items_on_which_the_models_differ() -> None:
    # Exact binomial: 1 against 9 discordant items.
    first = [True] * 9 + [False] + [True] * 50
    second = [False] * 9 + [True] + [True] * 50
    assert mcnemar(first, second) == pytest.approx(2 * (1 + 10) / 1024)
    assert mcnemar(first, first) == 1.0
