from __future__ import annotations

import pytest

from ceyuan.hub.licences import TERMS, conflicts, detect, normal


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("                 Apache License\n           Version 2.0, January 2004", "apache-2.0"),
        ("# SPDX-License-Identifier: GPL-3.0-or-later\nprint()", "gpl-3.0"),
        ("GNU AFFERO GENERAL PUBLIC LICENSE\n Version 3, 19 November 2007", "agpl-3.0"),
        ("GNU LESSER GENERAL PUBLIC LICENSE\n Version 3\n see the GNU General Public License", "lgpl-3.0"),
        ("Attribution-NonCommercial 4.0 International", "cc-by-nc-4.0"),
        ("Creative Commons Attribution 4.0 International Public License", "cc-by-4.0"),
        ("木兰宽松许可证,第2版", "mulanpsl-2.0"),
        ("All rights reserved.", None),
    ],
)
def test_a_text_is_known_by_its_tag_its_title_or_its_own_words(text: str, licence: str | None) -> None:
    assert detect(text) == licence


def test_other_spellings_are_the_same_licence() -> None:
    assert [normal(name) for name in ("Apache-2.0", "GPL-3.0-only", "apache 2.0")] == [
        "apache-2.0",
        "gpl-3.0",
        "apache-2.0",
    ]


@pytest.mark.parametrize(
    ("result", "source", "codes"),
    [
        ("apache-2.0", "mit", []),
        ("apache-2.0", "gpl-3.0", ["share_alike"]),
        ("agpl-3.0", "gpl-3.0", []),
        ("mit", "cc-by-nc-4.0", ["non_commercial"]),
        ("cc-by-nc-4.0", "cc-by-nc-4.0", []),
        ("apache-2.0", "cc-by-nc-sa-4.0", ["non_commercial", "share_alike"]),
        ("cc-by-nd-4.0", "cc-by-nd-4.0", ["no_derivatives"]),
        ("apache-2.0", "llama3.1", ["use_limits"]),
        ("other", "cc-by-nc-4.0", []),
        ("mit", "something-own", []),
    ],
)
def test_duties_are_passed_on(result: str, source: str, codes: list[str]) -> None:
    assert [conflict.code for conflict in conflicts(result, [("lab/base", source)])] == codes


def test_every_licence_goes_with_itself_unless_it_forbids_derived_works() -> None:
    for name, terms in TERMS.items():
        assert bool(conflicts(name, [("x", name)])) is not terms.derivatives
