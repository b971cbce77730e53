"""Digests of many texts at once are those that the standard library gives."""

import hashlib
import random

import polars as pl
import pytest

from ceyuan.data.operators import Texts
from ceyuan.data.operators.digests import digests


@pytest.mark.parametrize("count", [1, 63, 64, 65, 200])
@pytest.mark.parametrize("longest", [0, 5, 63, 70, 130, 1100])
def test_they_are_those_of_the_library(count: int, longest: int) -> None:
    draw = random.Random(count * longest)
    texts = ["".join(draw.choices("aé国\U00020000", k=draw.randint(0, longest))) for _ in range(count)]
    found = digests(Texts.of(pl.Series("text", texts, pl.String)))
    assert [row.tobytes() for row in found] == [hashlib.sha256(text.encode()).digest() for text in texts]


def test_each_length_around_the_ends_of_blocks() -> None:
    texts = [letter * size for size in range(300) for letter in "xy"]
    found = digests(Texts.of(pl.Series("text", texts, pl.String)))
    assert [row.tobytes() for row in found] == [hashlib.sha256(text.encode()).digest() for text in texts]


def test_no_texts() -> None:
    assert digests(Texts.of(pl.Series("text", [], pl.String))).shape == (0, 32)
