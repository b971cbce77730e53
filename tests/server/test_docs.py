"""The reference pages are made from the program: a setting, route or command without words fails here."""

from __future__ import annotations

import pytest
from scripts.reference import PAGES, REFERENCE


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_reference_page_is_current(name: str) -> None:
    assert (REFERENCE / name).read_text(encoding="utf-8") == PAGES[name](), "run make docs"
