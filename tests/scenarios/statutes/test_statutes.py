from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceyuan.scenarios.statutes import (
    Article,
    LawSearch,
    articles_from_rows,
    build_questions,
    check_answer,
    extract_answer,
    find_references,
    number_of,
    numeral_of,
    prompt_messages,
)
from tests.live import law_rows


def articles() -> list[Article]:
    return articles_from_rows((r["id"], r["text"], json.loads(r["meta"])) for r in law_rows())


@given(st.integers(1, 9999))
def test_a_numeral_reads_back_as_its_number(number: int) -> None:
    assert number_of(numeral_of(number)) == number


@pytest.mark.parametrize(
    ("number", "text"), [(10, "十"), (15, "十五"), (20, "二十"), (105, "一百零五"), (1042, "一千零四十二")]
)
def test_numerals_are_written_as_statutes_write_them(number: int, text: str) -> None:
    assert numeral_of(number) == text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "《民法典》第一千零四十二条、第一千零四十三条",
            [("民法典", "第一千零四十二条"), ("民法典", "第一千零四十三条")],
        ),
        ("请问劳动法第38条第二款怎么说", [("劳动法", "第三十八条")]),
        ("根据《刑法》第一百二十条之一", [("刑法", "第一百二十条之一")]),
        ("今天天气怎么样", []),
    ],
)
def test_references_are_found_as_people_write_them(text: str, found: list[tuple[str, str]]) -> None:
    assert [(r.law, r.article_no) for r in find_references(text)] == found


def test_a_named_article_comes_first_and_one_that_does_not_exist_is_named() -> None:
    search = LawSearch.build(articles())
    outcome = search.search("专利法第四十二条规定了什么")
    assert (outcome.found[0].article.article_no, outcome.found[0].reason) == ("第四十二条", "named")
    missing = search.search("专利法第九百条规定了什么").missing
    assert [(m.law, m.article_no) for m in missing] == [("专利法", "第九百条")]


@pytest.mark.parametrize("question", ["今天天气怎么样", "红烧肉怎么做", "How tall is Mount Everest"])
def test_what_no_article_covers_is_met_with_silence(question: str) -> None:
    assert LawSearch.build(articles()).search(question).found == []


def test_versions_no_longer_in_force_are_left_out_unless_asked_for() -> None:
    rows = [
        (
            "old",
            "《测试法》第一条\n试用期为一年。",
            {"law_name": "测试法", "article_no": "第一条", "status": "历史版本"},
        ),
        (
            "new",
            "《测试法》第一条\n试用期为半年。",
            {"law_name": "测试法", "article_no": "第一条", "status": "现行有效"},
        ),
    ]
    search = LawSearch.build(articles_from_rows(rows))
    assert [f.article.id for f in search.search("试用期").found] == ["new"]
    assert {f.article.id for f in search.search("试用期", historical=True).found} == {"old", "new"}


def test_every_citation_of_an_answer_is_looked_up() -> None:
    given_articles = articles()[:2]
    search = LawSearch.build(articles())
    good = check_answer("试用期最长六个月[1]。", given_articles, search)
    assert good.is_grounded
    assert good.citations[0].article == given_articles[0]
    assert not check_answer("试用期最长六个月[7]。", given_articles, search).is_grounded
    assert not check_answer("见《专利法》第九百条。", given_articles, search).is_grounded
    assert not check_answer("试用期最长六个月。", given_articles, search).is_grounded


def test_the_laws_own_words_are_a_grounded_answer() -> None:
    search = LawSearch.build(articles())
    found = [f.article for f in search.search("试用期最长多久").found]
    answer = extract_answer("试用期最长多久", found)
    assert check_answer(answer, found, search).is_grounded


def test_a_prompt_numbers_the_articles_and_stays_short() -> None:
    long = [Article("a", "l", "法", "第一条", "长" * 5000, "", "", "", "")] * 4
    messages = prompt_messages("问题", long, characters=800)
    assert "[4]" in messages[1]["content"]
    assert len(messages[1]["content"]) < 1200


def test_questions_are_the_same_for_the_same_seed_and_name_no_law() -> None:
    questions = build_questions(articles(), 20, seed=1)
    assert questions == build_questions(articles(), 20, seed=1)
    assert all("法第" not in q.text for q in questions)
