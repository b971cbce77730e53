"""From text to terms: folding of characters, then unigrams and bigrams as 64-bit keys."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the control plane names indexes without NumPy; it is loaded with the first text
    import numpy as np
    import numpy.typing as npt

    Keys = npt.NDArray[np.int64]

_SHIFT = 21
"""A Unicode code point has 21 bits; a bigram's key is its two code points side by side, plus one bit."""
_BIGRAM = 1 << 42


@cache
def _simplified() -> dict[int, str]:
    """Traditional → simplified, character by character, from OpenCC's table (first candidate)."""
    table = {}
    text = files("opencc").joinpath("dictionary/TSCharacters.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        traditional, _, simplified = line.partition("\t")
        if len(traditional) == 1 and simplified:
            table[ord(traditional)] = simplified.split(" ")[0]
    return table


def fold(text: str) -> str:
    """One form for what readers take as the same: NFKC, simplified characters, lower case."""
    return unicodedata.normalize("NFKC", text).translate(_simplified()).lower()


@cache
def _is_term_table() -> npt.NDArray[np.bool_]:
    """Which code points are letters or digits; all else separates."""
    import numpy as np

    return np.fromiter(
        (unicodedata.category(chr(c))[0] in "LN" for c in range(0x110000)), dtype=np.bool_, count=0x110000
    )


def _codes(text: str) -> npt.NDArray[np.int64]:
    import numpy as np

    return np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32).astype(np.int64)


def corpus_terms(texts: Sequence[str]) -> tuple[Keys, npt.NDArray[np.int64]]:
    """Terms of all texts at once: keys, and for each key the number of the text that it stands in.

    A bigram never crosses a separator or the border of two texts.
    """
    import numpy as np

    folded = [fold(text) for text in texts]
    codes = _codes("\x00".join(folded))
    ends = np.cumsum([len(text) + 1 for text in folded])
    owner = np.searchsorted(ends, np.arange(len(codes)), side="right")
    solid = _is_term_table()[codes]
    pairs = solid[:-1] & solid[1:]
    bigrams = _BIGRAM | (codes[:-1][pairs] << _SHIFT) | codes[1:][pairs]
    return np.concatenate([codes[solid], bigrams]), np.concatenate([owner[solid], owner[:-1][pairs]])


def query_terms(text: str) -> Keys:
    """The distinct terms of a query."""
    import numpy as np

    keys, _ = corpus_terms([text])
    return np.unique(keys)


def is_bigram(keys: Keys) -> npt.NDArray[np.bool_]:
    """Which keys are bigrams."""
    return keys >= _BIGRAM


def term_text(key: int) -> str:
    """The characters of a key."""
    if key >= _BIGRAM:
        return chr((key >> _SHIFT) & ((1 << _SHIFT) - 1)) + chr(key & ((1 << _SHIFT) - 1))
    return chr(key)
