"""Without Numba the columnar forms give what the kernels give."""

import random
from pathlib import Path

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
from ceyuan.data.operators.repeats import repeated_lines, repeated_ngrams

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
    for kernel, rest in (
        (kernels.count_classes, (classes, sides)),
        (kernels.count_marks, (sides, 2)),
        (repeated_ngrams, (classes, 3)),
        (repeated_lines, (2,)),
    ):
        columnar = fallback.KERNELS[kernel.__name__](data, offsets, *rest)
        assert np.array_equal(kernel(data, offsets, *rest), columnar), kernel.__name__


@pytest.mark.parametrize("length", [kernels.PIECE - 1, kernels.PIECE, kernels.PIECE + 3, 5 * kernels.PIECE + 7])
@pytest.mark.parametrize("letters", ["ab", "文字处理 a。\n", "好𠀀é1 \n"])
def test_texts_longer_than_a_piece_are_counted_as_a_whole(length: int, letters: str) -> None:
    text = "".join(random.Random(length).choices(letters, k=length))
    data, offsets = columns(["短", text, ""])
    spoken = "".join(text.split())
    for size in (1, 2, 7, 64):
        grams = [spoken[at : at + size] for at in range(len(spoken) - size + 1)]
        share = repeated_ngrams(data, offsets, character_classes(), size)[1]
        assert share == pytest.approx(1 - len(set(grams)) / len(grams)), size
    lines = [line.encode() for line in text.split("\n")]
    again = sum(len(line) for at, line in enumerate(lines) if line in lines[:at])
    total = sum(map(len, lines))
    assert repeated_lines(data, offsets, 1)[1] == pytest.approx(again / total)
    folded = [folded_characters()[ord(character)] for character in text]
    folded = [code for code in folded if code]
    shingles = {tuple(folded[at : at + 5]) for at in range(len(folded) - 4)}
    factors, summands = _permutations(10)
    assert _sketch(data, offsets, folded_characters(), factors, summands, 5, 2)[0].tolist() == [1, len(shingles), 0]


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


def test_machine_code_is_kept_for_these_very_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ceyuan.data.operators import compiling

    for name in ("operators", "duplicates", "corpus"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(compiling, "__file__", str(tmp_path / "operators" / "compiling.py"))
    (tmp_path / "duplicates" / "sketch.py").write_text("one")
    first = compiling._cache()
    first.mkdir(parents=True)
    assert compiling._cache() == first
    assert first.exists()
    (tmp_path / "duplicates" / "sketch.py").write_text("two")
    assert compiling._cache() != first
    assert not first.exists()
