"""Arithmetic in words, and the calendar."""

from __future__ import annotations

import random
from datetime import date, timedelta

from ceyuan.evaluation.items.item import Draft, family

_NAMES = ("小明", "小红", "李雷", "王芳", "张伟", "陈静", "刘洋", "赵敏", "孙丽", "周杰")
_THINGS = (("苹果", "个"), ("铅笔", "支"), ("图书", "本"), ("邮票", "张"), ("气球", "个"), ("贝壳", "枚"))


@family("word_problem", "应用题", "Word problems")
def word_problem(chooser: random.Random) -> Draft:
    first, second = chooser.sample(_NAMES, 2)
    thing, measure = chooser.choice(_THINGS)
    a, b, c = chooser.randint(12, 60), chooser.randint(2, 9), chooser.randint(2, 6)
    form = chooser.randrange(3)
    if form == 0:
        story = f"{first}有{a}{measure}{thing}，送给{second}{b}{measure}，又买了{c}{measure}。"
        question = f"{first}现在有几{measure}{thing}？"
        answer = a - b + c
    elif form == 1:
        story = f"每盒有{b}{measure}{thing}，{first}买了{c}盒，{second}比{first}多买了{a}{measure}。"
        question = f"{second}有几{measure}{thing}？"
        answer = b * c + a
    else:
        total = b * c
        story = f"{total}{measure}{thing}平均分给{c}个人，{first}把自己的那份给了{second}一{measure}。"
        question = f"{first}还剩几{measure}？"
        answer = b - 1
    return Draft(f"{story}{question}只回答数字。", (str(answer),), "number")


@family("calendar", "日历推算", "Calendar")
def calendar(chooser: random.Random) -> Draft:
    start = date(2024, 1, 1) + timedelta(days=chooser.randrange(1000))
    step = chooser.randint(3, 40)
    if chooser.random() < 0.5:
        end = start + timedelta(days=step)
        text = f"从{start.year}年{start.month}月{start.day}日再过{step}天是几月几日？"
        answer = f"{end.month}月{end.day}日"
        return Draft(f"{text}只回答月和日。", (answer,), "text")
    names = "一二三四五六日"
    today, later = chooser.randrange(7), step % 7
    answer = names[(today + later) % 7]
    return Draft(
        f"今天是星期{names[today]}，{step}天后是星期几？只回答星期几。", (f"星期{answer}", f"周{answer}"), "text", 1 / 7
    )
