"""Handling of characters and of the form of an answer."""

from __future__ import annotations

import json
import random

from ceyuan.evaluation.items.item import Draft, family

_CHARACTERS = "山水风云花鸟鱼虫春夏秋冬天地日月星光江河湖海松竹梅兰"
_CITIES = ("北京", "天津", "上海", "重庆", "广州", "杭州", "南京", "武汉", "成都", "西安")
_JOBS = ("医生", "教师", "工程师", "律师", "厨师", "记者", "会计", "护士")
_SURNAMES = "王李张刘陈杨赵黄周吴"
_GIVEN = ("伟", "芳", "娜", "敏", "静", "强", "磊", "洋", "艳", "勇")


@family("count_characters", "数汉字", "Counting characters")
def count_characters(chooser: random.Random) -> Draft:
    wanted = chooser.choice(_CHARACTERS)
    times = chooser.randint(1, 5)
    others = [c for c in _CHARACTERS if c != wanted]
    text = [wanted] * times + [chooser.choice(others) for _ in range(chooser.randint(6, 10))]
    chooser.shuffle(text)
    return Draft(f"“{''.join(text)}”中有几个“{wanted}”字？只回答数字。", (str(times),), "number", 0.2)


@family("reverse", "倒序书写", "Writing backwards")
def reverse(chooser: random.Random) -> Draft:
    text = "".join(chooser.sample(_CHARACTERS, chooser.randint(3, 5)))
    return Draft(f"把“{text}”倒过来写。例如“春夏秋”倒过来是“秋夏春”。只回答结果。", (text[::-1],), "text")


@family("structured_output", "结构化抽取", "Structured extraction")
def structured_output(chooser: random.Random) -> Draft:
    name = chooser.choice(_SURNAMES) + chooser.choice(_GIVEN)
    age, city, job = chooser.randint(22, 60), chooser.choice(_CITIES), chooser.choice(_JOBS)
    text = f"{name}今年{age}岁，住在{city}，职业是{job}。"
    expected = json.dumps({"姓名": name, "年龄": age, "城市": city}, ensure_ascii=False)
    prompt = f"从下面的话里抽取信息，只输出一个JSON对象，键为“姓名”“年龄”“城市”，年龄用数字。\n{text}"
    return Draft(prompt, (expected,), "json")
