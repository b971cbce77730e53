"""Order and choice."""

from __future__ import annotations

import random
from itertools import pairwise

from ceyuan.evaluation.items.item import Draft, family

_NAMES = ("甲", "乙", "丙", "丁", "戊")
_LETTERS = "ABCD"


@family("transitive_order", "传递比较", "Transitive order")
def transitive_order(chooser: random.Random) -> Draft:
    more, most, least = chooser.choice((("高", "最高", "最矮"), ("重", "最重", "最轻"), ("年长", "最年长", "最年轻")))
    people = chooser.sample(_NAMES, chooser.randint(3, 4))
    facts = [f"{a}比{b}{more}" for a, b in pairwise(people)]
    chooser.shuffle(facts)
    asked, answer = chooser.choice(((most, people[0]), (least, people[-1])))
    return Draft(f"{'，'.join(facts)}。谁{asked}？只回答名字。", (answer,), "text", 1 / len(people))


@family("largest_choice", "大小选择", "Choosing the largest")
def largest_choice(chooser: random.Random) -> Draft:
    form = chooser.randrange(2)
    if form == 0:
        values = chooser.sample(range(100, 999), 4)
        shown = [str(v) for v in values]
        question = "下面哪个数最大？"
        right = values.index(max(values))
    else:
        years = chooser.sample(range(1950, 2024), 4)
        shown = [f"{y}年" for y in years]
        question = "下面哪个年份最早？"
        right = years.index(min(years))
    options = "\n".join(f"{letter}. {text}" for letter, text in zip(_LETTERS, shown, strict=True))
    return Draft(f"{question}\n{options}\n只回答选项字母。", (_LETTERS[right],), "choice", 0.25)
