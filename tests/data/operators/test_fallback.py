"""Without Numba the columnar forms give what the kernels give."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.data.duplicates import sketch as sketching
from ceyuan.data.duplicates.sketch import _permutations, _sketch  # type: ignore[attr-defined]
from ceyuan.data.operators import Texts, fallback, kernels
from ceyuan.data.operators.characters import character_classes, folded_characters, script_sides
from ceyuan.data.operators.compiling import Kernel

assert sketching
TEXTS = st.lists(st.text(st.sampled_from("甲乙丙國国ab1 ，\n\U00020000é"), max_size=40), min_size=1, max_size=6)


def columns(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    column = Texts.of(pl.Series("text", texts, pl.String))
    return column.data, column.offsets


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_counts_and_repetition_are_equal(texts: list[str]) -> None:
    data, offsets = columns(texts)
    classes, sides = character_classes(), script_sides()
    for name, rest in (
        ("count_classes", (classes, sides)),
        ("count_marks", (sides, 2)),
        ("repeated_ngrams", (classes, 3)),
        ("repeated_lines", (2,)),
    ):
        compiled = getattr(kernels, name)(data, offsets, *rest)
        assert np.array_equal(compiled, fallback.KERNELS[name](data, offsets, *rest)), name


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_sketches_are_equal(texts: list[str]) -> None:
    data, offsets = columns(texts)
    factors, summands = _permutations(10)
    rest = (folded_characters(), factors, summands, 5, 2)
    for one, other in zip(_sketch(data, offsets, *rest), fallback.sketch(data, offsets, *rest), strict=True):
        assert np.array_equal(one, other)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(-1, 7), min_size=2, max_size=2), min_size=1, max_size=14))
def test_components_are_equal_and_those_of_a_walk(rows: list[list[int]]) -> None:
    buckets = np.array(rows, np.int32)
    walked = [-1] * len(rows)
    for start in range(len(rows)):
        number, front = max(walked) + 1, [start] if walked[start] < 0 else []
        while front:
            text = front.pop()
            walked[text] = number
            front += [n for n, row in enumerate(rows) if walked[n] < 0 and set(row) & set(rows[text]) - {-1}]
    assert kernels.tied(buckets, 8).tolist() == fallback.tied(buckets, 8).tolist() == walked


def test_a_kernel_without_columnar_form_runs_as_python(monkeypatch: pytest.MonkeyPatch) -> None:
    from ceyuan.data.operators import compiling

    monkeypatch.setattr(compiling, "numba", lambda: None)
    kernel = Kernel(kernels.mixed.plain)  # type: ignore[attr-defined]
    assert kernel(np.uint64(7)) == kernels.mixed(np.uint64(7))
