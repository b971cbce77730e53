"""Tables by code point that the kernels look characters up in: their class, their script, their folded form.

Classes follow the Unicode general categories, with Han taken by block, so that 一, 上 and 士 are Chinese
characters and 《》 punctuation, never "special". The traditional-to-simplified pairs are OpenCC's.
"""

import hashlib
import unicodedata
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

__all__ = [
    "CLASSES",
    "LIMIT",
    "character_classes",
    "folded_characters",
    "script_sides",
    "simplified_pairs",
    "tables_identity",
]

CLASSES = ("han", "kana", "hangul", "latin", "other_letter", "digit", "space", "punctuation", "symbol", "odd")
"""Names of the classes, by number. ``odd``: control, private-use, unassigned and replacement characters."""

LIMIT = 0x40000  # beyond lie only tags, variation selectors and private use
_HAN = (
    (0x2E80, 0x2FDF),
    (0x3005, 0x3007),
    (0x3021, 0x3029),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x323AF),
)
_UNFOLDED = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0x20000, 0x2F7FF))
"""Blocks of Han and Hangul without compatibility forms or cases; leaving them out makes folding cheap."""
_KANA = ((0x3041, 0x3096), (0x309D, 0x309F), (0x30A1, 0x30FA), (0x30FC, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9D))
_HANGUL = ((0x1100, 0x11FF), (0x3131, 0x318E), (0xA960, 0xA97C), (0xAC00, 0xD7A3), (0xD7B0, 0xD7FB))
_LATIN = ((0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x24F), (0x1E00, 0x1EFF), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A))
_BY_CATEGORY = {"L": 4, "M": 4, "N": 5, "Z": 6, "P": 7, "S": 8, "C": 9}


@cache
def character_classes() -> npt.NDArray[np.uint8]:
    """Class number for each code point below 0x40000; the last entry stands for all above."""
    table = np.array([_BY_CATEGORY[unicodedata.category(chr(code))[0]] for code in range(LIMIT)], np.uint8)
    for number, blocks in enumerate((_HAN, _KANA, _HANGUL, _LATIN)):
        for first, last in blocks:
            table[first : last + 1] = number
    table[[0xD7, 0xF7]] = CLASSES.index("symbol")  # × and ÷ lie among the Latin letters
    for code in b"\t\n\v\f\r":
        table[code] = CLASSES.index("space")
    table[0xFFFD] = CLASSES.index("odd")
    return table


@cache
def simplified_pairs() -> dict[str, str]:
    """Traditional characters and phrases with their simplified form (OpenCC's TSCharacters and TSPhrases)."""
    folder = files("opencc") / "dictionary"
    pairs: dict[str, str] = {}
    for name in ("TSCharacters.txt", "TSPhrases.txt"):
        for line in (folder / name).read_text("utf-8").splitlines():
            written, _, simplified = line.partition("\t")
            if simplified and not line.startswith("#"):
                pairs[written] = simplified.split(" ")[0]
    return pairs


@cache
def script_sides() -> npt.NDArray[np.uint8]:
    """1 for characters that only traditional text uses, 2 for those only simplified text uses, else 0."""
    table = np.zeros(LIMIT, np.uint8)
    pairs = {written: simplified for written, simplified in simplified_pairs().items() if len(written) == 1}
    simplified_forms = set(pairs.values())
    for written, simplified in pairs.items():
        if written != simplified and written not in simplified_forms and ord(written) < LIMIT:
            table[ord(written)] = 1
            if simplified not in pairs and len(simplified) == 1 and ord(simplified) < LIMIT:
                table[ord(simplified)] = 2
    # A simplified form that traditional text writes too (后, 里, 干) tells nothing.
    for form in _shared_forms():
        table[ord(form)] = 0
    return table


@cache
def folded_characters() -> npt.NDArray[np.uint32]:
    """The form a character is compared in: compatibility form, lower case, simplified; 0 where it is left out.

    Left out are spaces, punctuation, symbols and odd characters, so that two printings of one text differ
    in nothing.
    """
    compared = character_classes() <= CLASSES.index("digit")
    table = np.where(compared, np.arange(LIMIT, dtype=np.uint32), np.uint32(0))
    folding = compared.copy()
    for first, last in _UNFOLDED:
        folding[first : last + 1] = False
    for code in np.flatnonzero(folding).tolist():
        table[code] = ord(unicodedata.normalize("NFKC", chr(code)).casefold()[0])
    simple = np.arange(LIMIT, dtype=np.uint32)
    for written, simplified in simplified_pairs().items():
        if len(written) == 1 and ord(written) < LIMIT:
            simple[ord(written)] = ord(simplified[0])
    return np.where(table < LIMIT, simple[np.minimum(table, LIMIT - 1)], table).astype(np.uint32)


@cache
def tables_identity() -> str:
    """A hash of the tables: they depend on Unicode's version and on OpenCC's pairs."""
    digest = hashlib.sha256(character_classes().tobytes())
    digest.update(folded_characters().tobytes())
    digest.update(script_sides().tobytes())
    return digest.hexdigest()[:16]


def _shared_forms() -> frozenset[str]:
    folder = files("opencc") / "dictionary"
    shared: set[str] = set()
    for line in (folder / "STCharacters.txt").read_text("utf-8").splitlines():
        written, _, traditional = line.partition("\t")
        if len(written) == 1 and written in traditional.split(" "):
            shared.add(written)
    return frozenset(form for form in shared if ord(form) < LIMIT)
