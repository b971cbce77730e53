"""The wider set of operators: each finds, measures or takes out what its name says, and nothing else."""

from pathlib import Path

import polars as pl
import pytest

from ceyuan.data.files import sha256_of
from ceyuan.data.operators import STATISTICS, find, specifications, train_language_model, train_quality
from ceyuan.data.operators.forms import FORMS
from ceyuan.data.operators.models import proven_quality
from ceyuan.data.operators.repair import repaired
from ceyuan.data.problems import DataProblem

PLAIN = "国务院印发通知，要求各地认真贯彻落实。\n第一条　本办法适用于数据处理活动。"


def frame(*texts: str) -> pl.DataFrame:
    return pl.DataFrame({"text": list(texts)}, schema={"text": pl.String})


def measured(name: str, text: str, column: str = "", **parameters: object) -> float:
    return find(name, parameters)(frame(text))[column or name][0]  # type: ignore[no-any-return]


def changed(name: str, text: str, **parameters: object) -> str:
    return str(find(name, parameters)(frame(text))["text"][0])


def test_there_are_at_least_sixty_operators_with_names_in_both_languages() -> None:
    known = specifications()
    assert len(known) >= 60
    assert all(all(one.title) and one.summary for one in known.values())
    assert all(all(words) for words in STATISTICS.values())


@pytest.mark.parametrize(
    "name", [n for n, s in specifications().items() if s.modality == "text" and s.parameters.model_fields == {}]
)
def test_every_operator_takes_empty_odd_and_long_texts(name: str) -> None:
    texts = frame("", " \n ", PLAIN, "a" * 5000, "🙂\U00020000\ue000", "第一行\n\n" * 50)
    result = find(name)(texts)
    assert result.height == texts.height
    assert set(find(name).specification.writes) <= set(result.columns)
    assert all(not result[column].is_null().any() for column in find(name).specification.writes)
    assert find(name)(texts.clear()).height == 0


@pytest.mark.parametrize(
    ("name", "column", "text", "value"),
    [
        ("links", "links", "见https://a.cn/b?c=1，及www.x.com/y", 2),
        ("contacts", "contacts", "联系 a.b@c.com 或13800138000，微信：abc_123", 3),
        ("emoji", "emoji", "好😀👍", 2),
        ("markup", "markup", "<p class='a'>段</p>1<2", 2),
        ("entities", "entities", "A&nbsp;B&#20013;AT&T", 2),
        ("citations", "citations", "如文献[3]与[1, 2]所示（Smith，2020）", 3),
        ("dates", "dates", "2024年5月1日至2024-06-30", 2),
        ("articles", "articles", "依据第三十八条第二款", 2),
        ("adverts", "adverts", "限时优惠，加微信领取优惠券", 3),
        ("secrecy", "secrecy", "机密★10年 内部资料，注意保存", 2),
        ("boilerplate", "boilerplate", "责任编辑：张三 上一篇：无", 2),
        ("personal_numbers", "personal_numbers", "身份证11010519491231002X", 1),
        ("quotations", "quotations", "他说：“今天下雨。”", 1),
        ("sentences", "sentences", "一句。两句！三句", 3),
        ("questions", "question_share", "是吗？是的。", 0.5),
        ("ending", "closed_end", "完整。", 1),
        ("ending", "begins_midway", "，半句", 1),
        ("entropy", "longest_run", "啊啊啊啊好", 4),
        ("register", "classical_share", "温故而知新，可以为师矣", 1),
        ("widths", "half_width_share", "你好,世界。", 0.5),
        ("balance", "unpaired", "（未完《书》", 1),
        ("latin", "latin_words", "用Python写code", 2),
        ("top_ngrams", "top_2gram", "好的好的好的", 1),
        ("line_lengths", "even_lines", "床前明月光\n疑是地上霜\n", 1),
        ("dialogue", "question_answer_pairs", "问：几点？\n答：三点。", 1),
        ("page_marks", "page_marks", "正文\n— 3 —\n第 4 页 共 9 页", 2),
        ("bullets", "bullet_lines", "- 甲\n1. 乙\n丙", 2 / 3),
        ("tables", "table_share", "| 甲 | 乙 |", 1),
        ("code_lines", "code_share", "import os", 1),
        ("rare_characters", "rare_share", "龘", 1),
        ("stop_characters", "stop_share", "的是", 1),
        ("mojibake", "mojibake", "ä¸\xadå›½ 锟斤拷", 3),
    ],
)
def test_a_statistic_is_what_its_name_says(name: str, column: str, text: str, value: float) -> None:
    assert measured(name, text, column) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("他们说这件事情会在明天讨论。", "zh"),
        ("他們說這件事情會在明天討論。", "zh-Hant"),
        ("学而时习之，不亦说乎？有朋自远方来，不亦乐乎？", "lzh"),
        ("佢哋話聽日唔會嚟喺度食飯。", "yue"),
        ("これは日本語の文章です。", "ja"),
        ("이것은 한국어 문장입니다.", "ko"),
        ("This is a sentence of the English language.", "en"),
        ("床前明月光，疑是地上霜。", "zh"),
    ],
)
def test_languages_are_told_apart(text: str, language: str) -> None:
    assert find("language")(frame(text))["language"][0] == language


