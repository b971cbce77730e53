"""Reading: the answer stands in the given text or table."""

from __future__ import annotations

import random

from ceyuan.evaluation.items.item import Draft, family

_PLACES = ("东城图书馆", "西山公园", "南湖医院", "北辰学校", "中心车站", "海滨剧院", "松江体育馆", "云溪博物馆")
_PEOPLE = ("林涛", "苏梅", "何勇", "郑洁", "冯远", "韩雪", "曹阳", "邓丽")
_TOPICS = ("停车难", "噪音扰民", "路灯损坏", "下水道堵塞", "公交班次少", "垃圾清运慢")


@family("table_lookup", "查表", "Table lookup")
def table_lookup(chooser: random.Random) -> Draft:
    places = chooser.sample(_PLACES, 4)
    opened = [chooser.randint(7, 10) for _ in places]
    visitors = chooser.sample(range(120, 980), 4)
    rows = "\n".join(f"{p} | {o}点 | {v}人" for p, o, v in zip(places, opened, visitors, strict=True))
    row = chooser.randrange(4)
    if chooser.random() < 0.5:
        question, answers = f"{places[row]}的日均人数是多少？只回答数字。", (str(visitors[row]),)
        kind = "number"
    else:
        best = visitors.index(max(visitors))
        question, answers, kind = "日均人数最多的是哪里？只回答名称。", (places[best],), "text"
    return Draft(f"地点 | 开门 | 日均人数\n{rows}\n{question}", answers, kind)


@family("passage_fact", "短文找答案", "Facts in a passage")
def passage_fact(chooser: random.Random) -> Draft:
    people, topics = chooser.sample(_PEOPLE, 3), chooser.sample(_TOPICS, 3)
    days = chooser.sample(range(1, 28), 3)
    sentences = [f"{d}日，{p}来电反映{t}的问题" for p, t, d in zip(people, topics, days, strict=True)]
    order = chooser.sample(range(3), 3)
    text = "；".join(sentences[i] for i in order) + "。"
    one = chooser.randrange(3)
    question, answer = chooser.choice(
        (
            (f"反映{topics[one]}的是谁？只回答姓名。", people[one]),
            (f"{people[one]}反映了什么问题？只回答问题名称。", topics[one]),
            (f"{people[one]}是几日来电的？只回答日期。", f"{days[one]}日"),
        )
    )
    return Draft(f"{text}\n{question}", (answer,), "text")
