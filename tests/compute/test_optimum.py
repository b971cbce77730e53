"""Programmes small enough to know their answers."""

from __future__ import annotations

import numpy as np
import pytest

from ceyuan.compute.optimum import Rows, minimise

INF = np.inf


def test_a_linear_programme_and_what_its_limits_are_worth() -> None:
    # Furniture: 3 x + 5 y the most, x <= 4, 2 y <= 12, 3 x + 2 y <= 18 (Hillier and Lieberman, chapter 3).
    rows = Rows([0, 1, 2, 2], [0, 1, 0, 1], [1.0, 2.0, 3.0, 2.0], [-INF] * 3, [4.0, 12.0, 18.0])
    done = minimise(np.array([-3.0, -5.0]), rows)
    assert done.x == pytest.approx([2.0, 6.0])
    assert done.prices == pytest.approx([0.0, -1.5, -1.0])
    assert done.bound == pytest.approx(-36.0)


def test_entries_of_one_place_add_up() -> None:
    done = minimise(np.array([-1.0]), Rows([0, 0], [0, 0], [1.0, 1.0], [-INF], [6.0]))
    assert done.x == pytest.approx([3.0])


def test_whole_numbers_keep_bounds_that_are_none() -> None:
    # A knapsack of 10 with things of 6, 5 and 4 worth 7, 5 and 4: the first and the last, one of each at most.
    rows = Rows([0, 0, 0], [0, 1, 2], [6.0, 5.0, 4.0], [-INF], [10.0])
    done = minimise(np.array([-7.0, -5.0, -4.0]), rows, upper=1.5, whole=True)
    assert done.x == pytest.approx([1.0, 0.0, 1.0])
    assert done.bound == pytest.approx(-11.0)


def test_what_cannot_be_has_no_solution() -> None:
    assert minimise(np.ones(1), Rows([0], [0], [1.0], [2.0], [3.0]), upper=1.0, whole=True).x is None
