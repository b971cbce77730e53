"""Which passwords are accepted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceyuan.identity.credentials import readable_password
from ceyuan.identity.errors import WeakPassword
from ceyuan.identity.passwords.rules import check_password


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "四季 harbour lanterns 42",
        "床前明月光疑是地上霜举头望明月",
        "kX9#vQ2!mT7z",
        "my cat sleeps at noon",
    ],
)
def test_sentences_and_random_characters_pass(password: str) -> None:
    assert check_password(password, min_length=12) == password


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "Password123456!",
        "P@ssw0rd2026!!",
        "aaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "qwertyuiop1234567890",
        "1qaz2wsx3edc4rfv",
        "admin-admin-2026",
        "woaini5201314woaini",
        "ceyuan-ceyuan-ceyuan",
    ],
)
def test_what_guessers_try_first_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        check_password(password, min_length=12)


def test_the_person_s_own_names_do_not_count() -> None:
    with pytest.raises(WeakPassword):
        check_password("zhuge.liang-zhuge1", min_length=12, personal=["Zhuge Liang", "zhuge@example.cn"])


def test_an_endless_password_is_refused() -> None:
    with pytest.raises(WeakPassword):
        check_password("长" * 257, min_length=12)


def test_the_same_keys_give_the_same_password_on_every_system() -> None:
    assert check_password("cafe\u0301 au lait noir", min_length=12) == check_password(
        "café au lait noir", min_length=12
    )


def test_the_first_password_keeps_its_own_rules() -> None:
    for _ in range(50):
        check_password(readable_password(), min_length=12)


@given(st.text(max_size=80))
def test_any_text_is_judged(text: str) -> None:
    try:
        accepted = check_password(text, min_length=12)
    except WeakPassword:
        return
    assert len(accepted) >= 12
