"""Cards are read without trust."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.hub.repositories.cards import labels_of, parse_card, plain, title_of


def test_front_matter_and_body_are_taken_apart() -> None:
    card = parse_card("---\r\nlicense: mit\r\ntags: [a, b]\r\n---\r\n# 标题 #\r\n正文\r\n")
    assert card.metadata == {"license": "mit", "tags": ["a", "b"]}
    assert card.body.startswith("# 标题")
    assert title_of(card.metadata, card.body) == "标题"
    assert title_of({"pretty_name": " 名称 "}, "# x") == "名称"


@pytest.mark.parametrize("text", ["", "# no front matter", "---", "----\nx: 1\n----\n", "text\n---\na: 1\n---\n"])
def test_a_readme_without_front_matter_is_all_body(text: str) -> None:
    card = parse_card(text)
    assert (card.metadata, card.body, card.problem) == ({}, text, None)


def test_empty_front_matter_says_nothing() -> None:
    assert parse_card("---\n---\nbody").metadata == {}
    assert parse_card("---\n---\nbody").body == "body"


@pytest.mark.parametrize(
    "front",
    [
        "a: [1", "a: b: c", "\tx: 1", "- just\n- a list", "just text", "!!python/object/apply:os.system [id]",
        "a: !x 1", "a: &a [x]\nb: [*a, *a]", "a: " + "[" * 5000, "x" * 70_000, "a: 2026-13-45", "? [a]\n: b",
    ],
)  # fmt: skip
def test_front_matter_that_cannot_be_read_is_a_problem_and_no_error(front: str) -> None:
    card = parse_card(f"---\n{front}\n---\nbody")
    assert (card.metadata, card.body) == ({}, "body")
    assert card.problem is not None


def test_a_problem_names_the_line() -> None:
    card = parse_card("---\na: 1\nb: [\n---\nbody")
    assert card.problem is not None
    assert "line 3" in card.problem[1]


def test_metadata_is_what_json_and_databases_can_hold() -> None:
    card = parse_card('---\nday: 2026-01-02\nodd: .nan\nhuge: 99999999999999999999\nnul: "a\\0b"\n1: x\n---\n')
    assert card.metadata == {
        "day": "2026-01-02", "odd": "nan", "huge": "99999999999999999999", "nul": "ab", "1": "x",
    }  # fmt: skip


LEAVES = st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.binary()
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner), max_leaves=20
)


@given(VALUES)
@settings(max_examples=100, deadline=None)
def test_whatever_is_made_plain_can_be_written_as_json(value: object) -> None:
    written = json.dumps(plain(value), allow_nan=False)
    assert "\\u0000" not in written
    assert plain(json.loads(written)) == json.loads(written)


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_no_text_breaks_the_reader(text: str) -> None:
    parse_card(f"---\n{text}\n---\n")
    parse_card(text)


def test_a_card_wins_over_what_was_declared_facet_by_facet() -> None:
    declared = {"licence": ["mit"], "tag": ["x"], "language": ["zh"]}
    labels = labels_of(
        declared, {"license": "Apache-2.0", "tags": ["A", "A", " b "], "task_categories": ["qa"], "language": 5}
    )
    assert labels.licence == ["apache-2.0"]
    assert (labels.tag, labels.language, labels.task) == (["A", "b"], ["zh"], ["qa"])
    assert ("tag", "b") in list(labels.pairs())
