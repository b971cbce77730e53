"""Names of people and organisations."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceyuan.identity.errors import NameInvalid, NameReserved
from ceyuan.identity.names import ReservedNames, check_name, clean_text, name_key
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.platform import Platform


class _Reserving:
    """As much of a platform as `check_name` asks for."""

    def __init__(self, *paths: str) -> None:
        self._reserved = ReservedNames.from_paths(paths)

    def find(self, _hook: type[object]) -> list[ReservedNames]:
        return [self._reserved]


PLATFORM: Platform = _Reserving("/api/v1/people", "/v1/models", "/{owner}/{name}", "/console/{path:path}", "/")  # type: ignore[assignment]


@pytest.mark.parametrize("name", ["li", "Wang-Wei", "lab_7", "a.b.c", "x" * 39, "1984"])
def test_a_name_is_letters_and_digits_with_single_marks_between(name: str) -> None:
    assert check_name(PLATFORM, name) == name


@pytest.mark.parametrize("name", ["", "a", "x" * 40, "-li", "li-", "a--b", "a b", "李", "a/b", "..", "a.git", "li\n"])
def test_other_names_cannot_stand_in_an_address(name: str) -> None:
    with pytest.raises(NameInvalid):
        check_name(PLATFORM, name)


@pytest.mark.parametrize("name", ["api", "API", "v1", "Console"])
def test_first_segments_of_routes_are_reserved_whatever_their_case(name: str) -> None:
    with pytest.raises(NameReserved):
        check_name(PLATFORM, name, official=True)


def test_a_parameter_reserves_nothing() -> None:
    assert ReservedNames.from_paths(["/{owner}/{name}", "/"]).names == frozenset()


def test_names_of_staff_are_for_the_platform_alone() -> None:
    with pytest.raises(NameReserved):
        check_name(PLATFORM, "Admin")
    assert check_name(PLATFORM, "admin", official=True) == "admin"


def test_a_name_cannot_be_taken_for_an_id() -> None:
    with pytest.raises(NameReserved):
        check_name(PLATFORM, new_id("org"))


@given(st.text(max_size=60))
def test_whatever_is_accepted_is_one_safe_path_segment(text: str) -> None:
    try:
        name = check_name(PLATFORM, text)
    except (NameInvalid, NameReserved):
        return
    assert Path(name).name == name
    assert name.isascii()
    assert name_key(name) == name.lower()


def test_texts_lose_what_nobody_sees() -> None:
    assert clean_text("  a\u202eb\x00c\u200b ") == "abc"
    assert clean_text("one\ntwo", lines=True) == "one\ntwo"
    assert clean_text("e\u0301") == "é"