def test_a_field_is_told_by_its_words() -> None:
    told = find("field")(frame("患者到医院就诊，医生诊断后给予药物治疗。", "今天。"))
    assert told["field"].to_list() == ["medicine", "other"]


@pytest.mark.parametrize(
    ("name", "before", "after", "parameters"),
    [
        ("unescape_entities", "A&amp;B&#20013;", "A&B中", {}),
        ("strip_markup", "<p>一</p><script>x</script>二 1<2", "\n一\n二 1<2", {}),
        ("strip_markdown", "# 题\n**重**点[链](http://a)", "题\n重点链", {}),
        ("narrow_letters", "ＡＢ１２，《》", "AB12，《》", {}),
        ("widen_punctuation", "你好, 世界.", "你好，世界。", {}),
        ("join_han", "中 华 人 民 OK 好", "中华人民 OK 好", {}),
        ("join_lines", "这是一个长\n句子。\n新段", "这是一个长句子。\n新段", {}),
        ("quotes", "“甲”‘乙’", "「甲」『乙』", {"form": "corner"}),
        ("traditionalise", "头发与发展", "頭髮與發展", {}),
        ("strip_links", "见 https://a.cn/b 文", "见  文", {}),
        ("strip_contacts", "电话13800138000。", "电话。", {}),
        ("strip_emoji", "好😀", "好", {}),
        ("strip_citations", "结论[3]。", "结论。", {}),
        ("strip_boilerplate", "正文。\n责任编辑：张三\n续。", "正文。\n续。", {}),
        ("strip_notices", "Copyright (c) 2020 A\n正文", "正文", {}),
        ("strip_page_marks", "上文\n— 12 —\n下文", "上文\n下文", {}),
        ("strip_repeated_lines", "这一行会重复出现\n别的\n这一行会重复出现", "这一行会重复出现\n别的", {}),
        (
            "strip_repeated_sentences",
            "今天我们去公园。好。\n今天我们去公园。好。\n回家！",
            "今天我们去公园。好。\n好。\n回家！",
            {},
        ),
        ("strip_repeated_sentences", "甲乙。甲乙。", "甲乙。", {"shortest": 2}),
        ("strip_lines", "短\n\n这一行足够长", "\n这一行足够长", {"shortest": 3}),
        ("strip_lines", "| 甲 | 乙 | 丙 |\n正文", "正文", {"tables": True}),
        ("strip_code", "前\n```\nx=1\n```\n后", "前\n后", {}),
        ("strip_bibliography", "正文。\n参考文献\n[1] 甲", "正文。", {}),
        ("strip_front_matter", "---\ntitle: a\n---\n正文", "正文", {}),
        ("strip_ruby", "汉(hàn)字", "汉字", {}),
        ("replace", "a1b22", "a#b#", {"pattern": r"\d+", "by": "#"}),
        ("truncate", "第一句。第二句。第三句。", "第一句。", {"characters": 6}),
    ],
)
def test_a_map_takes_out_what_it_should(name: str, before: str, after: str, parameters: dict[str, object]) -> None:
    result = find(name, parameters)(frame(before, PLAIN if name != "truncate" else "短。"))
    assert result["text"][0] == after
    assert result["changed"][0]
    if name not in ("traditionalise", "replace", "strip_lines"):
        assert not result["changed"][1]


@pytest.mark.parametrize("damage", [("utf-8", "cp1252"), ("utf-8", "latin-1"), ("utf-8", "gb18030")])
def test_text_read_in_the_wrong_encoding_is_read_again(damage: tuple[str, str]) -> None:
    text = "我们是中国人，说的是中文，这里有很多的字"
    try:
        damaged = text.encode(damage[0]).decode(damage[1])
    except UnicodeDecodeError:
        pytest.skip("this text has no such damage")
    assert changed("repair_mojibake", damaged) == text
    assert repaired("正常的中文不变。") == "正常的中文不变。"


def test_a_pattern_that_is_none_is_refused_before_anything_runs() -> None:
    with pytest.raises(DataProblem):
        find("replace", {"pattern": "(?<=a)b"})


