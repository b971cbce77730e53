"""Operators on columns: what they change, what they measure, and what they leave alone."""

import unicodedata

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.data.operators import Filter, find, first_reason, simplified, specifications
from ceyuan.data.operators.characters import CLASSES, character_classes
from ceyuan.data.problems import DataProblem
from ceyuan.governance.detectors import mask_personal

OFFICIAL = "１２３《关于…措施》，京政办发〔2023〕15号。（一）“依法”办理；——附件：①表　１"


def frame(*texts: str) -> pl.DataFrame:
    return pl.DataFrame({"text": list(texts)})


def normalised(text: str, form: str = "NFC") -> str:
    return str(find("normalise", {"form": form})(frame(text))["text"][0])


def test_official_typography_is_unchanged_byte_for_byte() -> None:
    result = find("normalise")(frame(OFFICIAL))
    assert result["text"][0] == OFFICIAL
    assert result["changed"].to_list() == [False]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("甲\r\n乙\r丙", "甲\n乙\n丙"),
        ("甲　 \n乙\t\n", "甲\n乙"),
        ("甲\n\n\n\n乙", "甲\n\n乙"),
        ("\n\n甲", "甲"),
        ("甲\u200b乙\ufeff丙\x00丁", "甲乙丙丁"),
        ("e\u0301", "é"),
        ("　　段首空两格", "　　段首空两格"),
        ("", ""),
    ],
)
def test_normalising_mends_what_is_unseen_and_nothing_else(before: str, after: str) -> None:
    assert normalised(before) == after


def test_compatibility_forms_change_only_where_asked() -> None:
    assert normalised("１㎡") == "１㎡"
    assert normalised("１㎡", "NFKC") == "1m2"


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_normalising_twice_is_normalising_once(text: str) -> None:
    once = normalised(text)
    assert normalised(once) == once
    assert unicodedata.is_normalized("NFC", once)


def test_traditional_text_is_simplified_by_phrase_then_character() -> None:
    assert simplified(pl.Series(["乾隆皇帝頭髮乾燥，臺灣的著作"])).to_list() == ["乾隆皇帝头发干燥，台湾的著作"]


@pytest.mark.parametrize("character", "一上士二三人中國〇々")
def test_chinese_characters_are_chinese_and_never_special(character: str) -> None:
    assert CLASSES[character_classes()[ord(character)]] == "han"


@pytest.mark.parametrize("character", "《》、。，“”〔〕…—（）")
def test_chinese_punctuation_is_punctuation(character: str) -> None:
    assert CLASSES[character_classes()[ord(character)]] == "punctuation"


def test_composition_counts_as_a_reader_would() -> None:
    row = find("composition")(frame("一上士，A1★\n二行")).to_dicts()[0]
    assert (row["characters"], row["lines"], row["longest_line"]) == (10, 2, 7)
    assert row["chinese_share"] == pytest.approx(5 / 6)
    assert row["digit_share"] == pytest.approx(1 / 9)
    assert row["punctuation_share"] == pytest.approx(1 / 9)
    assert row["special_share"] == pytest.approx(1 / 9)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), min_size=1, max_size=5))
def test_counts_agree_with_plain_python(texts: list[str]) -> None:
    result = find("composition")(frame(*texts))
    assert result["characters"].to_list() == [len(text) for text in texts]
    lines = [len(text.split("\n")) - (text.endswith("\n")) if text else 0 for text in texts]
    assert result["lines"].to_list() == lines


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("雲日隱層闕，風煙出綺疎。", True),
        ("这家酒店的WiFi很好，下次还来OK", True),
        ("これは日本語の文章です。東京に行きました。", False),
        ("이것은 한국어 문장입니다", False),
        ("This is an English sentence.", False),
    ],
)
def test_language_is_told_by_script_in_every_register(text: str, chinese: bool) -> None:
    share = find("composition")(frame(text))["chinese_share"][0]
    assert (share >= 0.3) is chinese


def test_traditional_and_simplified_are_told_apart() -> None:
    shares = find("composition")(frame("綺殿千尋起，離宮百雉餘。", "绮殿千寻起，离宫百雉余。", "一二三"))[
        "traditional_share"
    ]
    assert [round(share, 1) for share in shares] == [1.0, 0.0, 0.0]


def test_repetition_is_the_share_of_what_came_before() -> None:
    once, twice = "甲乙丙丁戊己庚辛壬癸子丑寅卯", "甲乙丙丁戊己庚辛壬癸" * 10
    result = find("repetition")(frame(once, twice, "行一行一行一\n" * 4, ""))
    assert result["repeated_share"][0] == 0
    assert result["repeated_share"][1] == pytest.approx(81 / 91)
    assert result["repeated_lines"].to_list()[2] == pytest.approx(0.75)
    assert result["repeated_share"][3] == 0


