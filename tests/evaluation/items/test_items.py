from __future__ import annotations

import pytest

from ceyuan.evaluation.items import Item, all_families, generate, grade


def test_there_are_at_least_five_families_and_each_gives_as_many_different_items_as_asked() -> None:
    items = generate(20, seed=1)
    names = sorted(all_families())
    assert len(names) >= 5
    assert {f: sum(i.family == f for i in items) for f in names} == dict.fromkeys(names, 20)
    assert len({i.id for i in items}) == len(items)


def test_the_same_seed_gives_the_same_items_and_another_seed_others() -> None:
    assert generate(5, seed=3) == generate(5, seed=3)
    assert generate(5, seed=3) != generate(5, seed=4)


@pytest.mark.parametrize("seed", range(3))
def test_the_canonical_answer_is_graded_right_and_an_empty_one_wrong(seed: int) -> None:
    for item in generate(30, seed=seed):
        assert grade(item, item.answers[0]), item
        assert not grade(item, ""), item


@pytest.mark.parametrize(
    ("kind", "answers", "said", "right"),
    [
        ("number", ("42",), "答案是42。", True),
        ("number", ("42",), "先有40，再加2，所以是 42", True),
        ("number", ("42",), "142", False),
        ("choice", ("B",), "选B。", True),
        ("choice", ("B",), "A", False),
        ("text", ("星期三", "周三"), "周三", True),
        ("text", ("甲",), "最高的是甲。", True),
        ("text", ("甲",), "乙", False),
        ("text", ("甲",), "甲乙丙丁", False),
        ("text", ("甲",), "不是甲", False),
        ("text", ("1月5日",), "11月5日", False),
        ("text", ("1月5日",), "那天是11月5日", False),
        ("text", ("1月5日",), "那天是1月5日。", True),
        ("text", ("5日",), "15日", False),
        ("text", ("星期一", "周一"), "不是星期一", False),
        ("text", ("停车难",), "林涛反映了停车难的问题", True),
        ("text", ("梅春星",), "“星春梅”倒过来是“梅春星”。", True),
        ("text", ("甲",), "Answer: 甲", True),
        ("json", ('{"姓名": "王伟", "年龄": 30}',), '好的：{"年龄": 30, "姓名": "王伟"}', True),
        ("json", ('{"姓名": "王伟", "年龄": 30}',), '{"年龄": "30", "姓名": "王伟"}', False),
    ],
)
def test_grading_is_strict_about_content_and_lenient_about_form(
    kind: str, answers: tuple[str, ...], said: str, right: bool
) -> None:
    assert grade(Item("x", "x", "?", answers, kind, 0.0), said) is right
