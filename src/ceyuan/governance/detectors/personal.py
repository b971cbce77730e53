"""Personal information in Chinese text: identifiers found by form and confirmed by their check digits.

Resident identity numbers: GB 11643-1999 (ISO 7064 MOD 11-2, date, province). Unified social credit codes:
GB 32100-2015. Payment cards: Luhn (ISO/IEC 7812-1) and issuer prefix. Names and addresses are not covered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal[
    "id_number", "mobile", "landline", "email", "bank_card", "credit_code", "passport", "plate", "ip_address"
]
KINDS: dict[str, tuple[str, str]] = {
    "id_number": ("居民身份号码", "resident identity numbers"),
    "mobile": ("手机号码", "mobile numbers"),
    "landline": ("固定电话号码", "landline numbers"),
    "email": ("电子邮箱", "e-mail addresses"),
    "bank_card": ("银行卡号", "bank card numbers"),
    "credit_code": ("统一社会信用代码", "unified social credit codes"),
    "passport": ("护照号码", "passport numbers"),
    "plate": ("车牌号", "number plates"),
    "ip_address": ("IP 地址", "IP addresses"),
}
"""Each kind in both languages."""
_PROVINCES = frozenset(
    int(p) for p in re.findall("..", "1112131415212223313233343536374142434445465051525354616263646571818283")
)
_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True, slots=True)
class PersonalInformation:
    """One identifier at [start, end) of the text; `sensitive` by PIPL Art. 28 (financial accounts, identity)."""

    kind: Kind
    start: int
    end: int
    sensitive: bool


def _is_id_number(text: str) -> bool:
    if int(text[:2]) not in _PROVINCES:
        return False
    try:
        born = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    if not 1900 <= born.year <= 2100:
        return False
    total = sum(int(d) * (2 ** (17 - i) % 11) for i, d in enumerate(text[:17]))
    return "10X98765432"[total % 11] == text[17].upper()


def _is_credit_code(text: str) -> bool:
    if any(c not in _CODE for c in text):
        return False
    total = sum(_CODE.index(c) * (3**i % 31) for i, c in enumerate(text[:17]))
    return _CODE[(31 - total % 31) % 31] == text[17] and not text.isdecimal()


def _is_bank_card(text: str) -> bool:
    digits = re.sub(r"[ -]", "", text)
    if not 16 <= len(digits) <= 19 or not digits.startswith(("62", "4", "5", "35", "37", "60")):
        return False
    total = 0
    for i, d in enumerate(reversed(digits)):
        n = int(d) * (2 if i % 2 else 1)
        total += n - 9 if n > 9 else n
    return total % 10 == 0


def _is_public_address(text: str) -> bool:
    parts = [int(p) for p in text.split(".")]
    return all(p <= 255 for p in parts) and parts[0] not in (0, 10, 127, 255)


_EDGE, _END = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
_RULES: tuple[tuple[Kind, re.Pattern[str], Callable[[str], bool], bool], ...] = (
    ("id_number", re.compile(rf"{_EDGE}[1-8]\d{{16}}[0-9Xx]{_END}"), _is_id_number, True),
    (
        "credit_code",
        re.compile(rf"{_EDGE}[0-9A-HJ-NP-RTUWXY]{{2}}\d{{6}}[0-9A-HJ-NP-RTUWXY]{{10}}{_END}"),
        _is_credit_code,
        False,
    ),
    ("bank_card", re.compile(rf"{_EDGE}\d{{4}}(?:[ -]?\d{{4}}){{3}}(?:[ -]?\d{{1,3}})?{_END}"), _is_bank_card, True),
    (
        "mobile",
        re.compile(
            rf"(?:(?<![0-9A-Za-z.])|(?<=\+86)|(?<=\+86[ -]))"
            rf"1(?:3\d|4[5-9]|5[0-35-9]|6[2567]|7[0-8]|8\d|9[0-35-9])[ -]?\d{{4}}[ -]?\d{{4}}{_END}"
        ),
        lambda _: True,
        False,
    ),
    (
        "landline",
        re.compile(rf"{_EDGE}0(?:10|2[0-57-9]|[3-9]\d{{2}})-\d{{7,8}}(?:-\d{{1,5}})?{_END}"),
        lambda _: True,
        False,
    ),
    (
        "email",
        re.compile(r"(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}(?![\w-])", re.ASCII),
        lambda _: True,
        False,
    ),
    (
        "passport",
        re.compile(rf"(?<=护照)[^0-9A-Za-z]{{0,6}}([EG][A-HJ-NP-Z0-9]?\d{{7,8}}){_END}"),
        lambda _: True,
        True,
    ),
    (
        "plate",
        re.compile(
            r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
            r"[A-HJ-NP-Z][·. ]?[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳](?![0-9A-Za-z])"
        ),
        lambda text: any(c.isdecimal() for c in text),
        False,
    ),
    ("ip_address", re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"), _is_public_address, False),
)


def _halfwidth(text: str) -> str:
    """Full-width digits and letters become plain ones; the length does not change."""
    plain = "".join(unicodedata.normalize("NFKC", c) if "！" <= c <= "～" else c for c in text)
    return plain if len(plain) == len(text) else text


def find_personal(text: str) -> list[PersonalInformation]:
    """All identifiers, in the order of the text; of overlapping ones the first rule's is kept."""
    plain = _halfwidth(text) if not text.isascii() else text
    found: list[PersonalInformation] = []
    for kind, pattern, confirm, sensitive in _RULES:
        for match in pattern.finditer(plain):
            group = match.lastindex or 0
            start, end = match.span(group)
            if confirm(match[group]) and not any(f.start < end and start < f.end for f in found):
                found.append(PersonalInformation(kind, start, end, sensitive))
    return sorted(found, key=lambda f: f.start)


def mask_personal(text: str, found: list[PersonalInformation] | None = None) -> str:
    """The text with each identifier replaced by asterisks, its first three and last two characters kept where it
    is long enough that they do not give it away."""
    pieces, last = [], 0
    for one in find_personal(text) if found is None else found:
        value = text[one.start : one.end]
        shown = (
            value[:3] + "*" * (len(value) - 5) + value[-2:]
            if len(value) >= 11 and not one.sensitive
            else "*" * len(value)
        )
        pieces += [text[last : one.start], shown]
        last = one.end
    return "".join([*pieces, text[last:]])
