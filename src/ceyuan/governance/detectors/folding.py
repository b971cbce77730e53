"""Folding: what evaders change without changing what is read, with a way back to the original positions.

NFKC, case, traditional → simplified; zero-width characters, combining marks, white space, punctuation and
symbols are dropped, so that 炸·弹 and 炸弹 are one.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@cache
def _simplified() -> dict[str, str]:
    table = {}
    text = files("opencc").joinpath("dictionary/TSCharacters.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        traditional, _, simplified = line.partition("\t")
        if len(traditional) == 1 and simplified:
            table[traditional] = simplified.split(" ")[0]
    return table


class _Forms(dict[int, str]):
    """Code point → what is left of it: nothing, itself, or its plain form; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFKC", chr(code)).lower()
        form = "".join(_simplified().get(c, c) for c in plain if unicodedata.category(c)[0] in "LN")
        self[code] = form
        return form


_forms = _Forms()


def fold(text: str) -> str:
    """The folded text."""
    return text.translate(_forms)


def positions_of(text: str) -> npt.NDArray[np.int32]:
    """For each character of `fold(text)`, the index of the original character that it came from."""
    import numpy as np

    lengths = np.fromiter((len(_forms[ord(c)]) for c in text), dtype=np.int32, count=len(text))
    return np.repeat(np.arange(len(text), dtype=np.int32), lengths)
