"""Kinds of organisations, and the check character of their unified social credit code."""

from __future__ import annotations

from typing import Literal

from ceyuan.kernel.errors import Invalid, Text

FoundedKind = Literal[
    "company", "lab", "university", "institute", "hospital", "park", "government", "association", "other"
]
"""What somebody may found; `personal` namespaces come with their person."""
Kind = Literal[FoundedKind, "personal"]

KINDS: dict[str, Text] = {
    "company": ("企业", "Company"),
    "lab": ("实验室", "Laboratory"),
    "university": ("高校", "University"),
    "institute": ("科研院所", "Research institute"),
    "hospital": ("医院", "Hospital"),
    "park": ("园区", "Park"),
    "government": ("政府部门", "Government body"),
    "association": ("社会组织", "Association"),
    "other": ("其他", "Other"),
    "personal": ("个人空间", "Personal namespace"),
}

_CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def check_credit_code(text: str) -> str:
    """The 18 characters of a unified social credit code (GB 32100-2015), upper case.

    The last is a check character: with weights 3^(i-1) mod 31 over the first 17, C18 = (31 - sum mod 31) mod 31.
    Raises `Invalid` where length, alphabet or check character are wrong.
    """
    code = text.strip().upper()
    if len(code) == 18 and all(c in _CODE_ALPHABET for c in code):
        total = sum(_CODE_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(code[:17]))
        if _CODE_ALPHABET[(31 - total % 31) % 31] == code[17]:
            return code
    raise Invalid(
        ("统一社会信用代码有误", "the unified social credit code is wrong"),
        hint=("请核对 18 位代码(GB 32100-2015)", "check the 18 characters (GB 32100-2015)"),
    )
