"""Columns of texts as the kernels see them."""

from itertools import pairwise

import polars as pl

from ceyuan.data.operators import Texts
from ceyuan.data.operators.texts import remembered

TEXTS = ["", "短", "a longer text that does not lie in the view itself", "天地玄黄，宇宙洪荒。日月盈昃，辰宿列张。"]


def content(texts: Texts) -> list[str]:
    data = texts.data.tobytes()
    ends = texts.offsets.tolist()
    return [data[start:end].decode() for start, end in pairwise(ends)]


def test_a_column_is_seen_as_it_is() -> None:
    column = pl.Series("text", TEXTS)
    assert content(Texts.of(column)) == TEXTS
    assert content(Texts.of(column[1:3])) == TEXTS[1:3]
    assert content(Texts.of(pl.concat([column, column]))) == TEXTS * 2
    assert content(Texts.of(column.clear())) == []


def test_the_column_asked_for_last_is_read_once() -> None:
    batch = pl.DataFrame({"text": TEXTS})
    with remembered():
        first = Texts.of(batch["text"])
        assert Texts.of(batch.with_columns(more=1)["text"]).data is first.data
    assert Texts.of(batch["text"]).data is not first.data


def test_another_column_is_not_taken_for_the_one_before() -> None:
    column = pl.Series("text", TEXTS)
    with remembered():
        for other in (column.reverse(), column[1:], column[:-1], column.clone().scatter(2, "x" * 49), column.clear()):
            assert content(Texts.of(column)) == TEXTS
            assert content(Texts.of(other)) == other.to_list()
        for number in range(200):  # each as long as the one before, whose place in memory is free again
            assert content(Texts.of(pl.Series("text", [f"{number:049}"] * 4))) == [f"{number:049}"] * 4


def test_a_column_that_is_changed_in_place_is_read_anew() -> None:
    column = pl.Series("text", TEXTS)
    with remembered():
        assert content(Texts.of(column)) == TEXTS
        column[2] = "changed into another text that is long enough"
        assert content(Texts.of(column)) == column.to_list() != TEXTS