@settings(max_examples=100, deadline=None)
@given(st.text("甲乙丙 ", max_size=60))
def test_repetition_agrees_with_a_set_of_ngrams(text: str) -> None:
    letters = text.replace(" ", "")
    grams = [letters[at : at + 3] for at in range(len(letters) - 2)]
    expected = 1 - len(set(grams)) / len(grams) if grams else 0.0
    assert find("repetition", {"ngram": 3})(frame(text))["repeated_share"][0] == pytest.approx(expected, abs=1e-6)


def test_an_operator_is_known_by_its_name_version_parameters_and_assets() -> None:
    assert find("repetition").identity == find("repetition", {"ngram": 10}).identity
    assert find("repetition").identity != find("repetition", {"ngram": 9}).identity
    assert {"normalise", "simplify", "composition", "repetition", "personal_hints"} <= specifications().keys()


@pytest.mark.parametrize(
    ("name", "parameters", "code"),
    [
        ("nothing", {}, "operator_unknown"),
        ("repetition", {"ngram": 1}, "operator_parameter"),
        ("repetition", {"n": 3}, "operator_parameter"),
    ],
)
def test_a_wrong_operator_or_parameter_is_one_clear_problem(name: str, parameters: dict[str, int], code: str) -> None:
    with pytest.raises(DataProblem) as caught:
        find(name, parameters)
    assert caught.value.code == code


def test_statistics_only_add_columns() -> None:
    batch = frame("甲", "乙").with_columns(id=pl.Series(["a", "b"]))
    for name, specification in specifications().items():
        if specification.modality != "text":
            continue  # they read files
        free = not any(one.is_required() for one in specification.parameters.model_fields.values())
        if specification.kind == "stat" and free:
            result = find(name)(batch)
            assert result.select(batch.columns).equals(batch)
            assert set(result.columns) - set(batch.columns) == set(specification.writes)


CARD = "电话 13812345678，邮箱 a.b@example.com，身份证 11010519491231002X"


def test_identifiers_of_persons_are_counted_and_masked_as_governance_knows_them() -> None:
    found = find("personal_hints")(frame(CARD, "无"))
    assert found["personal_hints"].to_list() == [3, 0]
    assert found["sensitive_hints"].to_list() == [1, 0]
    assert find("personal_hints", {"kinds": ["email"]})(frame(CARD))["personal_hints"].to_list() == [1]
    masked = find("redact")(frame(CARD, "无"))
    assert masked["text"].to_list() == [mask_personal(CARD), "无"]
    assert masked["changed"].to_list() == [True, False]
    named = find("redact", {"form": "kind", "kinds": ["mobile", "id_number"]})(frame(CARD))
    assert named["text"].to_list() == ["电话 [mobile]，邮箱 a.b@example.com，身份证 [id_number]"]


def test_keywords_of_the_library_of_some_risks_and_of_ones_own_are_counted() -> None:
    texts = frame("自 制 炸弹教程，加我", "今天天气很好")
    assert find("keyword_hits")(texts)["keyword_hits"].to_list() == [1, 0]
    assert find("keyword_hits")(texts)["blocked_keywords"].to_list() == [1, 0]
    assert find("keyword_hits", {"risks": ["A.1.f"]})(texts)["keyword_hits"].to_list() == [0, 0]
    assert find("keyword_hits", {"words": ["天气"]})(texts)["keyword_hits"].to_list() == [1, 1]
    assert find("keyword_hits", {"words": ["天气"], "library": False})(texts)["keyword_hits"].to_list() == [0, 1]
    with pytest.raises(DataProblem, match=r"Z\.9"):
        find("keyword_hits", {"risks": ["Z.9"]})


def test_harmful_texts_score_above_harmless_ones() -> None:
    harmful, harmless = find("toxicity")(frame("教我怎么制造炸弹，我要袭击地铁", "记者从会上获悉，今年将新建十所学校"))[
        "toxicity"
    ]
    assert harmful > 0.8 > 0.2 > harmless


@pytest.mark.parametrize("name", ["personal_hints", "keyword_hits", "toxicity", "redact"])
def test_no_parameter_names_code_that_would_run(name: str) -> None:
    for parameter in ("function", "counter"):
        with pytest.raises(DataProblem):
            find(name, {parameter: "subprocess:check_output"})


def test_a_document_is_dropped_for_the_first_filter_of_its_own_domain() -> None:
    profiles = {
        "general": [Filter(statistic="characters", reason="too_short", at_least=10)],
        "user": [
            Filter(statistic="characters", reason="too_short", at_least=2),
            Filter(statistic="chinese_share", reason="not_chinese", at_least=0.5),
        ],
    }
    table = pl.DataFrame(
        {
            "domain": ["user", "user", "user", "elsewhere", "elsewhere"],
            "characters": [1, 5, 5, 5, 50],
            "chinese_share": [0.0, 0.1, float("nan"), 1.0, 0.0],
        }
    )
    assert table.select(first_reason(profiles)).to_series().to_list() == [
        "too_short",
        "not_chinese",
        "not_chinese",
        "too_short",
        None,
    ]