def test_models_are_trained_on_ones_own_texts_and_known_by_their_hash(tmp_path: Path) -> None:
    good = [f"各级人民政府应当加强对第{n}项工作的领导，保障公民的合法权益。" for n in range(40)]
    bad = [f"点击领取{n}优惠券加微信秒杀包邮日赚千元真人棋牌" for n in range(40)]
    sha256 = train_quality(good, bad, tmp_path / "q.npz")
    scores = find("quality", {"model": str(tmp_path / "q.npz"), "sha256": sha256})(frame(good[0], bad[0]))["quality"]
    assert scores[0] > 0.7 > 0.3 > scores[1]
    assert train_quality(good, bad, tmp_path / "again.npz") == sha256
    known = train_language_model(good, tmp_path / "l.npz")
    told = find("perplexity", {"model": str(tmp_path / "l.npz"), "sha256": known})(frame(good[1], "龘靐齉爩麤灪"))
    assert told["perplexity"][0] * 20 < told["perplexity"][1]
    with pytest.raises(DataProblem, match="model_differs"):
        find("quality", {"model": str(tmp_path / "q.npz"), "sha256": "0" * 64})(frame("甲"))


def test_a_model_of_quality_is_tried_on_texts_that_it_was_not_trained_on(tmp_path: Path) -> None:
    good = [f"各级人民政府应当加强对第{n}项工作的领导，保障公民的合法权益。" for n in range(40)]
    bad = [f"点击领取{n}优惠券加微信秒杀包邮日赚千元真人棋牌" for n in range(40)]
    sha256, told = proven_quality(good, bad, tmp_path / "q.npz")
    assert sha256 == sha256_of(tmp_path / "q.npz")
    assert told == {"documents": 80, "tried": 8, "accuracy": 1.0, "auc": 1.0}
    mixed = proven_quality(good[:20] + bad[:20], good[20:] + bad[20:], tmp_path / "m.npz")[1]
    assert isinstance(mixed["auc"], float)
    assert mixed["auc"] < 0.9
    with pytest.raises(DataProblem, match="twelve"):
        proven_quality(good, bad[:11], tmp_path / "n.npz")


CODE = "import os\n\ndef main():\n    if (x):\n        return 1\n    for line in lines:\n        print(line);\n"
DIALOGUE = (
    "张三：您好，请问办理什么业务？\n李四：我想咨询一下。\n张三：好的，您请讲。\n"
    "李四：户口怎么迁？\n张三：带上证件即可。\n李四：谢谢。"
)
FORM_TEXTS = {
    "code": CODE,
    "statute": "数据条例\n第一条 为了规范数据处理，制定本条例。\n第二条 本条例适用于本市。\n第三条 各部门依法登记。",
    "official": "关于加快公共数据开放的通知\n各区人民政府：\n现将有关事项通知如下，请认真贯彻落实。",
    "paper": "基于图的去重方法\n摘要：本文提出一种方法，实验表明有效。\n关键词：去重；语料\n1 引言部分从略。",
    "news": "新华社北京1月5日电 记者从发布会上获悉，今年的工作已经展开，各地准备充分。",
    "qa": "问：如何办理登记？\n答：携带身份证到窗口办理，当日办结。",
    "dialogue": DIALOGUE,
    "table": "项目\t数量\t单位\n甲\t3\t个\n乙\t4\t个\n丙\t5\t个",
    "list": "需要的材料有\n1. 身份证\n2. 户口簿\n3. 申请表\n4. 照片",
    "verse": "床前明月光，\n疑是地上霜。\n举头望明月，\n低头思故乡。",
    "prose": "昨天我去了一趟图书馆，人很多，但是很安静。回来的路上下起了小雨，我在路边坐了一会儿，看着外面的行人。",
}


def test_a_type_of_writing_is_told_by_its_form() -> None:
    assert FORM_TEXTS.keys() == FORMS.keys()
    told = find("form")(frame(*FORM_TEXTS.values()))
    assert told["form"].to_list() == list(FORM_TEXTS)


def test_facts_line_by_line_are_no_dialogue_and_marks_in_prose_no_code() -> None:
    facts = "姓名：张三\n性别：男\n年龄：三十\n住址：某市某区\n电话：无\n职业：教师"
    prose = "他说：好的；于是大家都走了（真的）。\n我想，事情就是这样；没有别的。\n最后一句也是如此；完。"
    assert find("form")(frame(facts, prose))["form"].to_list() == ["prose", "prose"]


def test_code_and_dialogue_are_fields_of_their_own() -> None:
    assert find("field")(frame(CODE, DIALOGUE))["field"].to_list() == ["code", "dialogue"]


def test_every_kind_of_writing_but_the_last_has_words_in_both_languages() -> None:
    assert all(zh and en and zh != en for zh, en in FORMS.values())


def test_empty_and_odd_texts_have_a_form_too() -> None:
    assert find("form")(frame("", "\n\n", "：：：：", "\t\t\n\t\t"))["form"].to_list() == ["prose"] * 4
