"""Repairs: texts that were decoded wrongly, and markup that should have been taken off."""

import html
import re
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from ceyuan.data.operators.characters import LIMIT
from ceyuan.data.operators.declaring import rewriting, rewritten
from ceyuan.data.operators.kernels import count_marks
from ceyuan.data.operators.operator import Nothing, operator
from ceyuan.data.operators.texts import Texts

__all__ = ["repair_mojibake", "repaired", "unescape_entities"]

_WESTERN = r"[ÃÂ][\u{80}-\u{bf}]|[äåæçèé][\u{80}-\u{bf}\u{2018}-\u{203a}ŒœŠšŽžŸƒˆ˜€™„†‡‰]{2}"
_WESTERN_LEADS = "ÃÂäåæçèé"
_GBK = "鐨涓浠鏄鍦鍙鎴鏈鐢閿銆锛"
_CP1252 = {
    bytes([code]).decode("cp1252"): code for code in range(0x80, 0xA0) if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_FREQUENT = re.compile("[的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对]")


@cache
def _telltale() -> npt.NDArray[np.uint8]:
    table = np.zeros(LIMIT, np.uint8)
    for number, characters in enumerate((_WESTERN_LEADS, _GBK), 1):
        for character in characters:
            table[ord(character)] = number
    return table


@operator(
    "repair_mojibake",
    title=("修复乱码", "repair mojibake"),
    summary=(
        "被当作西文编码或 GBK 解码的 UTF-8 正文，若重新解码可得中文则予以修复；其余不动。",
        "UTF-8 that was read as Western or as GBK is read again, where that gives Chinese; other rows are not touched.",
    ),
    kind="map",
    parameters=Nothing,
    cost=1000.0,
)
def repair_mojibake(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    del parameters
    text = batch["text"]
    view = Texts.of(text)
    counts = count_marks(view.data, view.offsets, _telltale(), 2)
    # Characters first, by the kernel; the pattern is asked of the few rows that have them.
    western = counts[:, 1] >= 2
    western[western] = (text.filter(pl.Series(western)).str.count_matches(_WESTERN) >= 2).to_numpy()
    suspects = pl.Series(western | (counts[:, 2] * 20 > counts.sum(axis=1)))
    places = suspects.arg_true()
    if not len(places):
        return batch.with_columns(changed=pl.col("changed") if "changed" in batch.columns else pl.lit(False))
    mended = pl.Series("text", [repaired(one) for one in text.gather(places)], pl.String)
    return rewritten(batch, pl.lit(text.clone().scatter(places, mended)))


def repaired(text: str) -> str:
    """``text`` read again as the UTF-8 that it seems to have been; itself where that fails or is no better."""
    western = bytes_of_western(text)
    for data in (western, _encoded(text, "gb18030")):
        if data is None:
            continue
        try:
            candidate = data.decode()
        except UnicodeDecodeError:
            continue
        if len(_FREQUENT.findall(candidate)) > len(_FREQUENT.findall(text)):
            return candidate
    return text


def bytes_of_western(text: str) -> bytes | None:
    """The bytes that Windows-1252 or Latin-1 shows as ``text``; None where a character is in neither."""
    data = bytearray()
    for character in text:
        code = _CP1252.get(character, ord(character))
        if code > 0xFF:
            return None
        data.append(code)
    return bytes(data)


def _encoded(text: str, name: str) -> bytes | None:
    try:
        return text.encode(name)
    except UnicodeEncodeError:
        return None


@operator(
    "unescape_entities",
    title=("还原字符实体", "unescape entities"),
    summary=(
        "将 &nbsp;、&#20013; 之类的字符实体还原为所代表的字符（HTML 5 命名实体）。",
        "Character entities such as &nbsp; and &#20013; become the characters they stand for (HTML 5's names).",
    ),
    kind="map",
    parameters=Nothing,
    cost=6000.0,
)
def unescape_entities(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    """``&nbsp;``, ``&#20013;`` and the like become the characters they stand for (HTML 5's names)."""
    del parameters
    text = batch["text"]
    places = text.str.contains(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});").arg_true()
    clean = [html.unescape(one).encode("utf-8", "replace").decode() for one in text.gather(places)]
    return rewritten(batch, pl.lit(text.clone().scatter(places, pl.Series(clean, dtype=pl.String))))


rewriting(
    "strip_markup",
    ("去除标记", "strip markup"),
    (
        "去除 HTML 标签、注释、脚本与样式；块级元素的结尾改为换行。",
        "HTML tags, comments, scripts and styles are taken off; the ends of blocks become line ends.",
    ),
    lambda text: (
        text.str.replace_all(r"(?is)<(script|style)\b[^>]*>.*?</(?:script|style)>|<!--.*?-->", "")
        .str.replace_all(r"(?i)</?(?:p|div|br|li|tr|h[1-6]|table|section|article)\b[^<>]*>", "\n")
        .str.replace_all(r"</?[A-Za-z][A-Za-z0-9-]{0,20}(?:\s[^<>]{0,2000})?/?>", "")
        .str.replace_all(r"\n{3,}", "\n\n")
    ),
)
rewriting(
    "strip_markdown",
    ("去除 Markdown 标记", "strip Markdown"),
    (
        "去除标题、强调、链接与图片的标记，文字与代码保留。",
        "Marks of headings, emphasis, links and images are taken off; words and code stay.",
    ),
    lambda text: (
        text.str.replace_all(r"!\[([^\]\n]*)\]\([^)\n]*\)", "${1}")
        .str.replace_all(r"\[([^\]\n]+)\]\([^)\n]*\)", "${1}")
        .str.replace_all(r"(?m)^#{1,6}[ \t]+", "")
        .str.replace_all(r"(?m)^>[ \t]?", "")
        .str.replace_all(r"\*\*([^*\n]+)\*\*|__([^_\n]+)__", "${1}${2}")
        .str.replace_all(r"(?m)^(?:[-*_][ \t]*){3,}$\n?", "")
    ),
)
