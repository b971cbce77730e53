"""Question-answer extraction: pairs that are marked are found whole, and what only looks like one is left."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.data.corpus.describe import describe
from ceyuan.data.operators import find
from ceyuan.data.operators.questions import Questions, pairs_of
from ceyuan.data.problems import DataProblem

MARKED = """最高人民法院关于审理名誉权案件若干问题的解释

一、问：名誉权案件如何确定侵权结果发生地？

答：人民法院受理这类案件时，受侵权的公民住所地，可以认定为侵权结果发生地。

　　法人的住所地亦同。

二、问：内部刊物引起的名誉权纠纷，人民法院是否受理？

答：不予受理。

责任编辑：王五
"""
INTERVIEW = """国新办就数据条例举行吹风会

新华社记者：条例对公共数据开放有哪些新规定？企业最关心的是什么？

张晓明：条例设专章规定公共数据开放。

第一，目录化管理；第二，分级分类。

主持人：感谢张司长。

中央广播电视总台央视记者：请您介绍一下下一步的安排。

李副局长：我们将开展试点，明年年底前总结经验。
"""
ENGLISH = """## Frequently asked

Q1: Does the installer need the network?
A1: No. All packages are in the archive.
They are checked before use.

Q2: Which systems are supported?
A2: Linux and macOS.
"""
HEADED = """# 为什么要读这份指南？

本指南写给新用户。

## 如何安装软件包？

先更新索引，再安装：

```
# apt update

apt install ceyuan
```

### 注意事项

需要管理员权限。

**可以离线安装吗？**

可以，安装包里已有全部依赖。

