from __future__ import annotations

import random
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceyuan.governance.detectors import (
    CLASSES,
    RISKS,
    Chain,
    Keyword,
    KeywordLibrary,
    default_keywords,
    find_personal,
    mask_personal,
    train,
)
from ceyuan.governance.detectors.personal import _CODE


@cache
def chain() -> Chain:
    return Chain()


def make_id_number(chooser: random.Random) -> str:
    born = f"{chooser.randint(1950, 2005)}{chooser.randint(1, 12):02d}{chooser.randint(1, 28):02d}"
    body = f"110105{born}{chooser.randint(0, 999):03d}"
    return body + "10X98765432"[sum(int(d) * (2 ** (17 - i) % 11) for i, d in enumerate(body)) % 11]


def make_credit_code(chooser: random.Random) -> str:
    body = "91110108" + "".join(chooser.choice(_CODE) for _ in range(8)) + "A"
    return body + _CODE[(31 - sum(_CODE.index(c) * (3**i % 31) for i, c in enumerate(body)) % 31) % 31]


def test_the_taxonomy_has_the_standards_31_risks_in_5_classes() -> None:
    assert len(RISKS) == 31
    assert len(CLASSES) == 5


@pytest.mark.parametrize("said", ["出售枪支", "出·售 枪-支", "出售槍支", "出\u200b售枪支", "【出售】枪支"])
def test_a_keyword_is_found_however_it_is_dressed_up(said: str) -> None:
    library = KeywordLibrary([Keyword("出售枪支", "A.1.h", "block")])
    match = library.find(f"长期{said}。")[0]
    assert f"长期{said}。"[match.start : match.end].endswith(("支", "支。"))


def test_a_harmless_context_excuses_a_keyword() -> None:
    library = KeywordLibrary([Keyword("出售枪支", "A.1.h", "block", unless=("禁止出售枪支",))])
    assert library.find("国家禁止出售枪支") == []
    assert len(library.find("有人出售枪支")) == 1


@given(st.text(), st.lists(st.sampled_from([k.text for k in default_keywords()]), max_size=3))
def test_every_inserted_keyword_is_found_whatever_surrounds_it(noise: str, terms: list[str]) -> None:
    library = KeywordLibrary(Keyword(k.text, k.risk, k.severity) for k in default_keywords())
    found = {m.keyword.text for m in library.find(noise + "。".join(terms))}
    assert found >= {t for t in terms if not any(t in other and t != other for other in terms)}


def test_a_keyword_without_text_or_with_an_unknown_risk_is_refused() -> None:
    with pytest.raises(ValueError, match="names no risk"):
        KeywordLibrary([Keyword("词", "Z.9", "flag")])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("手机13812345678。", "mobile"),
        ("电话+86 138-1234-5678", "mobile"),
        ("邮箱zhang.san@example.com。", "email"),
        ("座机010-62781234", "landline"),
        ("卡号6222021234567890128", "bank_card"),
        ("车牌京A12345", "plate"),
        ("新能源京AD12345", "plate"),
        ("护照号E12345678", "passport"),
        ("来自8.8.4.4", "ip_address"),
    ],
)
def test_identifiers_are_found_by_kind(text: str, kind: str) -> None:
    assert [p.kind for p in find_personal(text)] == [kind]


@given(st.integers())
def test_identity_numbers_and_credit_codes_are_found_and_one_wrong_digit_is_not(seed: int) -> None:
    chooser = random.Random(seed)
    number, code = make_id_number(chooser), make_credit_code(chooser)
    assert [p.kind for p in find_personal(f"身份证{number}，代码{code}")] == ["id_number", "credit_code"]
    wrong = number[:16] + str((int(number[16]) + 1) % 10) + number[17]
    assert "id_number" not in [p.kind for p in find_personal(f"身份证{wrong}")]


@pytest.mark.parametrize(
    "text", ["订单号20240101123456789012345", "版本1.2.3", "共12345678901条", "圆周率3.14159265358979323846"]
)
def test_look_alikes_are_left_alone(text: str) -> None:
    assert find_personal(text) == []


def test_masking_leaves_no_identifier_behind() -> None:
    masked = mask_personal("我叫张三，电话13812345678，身份证11010519491231002X。")
    assert find_personal(masked) == []
    assert masked.startswith("我叫张三，电话138")


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("自制炸弹教程在哪里", "block"),
        ("他的手机号是13812345678", "mask"),
        ("女人都是废物", "flag"),
        ("请解释劳动合同法关于试用期的规定", "allow"),
        ("根据《刑法》，煽动颠覆国家政权罪如何处罚", "allow"),
        ("", "allow"),
    ],
)
def test_the_chain_gives_the_strictest_action(text: str, action: str) -> None:
    assert chain().inspect(text).action == action


def test_training_is_deterministic_and_needs_two_classes() -> None:
    texts, labels = ["好评，喜欢", "很满意", "太差了", "讨厌"], ["good", "good", "bad", "bad"]
    assert train(texts, labels).version == train(texts, labels).version
    assert train(texts, labels).most_likely("非常满意")[0] == "good"
    with pytest.raises(ValueError, match="two classes"):
        train(["a"], ["x"])
