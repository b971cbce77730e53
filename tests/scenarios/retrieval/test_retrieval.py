from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceyuan.scenarios.retrieval import Index, chunk, fold
from ceyuan.scenarios.retrieval.bm25 import IndexUnreadable

TEXTS = ["试用期最长不得超过六个月", "专利权的期限为二十年", "个人信息处理应当取得同意", "北京的四季分明"]


@given(st.text(), st.integers(1, 200))
def test_passages_joined_are_the_text_and_none_is_longer_than_asked(text: str, size: int) -> None:
    passages = chunk(text, size)
    assert "".join(passages) == text
    assert all(0 < len(p) <= size for p in passages)


def test_traditional_and_full_width_forms_are_found_as_simplified_ones() -> None:
    assert fold("專利權ＡＢ") == "专利权ab"
    assert Index.build(TEXTS).search("專利權")[0].number == 1


def test_the_best_text_comes_first_with_its_coverage() -> None:
    hits = Index.build(TEXTS).search("个人信息 同意")
    assert hits[0].number == 2
    assert hits[0].coverage == 1.0


@pytest.mark.parametrize("query", ["", "。。。", "𠀀𠀁"])
def test_a_query_without_known_terms_finds_nothing(query: str) -> None:
    assert Index.build(TEXTS).search(query) == []


def test_an_index_over_nothing_finds_nothing() -> None:
    assert Index.build([]).search("法律") == []


@given(
    st.lists(st.text(alphabet="法律条文的规定一二三", max_size=30), max_size=12),
    st.text(alphabet="法律条文", max_size=8),
)
def test_scores_fall_and_every_hit_shares_a_term(texts: list[str], query: str) -> None:
    hits = Index.build(texts).search(query, 5)
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
    assert all(set(query) & set(texts[h.number]) for h in hits)


def test_a_saved_index_finds_the_same_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    index = Index.build(TEXTS)
    index.save(tmp_path / "index.npz")
    assert Index.load(tmp_path / "index.npz").search("专利期限") == index.search("专利期限")
    (tmp_path / "index.npz").write_bytes(b"junk")
    with pytest.raises(IndexUnreadable):
        Index.load(tmp_path / "index.npz")