[1]: https://example.org
"""
NUMBERED = """常见问题
1、个人所得税汇算清缴什么时候办理？
每年3月1日至6月30日办理。
2、没有工作单位的人如何申报？
可以通过手机应用自行申报，也可以到办税服务厅办理。
三、联系方式
"""
NOT_PAIRS = [
    "1．关于水的说法正确的是哪一项？\nA．水是单质\nB．水是化合物\n2．铁的化学符号是什么？\nA. Fe\nB. Cu",
    "问题1：下列哪个是质数？\nA. 4\nB. 5\n答案：B",
    "1. 光合作用的产物是什么（   ）？\n____________\n2. 简述其过程？\n",
    "第一条　为了规范数据处理活动，制定本法。\n第二条　什么是数据？\n第三条　数据是指任何记录。",
    "目录\n1. 什么是大模型？......3\n2. 怎样训练？......9",
    "练习\n1. 什么是解释器？\n2. 什么是编译器？\n3. 有什么区别？\n\n下一部分我们来看词法分析的写法。",
    "记者：李明　摄影：王芳\n据记者了解：此事仍在调查。他说：“还有什么可说的呢？”\n来源：新华社",
    "主持人：欢迎各位收看本期节目。\n张教授：大家好，很高兴来到这里。",
    "## 其他的呢？\n\n如果你缺乏经验，也可以从文档开始。",
    "## 操作步骤有哪些？\n\n### 第一步\n\n下载安装包并核对校验值。",
    "A1: 10\nB1: 20\nQ1: 30\n答: 见下表",
    "# ???/???\n.5 显示为 0.5，这是分数格式。",
    "他问：你去哪儿？我回答：去学校。",
]


def texts(*given: str) -> pl.DataFrame:
    return pl.DataFrame({"text": list(given)}, schema={"text": pl.String})


def extracted(text: str, **parameters: object) -> str:
    return str(find("extract_qa", parameters)(texts(text))["text"][0])


def test_marked_pairs_are_whole_and_end_before_the_page_furniture() -> None:
    assert extracted(MARKED) == (
        "问：名誉权案件如何确定侵权结果发生地？\n"
        "答：人民法院受理这类案件时，受侵权的公民住所地，可以认定为侵权结果发生地。\n法人的住所地亦同。\n\n"
        "问：内部刊物引起的名誉权纠纷，人民法院是否受理？\n答：不予受理。"
    )


def test_latin_marks_stay_latin() -> None:
    assert extracted(ENGLISH) == (
        "Q: Does the installer need the network?\nA: No. All packages are in the archive.\nThey are checked before use."
        "\n\nQ: Which systems are supported?\nA: Linux and macOS."
    )


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("问：几点开门？答：九点。问：几点关门？答：五点。", [("几点开门？", "九点。"), ("几点关门？", "五点。")]),
        ("**问：**这个项目收费吗？\n\n**答：**不收费。", [("这个项目收费吗？", "不收费。")]),
        ("提问一：如何报名？\n\n回答一：登录网站报名。", [("如何报名？", "登录网站报名。")]),
        ("【问题】如何退费？\n【答】向学校申请。", [("如何退费？", "向学校申请。")]),
        ("Question: Why so late?\nAnswer: Because it is so.", [("Why so late?", "Because it is so.")]),
        ("### Q: What is a corpus?\n\nA: A body of texts.", [("What is a corpus?", "A body of texts.")]),
        ("问题：内存不足\n日志如下。\n答：增加内存。", [("内存不足\n日志如下。", "增加内存。")]),
        ("记者问：何时施行？\n答：明年一月一日起施行。", [("何时施行？", "明年一月一日起施行。")]),
        ("Q:18 如何显示服务列表？\n\nA:3 条命令都可以。", [("如何显示服务列表？", "3 条命令都可以。")]),
        (
            "问：如何重建镜像？\n答：举例如下：\n\n    # mkinitrd -f",
            [("如何重建镜像？", "举例如下：\n    # mkinitrd -f")],
        ),
        ("**问**：收费吗？\n\n答：**不**收费。", [("收费吗？", "**不**收费。")]),
        ("记者：收费吗？\n\n**张三：** **不**收费。", [("收费吗？", "**不**收费。")]),
        ("**记者：收费吗？**\n\n**张三**：不收费。", [("收费吗？", "不收费。")]),
        ("记者：收费吗？\n\n张三：**不**收费。", [("收费吗？", "**不**收费。")]),
        ("Q1: What is one?\nA2: Two it is.", []),
    ],
)
def test_marks_are_read_in_their_usual_forms(text: str, pairs: list[tuple[str, str]]) -> None:
    assert [(asked, answered) for asked, answered, _ in pairs_of(text)] == pairs


def test_an_interview_pairs_what_journalists_ask_with_what_a_named_speaker_says() -> None:
    assert extracted(INTERVIEW) == (
        "问：条例对公共数据开放有哪些新规定？企业最关心的是什么？\n答：条例设专章规定公共数据开放。\n"
        "第一，目录化管理；第二，分级分类。\n\n问：请您介绍一下下一步的安排。\n答：我们将开展试点，明年年底前总结经验。"
    )


def test_headings_and_bold_lines_that_ask_are_answered_until_the_next_heading() -> None:
    assert extracted(HEADED) == (
        "问：如何安装软件包？\n答：先更新索引，再安装：\n```\n# apt update\n\napt install ceyuan\n```"
        "\n\n问：可以离线安装吗？\n答：可以，安装包里已有全部依赖。"
    )


def test_numbered_questions_are_answered_until_the_next_number() -> None:
    assert [asked for asked, _, _ in pairs_of(NUMBERED)] == [
        "个人所得税汇算清缴什么时候办理？",
        "没有工作单位的人如何申报？",
    ]
    assert pairs_of(NUMBERED)[0][1] == "每年3月1日至6月30日办理。"


@pytest.mark.parametrize(
    "text", [MARKED, INTERVIEW, ENGLISH, HEADED, NUMBERED, "## 如何查看运行状态？\n\n```\n$ uptime\n\nup 3 days\n```\n"]
)
def test_pairs_that_were_written_are_read_again_as_they_are(text: str) -> None:
    once = find("extract_qa")(texts(text))
    again = find("extract_qa")(once.drop("changed"))
    assert again["text"].to_list() == once["text"].to_list()
    assert once["changed"].all()
    assert not again["changed"].any()


@pytest.mark.parametrize("text", NOT_PAIRS)
def test_what_only_looks_like_a_pair_is_none(text: str) -> None:
    assert pairs_of(text) == []


@pytest.mark.parametrize(
    ("rule", "text"), [("marked", ENGLISH), ("numbered", NUMBERED), ("headings", HEADED), ("interviews", INTERVIEW)]
)
def test_each_rule_can_be_switched_off(rule: str, text: str) -> None:
    only = {name: name == rule for name in ("marked", "numbered", "headings", "interviews")}
    assert pairs_of(text, Questions(**only))
    assert extracted(text, **{rule: False}) == text


def test_all_rules_off_is_refused() -> None:
    with pytest.raises(DataProblem, match="at least one"):
        find("extract_qa", dict.fromkeys(("marked", "numbered", "headings", "interviews"), False))


def test_texts_without_a_pair_stay_or_become_empty_and_say_whether_they_changed() -> None:
    given = texts("普通的一段话。", "", MARKED, "问：有吗？\n答：有")
    kept = find("extract_qa")(given)
    assert kept["text"][0] == "普通的一段话。"
    assert kept["changed"].to_list() == [False, False, True, False]
    emptied = find("extract_qa", {"otherwise": "empty"})(given)
    assert [text == "" for text in emptied["text"]] == [True, True, False, True]
    assert emptied["changed"].to_list() == [True, False, True, True]
    already = find("extract_qa")(given.with_columns(changed=pl.lit(True)))
    assert already["changed"].all()


def test_short_answers_do_not_count() -> None:
    assert pairs_of(MARKED, Questions(least_answer=10))[-1][0].startswith("名誉权案件")
    assert len(pairs_of(MARKED, Questions(least_answer=5))) == 2


def test_forms_offer_the_rules() -> None:
    told = next(one for one in describe()["operators"] if one["name"] == "extract_qa")
    assert told["kind"] == "map"
    assert told["title"] == ["问答抽取", "question-answer extraction"]
    assert set(told["schema"]["properties"]) == set(Questions.model_fields)


MARKS = (
    "问：",
    "答：",
    "Q: ",
    "A: ",
    "Q1. ",
    "A1. ",
    "## ",
    "# ",
    "**",
    "1. ",
    "2、",
    "（一）",
    "记者：",
    "主持人：",
    "张三：",
)
SAID = (
    "如何办理？",
    "什么是数据?",
    "Why is it so?",
    "可以办理。",
    "数据是指任何记录。",
    "It is so, by law.",
    "A. 甲",
    "B．乙",
)
AROUND = ("```", "---", "\n", "\n\n", "\r\n", "\u3000", " ", "[1]: x", "第一条", "责任编辑：甲", "\u2028", "😀")
PIECES = st.sampled_from((*MARKS, *SAID, *AROUND))


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_every_line_of_the_pairs_is_in_the_text(text: str) -> None:
    for asked, answered, _ in pairs_of(text):
        assert asked
        assert answered
        for line in (asked + "\n" + answered).split("\n"):
            assert line in text


SEVERAL = (
    "【问】几点？\n【答】三点。",
    "**问题1：**为什么？\n\n**答案：**因为。",
    "1. 怎样申请补贴？\n请到窗口办理。\n2. 多久办结？\n五个工作日。",
    "记者：您怎么看这件事？\n王强：我认为很好，大家都支持。",
    "## 什么是标准？\n标准是共同遵守的规则。",
    "没有问答的一段话。",
)


def test_as_many_pairs_are_counted_as_are_taken_out() -> None:
    counted = find("dialogue")(pl.DataFrame({"text": SEVERAL}))["question_answer_pairs"].to_list()
    assert counted == [len(pairs_of(text)) for text in SEVERAL]
    assert counted == [1, 1, 1, 1, 1, 0]
