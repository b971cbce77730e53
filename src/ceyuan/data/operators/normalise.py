"""Normalisation: the same text in the same bytes, with the typography of the original left as it is."""

import re
import unicodedata
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from ceyuan.data.operators.characters import LIMIT, simplified_pairs, tables_identity
from ceyuan.data.operators.kernels import untidy
from ceyuan.data.operators.operator import Nothing, Parameters, operator
from ceyuan.data.operators.texts import Texts

__all__ = ["Normalise", "normalise", "simplified", "simplify"]

_Form = Literal["NFC", "NFKC", "none"]
# Controls but tab and line feed; zero-width characters; byte-order mark; interlinear and tag characters.
_UNSEEN = "[\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\x7F-\\x9F\u00ad\u200b\u2060\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"


class Normalise(Parameters):
    """``form``: the Unicode form to bring text into; NFKC also rewrites full-width signs and is for search only."""

    form: _Form = "NFC"


@operator("normalise", title=("规范化", "normalise"), kind="map", parameters=Normalise, cost=200.0)
def normalise(batch: pl.DataFrame, parameters: Normalise) -> pl.DataFrame:
    """One Unicode form and one kind of line end; no unseen characters, no space at line ends, no runs of empty lines.

    Punctuation, full-width digits and spaces inside a line stay byte for byte. ``changed`` says which rows differ.
    """
    texts = batch["text"]
    view = Texts.of(texts)
    kinds = untidy(view.data, view.offsets, _risky(parameters.form))
    suspects = kinds > 0
    before = batch["changed"] if "changed" in batch.columns else pl.lit(False)
    if not suspects.any():
        return batch.with_columns(changed=before)
    found = texts.filter(pl.Series(suspects))
    # Most that are untidy have spaces too many and no odd character, and bringing those into the form is dear.
    odd = pl.Series(kinds[suspects] > 1).arg_true()
    mended = found.clone().scatter(odd, _mended(found.gather(odd), parameters.form)) if len(odd) else found
    tidied = _tidied(mended)
    changed = suspects.copy()
    changed[suspects] = (tidied != found).to_numpy()
    if not changed.any():
        return batch.with_columns(changed=before)
    array = pc.replace_with_mask(texts.to_arrow(), pa.array(suspects), tidied.to_arrow())
    return batch.with_columns(text=pl.Series("text", array), changed=before | pl.Series(changed))


def _mended(texts: pl.Series, form: _Form) -> pl.Series:
    clean = texts.str.replace_all("\r\n?|\u2028|\u2029|\u0085", "\n").str.replace_all(_UNSEEN, "")
    return clean if form == "none" else clean.str.normalize(form)


def _tidied(texts: pl.Series) -> pl.Series:
    clean = texts.str.replace_all(r"[ \t\u{a0}\u{3000}]+\n", "\n").str.replace_all(r"\n{3,}", "\n\n")
    return clean.str.strip_chars_end(" \t\n\u00a0\u3000").str.strip_chars_start("\n")


@cache
def _risky(form: _Form) -> npt.NDArray[np.uint8]:
    """1 for code points that normalising may change: unseen ones, odd line ends, those not in the form."""
    table = np.zeros(LIMIT, np.uint8)
    unseen = re.compile(_UNSEEN)
    for code in range(LIMIT - 1):
        character = chr(code)
        if not 0xD800 <= code < 0xE000:
            moved = form != "none" and unicodedata.normalize(form, character) != character
            joining = form != "none" and (unicodedata.combining(character) > 0 or 0x1160 <= code <= 0x11FF)
            table[code] = moved or joining or unseen.match(character) is not None
    table[[0x0D, 0x85, 0x2028, 0x2029, LIMIT - 1]] = 1
    return table


@operator(
    "simplify",
    title=("繁体转简体", "traditional to simplified"),
    kind="map",
    parameters=Nothing,
    cost=100.0,
    assets=tables_identity,
)
def simplify(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    """Traditional characters written in simplified ones, phrases first (OpenCC's t2s pairs)."""
    del parameters
    clean = simplified(batch["text"])
    before = batch["changed"] if "changed" in batch.columns else pl.lit(False)
    return batch.with_columns(text=clean, changed=before | (clean != batch["text"]))


def simplified(texts: pl.Series) -> pl.Series:
    """``texts`` in simplified characters; the longest phrase wins, then single characters."""
    pairs = sorted(simplified_pairs().items(), key=lambda pair: (-len(pair[0]), pair[0]))
    return texts.str.replace_many([p[0] for p in pairs], [p[1] for p in pairs], leftmost=True)
