"""Examples are the first by the hash of their content, whoever is put in order."""

import random

import polars as pl
import pytest

from ceyuan.data.corpus.samples import _in_order, _taken


@pytest.mark.parametrize("count", [0, 1, 3, 10, 1000])
def test_the_first_of_each_kind_are_those_of_all_in_order(count: int) -> None:
    chance = random.Random(count)
    marks = [chance.randbytes(16) for _ in range(60)]  # many share one: they go by name
    rows = pl.DataFrame(
        {
            "id": [f"s/{chance.random()}" for _ in range(500)],
            "exact": [chance.choice(marks) for _ in range(500)],
            "domain": [chance.choice("abc") for _ in range(500)],
            "reason": [chance.choice([None, None, "x", "y"]) for _ in range(500)],
            "changed": [chance.random() < 0.1 for _ in range(500)],
        }
    )
    order = _in_order(rows, count)
    by_hash = rows.with_columns(mark=pl.col("exact").bin.slice(0, 8)).sort("mark", "id")
    kept = pl.col("reason").is_null()
    kinds = [kept & pl.col("changed"), *(kept & (pl.col("domain") == name) for name in "abc")]
    for kind in (*kinds, *(pl.col("reason") == name for name in "xy")):
        expected = by_hash.filter(kind)["id"].head(count).to_list()
        assert _taken(rows, order.filter(kind), count)["id"].to_list() == expected
