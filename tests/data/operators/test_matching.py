import numpy as np
import polars as pl

from ceyuan.data.operators.matching import (
    Index,
    Marks,
    equal_next,
    in_order,
    marks_of_digests,
    marks_of_names,
    places_among,
)


def marks(*pairs: tuple[int, int]) -> Marks:
    return Marks(*(np.array(column, np.uint64) for column in zip(*pairs, strict=True)))


def test_rows_are_found_by_all_of_their_bits_and_not_by_half_of_them() -> None:
    among = marks((7, 1), (7, 2), (3, 9), (7, 3), (7, 2))
    sought = marks((7, 3), (7, 2), (7, 8), (3, 9), (4, 9), (9, 9), (7, 1))
    assert places_among(sought, among).tolist() == [3, 1, -1, 2, -1, -1, 0]
    nothing = Marks(np.empty(0, np.uint64), np.empty(0, np.uint64))
    assert places_among(sought, nothing).tolist() == [-1] * 7
    assert len(Index(among).places(nothing)) == 0


def test_rows_are_sorted_by_both_halves_and_equal_ones_by_what_is_asked() -> None:
    some = marks((5, 2), (5, 1), (1, 9), (5, 2), (8, 0), (5, 1))
    order = in_order(some)
    assert order.tolist() == [2, 1, 5, 0, 3, 4]
    assert equal_next(some, order).tolist() == [False, True, False, True, False]
    assert in_order(some, np.array([4, 1, 0, 3, 0, 0])).tolist() == [2, 5, 1, 3, 0, 4]


def test_marks_of_digests_are_in_the_order_of_their_bytes() -> None:
    chance = np.random.default_rng(0)
    digests = [chance.bytes(16) for _ in range(500)]
    found = marks_of_digests(pl.Series(digests, dtype=pl.Binary))
    assert [digests[row] for row in in_order(found)] == sorted(digests)
    short = marks_of_digests(pl.Series([b"b", b"a", b"a" + b"\1" * 15], dtype=pl.Binary))
    assert in_order(short).tolist() == [1, 2, 0]
    assert len(marks_of_digests(pl.Series([], dtype=pl.Binary)).high) == 0


def test_names_have_marks_of_their_own() -> None:
    names = pl.Series([f"own/{number}" for number in range(10_000)])
    found = marks_of_names(names)
    assert not equal_next(found, in_order(found)).any()
    assert places_among(marks_of_names(names[::-1]), found).tolist() == list(range(9_999, -1, -1))
