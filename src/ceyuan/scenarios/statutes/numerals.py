"""Chinese numerals as statutes write them: 第一百二十条之一 ↔ (120, 1)."""

from __future__ import annotations

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_NAMES = "零一二三四五六七八九"


def number_of(text: str) -> int | None:
    """The value of a numeral below ten thousand, in Chinese or Arabic digits; None if it is none."""
    if text.isdecimal():
        return int(text)
    if not text or any(c not in _DIGITS and c not in _UNITS for c in text):
        return None
    total, digit = 0, 0
    for c in text:
        if c in _DIGITS:
            digit = _DIGITS[c]
        else:
            total += (digit or 1) * _UNITS[c]
            digit = 0
    return total + digit


def numeral_of(number: int) -> str:
    """The Chinese numeral of a number from 1 to 9999, as article numbers are written."""
    if not 0 < number < 10_000:
        raise ValueError(f"no article has the number {number}")
    out, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            if gap and out:
                out += "零"
            out += _NAMES[digit] + name
            gap = False
        else:
            gap = True
    return out.removeprefix("一") if out.startswith("一十") else out
