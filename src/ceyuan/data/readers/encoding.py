"""Which encoding a file is in, judged by how common its characters would be in Chinese text.

UTF-8 is recognised by its own rules. GB18030, Big5 and unmarked UTF-16 accept almost any bytes, so each
candidate decodes the sample and is scored by the share of very frequent characters among the Chinese ones:
text in the wrong encoding comes out as rare characters.
"""

import codecs
import re
from contextlib import suppress

__all__ = ["decoded_text", "detect_encoding", "is_wide"]

# The most frequent characters of written Chinese, both scripts; any general frequency list begins so.
_FREQUENT = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实"
    "日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政"
    "美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员"
    "這個們來為國說時會對過發後種經麼學現當動還進樣開從實軍無與長機關點業將兩間問應戰頭體見產話內門東聲員"
    "，。、：；“”（）《》！？「」"
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CANDIDATES = ("gb18030", "big5hkscs", "utf-16-le", "utf-16-be")
_LINE_CODECS = ("gb18030", "big5hkscs")
_ODD = re.compile("[\x00-\x08\x0e-\x19\x1c-\x1f]")  # controls that no text holds
_ENOUGH = 0.08  # running text of any kind has far more, bytes that are no text far less


def detect_encoding(sample: bytes) -> str | None:
    """Codec name for a file that begins with ``sample``, or None where it is not text.

    Give the first 64 KiB or more. A character torn at the end of the sample does no harm, nor do a few
    spoilt lines: nine lines in ten decide.
    """
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name
    text = _decoded(sample, "utf-8")
    if text is not None and not _looks_binary(text):
        return "utf-8"
    scores = [(_score(sample, name), name) for name in _CANDIDATES]
    best, name = max(scores, key=lambda pair: pair[0])
    if best >= _ENOUGH:
        return name
    return "utf-8" if _frequent(_joined(sample)) >= _ENOUGH else None


def decoded_text(line: bytes, encoding: str) -> str | None:
    """One line of a file in ``encoding``, or in another common encoding where that is what it is; None for neither.

    People do join files of several encodings, and the Chinese ones take each other's bytes for rare characters: of
    the readings that are possible the one with the most frequent characters counts, and it must look like text.
    """
    if line.isascii():
        return line.decode("ascii")
    first = _read_as(line, encoding)
    if encoding == "utf-8" and first is not None:
        return first
    second = None if encoding == "utf-8" else _read_as(line, "utf-8")
    if first is not None and second is None:
        return first
    readings = [first, second] if first is not None else [second, *(_read_as(line, name) for name in _LINE_CODECS)]
    likely = [text for text in readings if text is not None and (text in (first, second) or _plausible(text))]
    return max(likely, key=_frequent) if likely else None


def _read_as(line: bytes, name: str) -> str | None:
    try:
        return line.decode(name)
    except UnicodeDecodeError:
        return None


def _plausible(text: str) -> bool:
    """Whether a line that is in another encoding than its file was read in the right one."""
    if _frequent(text) >= _ENOUGH:
        return True
    try:
        return bool(text.encode("gb2312"))
    except UnicodeEncodeError:
        return False


def is_wide(encoding: str) -> bool:
    """Whether a line feed is more than one byte, so that lines cannot be split before decoding."""
    return encoding.startswith(("utf-16", "utf-32"))


def _decoded(sample: bytes, name: str) -> str | None:
    """The sample's text where at least nine lines in ten fit the codec; its misfits are left out."""
    try:
        return codecs.getincrementaldecoder(name)("strict").decode(sample)
    except UnicodeDecodeError:
        if is_wide(name):
            return None
    lines = sample.split(b"\n")[:-1]
    good = []
    for line in lines:
        with suppress(UnicodeDecodeError):
            good.append(line.decode(name))
    return "\n".join(good) if len(good) * 10 >= len(lines) * 9 and good else None


def _score(sample: bytes, name: str) -> float:
    return _frequent(_decoded(sample, name))


def _joined(sample: bytes) -> str | None:
    """The text of files that were joined although some are in UTF-8 and some in GB18030, line by line."""
    lines = sample.split(b"\n")[:-1]
    good: dict[str, list[str]] = {"utf-8": [], "gb18030": []}
    for line in lines:
        for name, kept in good.items():
            with suppress(UnicodeDecodeError):
                kept.append(line.decode(name))
                break
    both = [*good["utf-8"], *good["gb18030"]]
    in_utf8 = any(not text.isascii() for text in good["utf-8"])
    return "\n".join(both) if in_utf8 and len(both) * 10 >= len(lines) * 9 else None


def _frequent(text: str | None) -> float:
    """The share of very frequent characters among the wide ones of a text, 0 for what is none."""
    if text is None or _looks_binary(text):
        return 0.0
    wide = [character for character in text if character > "\u02ff"]
    frequent = sum(character in _FREQUENT for character in wide)
    return frequent / len(wide) if wide else 0.5


def _looks_binary(text: str) -> bool:
    return len(_ODD.findall(text)) * 100 > max(len(text), 100)
