"""Normalisation: the same text in the same bytes, with the typography of the original left as it is."""

import re
import unicodedata
from functools import cache
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from ceyuan.data.operators.characters import LIMIT, simplified_pairs, tables_identity
from ceyuan.data.operators.kernels import tidied, untidy
from ceyuan.data.operators.operator import Nothing, Parameters, meaning, operator
from ceyuan.data.operators.texts import Texts

__all__ = ["Normalise", "normalise", "simplified", "simplify"]

_Form = Literal["NFC", "NFKC", "none"]
# Controls but tab and line feed; zero-width characters; byte-order mark; interlinear and tag characters.
_UNSEEN = "[\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\x7F-\\x9F\u00ad\u200b\u2060\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"


class Normalise(Parameters):
    """The form that texts are brought into."""

    form: Annotated[
        _Form,
        meaning(
            "统一成的 Unicode 规范形式。",
            "The Unicode form to bring text into.",
            {
                "NFC": ("NFC，保持原有排印", "NFC, which leaves the typography as it is"),
                "NFKC": (
                    "NFKC，同时改写全角符号，仅宜用于检索",
                    "NFKC, which rewrites full-width signs too; for search only",
                ),
                "none": ("不改变", "none, it is left as it is"),
            },
        ),
    ] = "NFC"


@operator(
    "normalise",
    title=("规范化", "normalise"),
    summary=(
        "统一为一种 Unicode 规范形式和一种换行符；去除不可见字符、行尾空白和连续空行。",
        "One Unicode form, one kind of line end; no unseen characters, no space at line ends, no runs of empty lines.",
    ),
    kind="map",
    parameters=Normalise,
    cost=800.0,
)
def normalise(batch: pl.DataFrame, parameters: Normalise) -> pl.DataFrame:
    """One Unicode form and one kind of line end; no unseen characters, no space at line ends, no runs of empty lines.

    Punctuation, full-width digits and spaces inside a line stay byte for byte. ``changed`` says which rows differ.
    """
    texts = batch["text"]
    view = Texts.of(texts)
    kinds = untidy(view.data, view.offsets, _risky(parameters.form))
    before = batch["changed"] if "changed" in batch.columns else pl.lit(False)
    if not kinds.any():
        return batch.with_columns(changed=before)
    changed = np.zeros(len(texts), np.bool_)
    # Most that are untidy have spaces too many and no odd character, and bringing those into the form is dear.
    odd = pl.Series(kinds > 1).arg_true()
    if len(odd):
        found = texts.gather(odd)
        mended = _mended(found, parameters.form)
        changed[odd] = (mended != found).to_numpy()
        view = Texts.of(texts.clone().scatter(odd, mended))
    data, places = tidied(view.data, view.offsets, kinds > 0)
    changed |= np.diff(places) < np.diff(view.offsets)
    if not changed.any():
        return batch.with_columns(changed=before)
    return batch.with_columns(text=Texts(data, places).column("text"), changed=before | pl.Series(changed))


def _mended(texts: pl.Series, form: _Form) -> pl.Series:
    clean = texts.str.replace_all("\r\n?|\u2028|\u2029|\u0085", "\n").str.replace_all(_UNSEEN, "")
    return clean if form == "none" else clean.str.normalize(form)


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
    summary=(
        "将繁体字改写为简体字，词组优先（OpenCC 的 t2s 对照表）。",
        "Traditional characters written in simplified ones, phrases first (OpenCC's t2s pairs).",
    ),
    kind="map",
    parameters=Nothing,
    cost=290.0,
    assets=tables_identity,
)
def simplify(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    del parameters
    clean = simplified(batch["text"])
    before = batch["changed"] if "changed" in batch.columns else pl.lit(False)
    return batch.with_columns(text=clean, changed=before | (clean != batch["text"]))


def simplified(texts: pl.Series) -> pl.Series:
    """``texts`` in simplified characters; the longest phrase wins, then single characters."""
    pairs = sorted(simplified_pairs().items(), key=lambda pair: (-len(pair[0]), pair[0]))
    return texts.str.replace_many([p[0] for p in pairs], [p[1] for p in pairs], leftmost=True)
