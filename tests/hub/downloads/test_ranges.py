"""Byte ranges and validators."""

from __future__ import annotations

import pytest

from ceyuan.hub.downloads.ranges import Unsatisfiable, matches_any, parse_range, range_still_fits
from ceyuan.hub.downloads.types import BINARY, content_type, disposition

TEXT = "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None), ("", None), ("bytes=0-9", (0, 10)), ("bytes=5-", (5, 100)), ("bytes=-7", (93, 100)),
        ("bytes=-1000", (0, 100)), ("bytes=90-1000", (90, 100)), ("bytes=0-0", (0, 1)), (" bytes = 1 - 2 ", (1, 3)),
        ("bytes=-", None), ("bytes=9-1", None), ("items=0-1", None), ("bytes=0-1,4-5", None), ("bytes=a-b", None),
        ("bytes=0-" + "9" * 30, None),
    ],
)  # fmt: skip
def test_a_range_is_read_as_the_standard_says(header: str | None, expected: tuple[int, int] | None) -> None:
    assert parse_range(header, 100) == expected


@pytest.mark.parametrize(("header", "size"), [("bytes=100-", 100), ("bytes=0-", 0), ("bytes=-0", 100), ("bytes=-5", 0)])
def test_a_range_beyond_the_content_cannot_be_served(header: str, size: int) -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(header, size)


def test_validators_are_compared_as_the_standard_says() -> None:
    assert matches_any('"a", W/"b"', '"b"')
    assert matches_any("*", '"x"')
    assert not matches_any('"a"', '"b"')
    assert not matches_any(None, '"b"')
    assert range_still_fits(None, '"a"')
    assert not range_still_fits('W/"a"', '"a"')


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("x/page.html", TEXT), ("a.JS", TEXT), ("LICENSE", TEXT), ("a.PNG", "image/png"),
        ("weights.safetensors", BINARY), ("noextension", BINARY),
    ],
)  # fmt: skip
def test_nothing_is_sent_as_what_a_browser_would_run(path: str, expected: str) -> None:
    assert content_type(path) == expected


def test_a_file_keeps_its_name_in_every_script() -> None:
    assert disposition('数据/报告 "1".csv', attachment=True) == (
        "attachment; filename=\"__ _1_.csv\"; filename*=UTF-8''%E6%8A%A5%E5%91%8A%20%221%22.csv"
    )
