"""Statistics by character against a list: function characters, rare ones, registers; variety and pairing."""

from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from ceyuan.data.operators.characters import CLASSES, LIMIT, character_classes, tables_identity
from ceyuan.data.operators.kernels import count_marks
from ceyuan.data.operators.operator import Nothing, operator
from ceyuan.data.operators.spread import character_spread
from ceyuan.data.operators.texts import Texts

__all__ = ["balance", "entropy", "latin", "rare_characters", "register", "stop_characters", "widths"]

_STOP = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对"
    "与及其被而之于或等者所将把让从向但因由如若並與為這個們來國說時對會於從讓將"
)
_CLASSICAL = "之乎者也矣焉哉兮曰吾汝尔爾其乃耶歟欤夫盖蓋岂豈孰奚弗毋勿斯厥"
_CANTONESE = "嘅咗喺唔冇咁嗰哋嚟啲佢俾畀瞓揾搵乜嘢噉咩喎囉啩嚿攞諗"
_MODERN = "的了是我你他她它们們吗嗎呢吧啊这這那个個说說没沒会會"


def _table(*marks: str) -> npt.NDArray[np.uint8]:
    table = np.zeros(LIMIT, np.uint8)
    for number, characters in enumerate(marks, 1):
        for character in characters:
            table[ord(character)] = number
    return table


def _counts(batch: pl.DataFrame, table: npt.NDArray[np.uint8], kinds: int) -> npt.NDArray[np.int64]:
    texts = Texts.of(batch["text"])
    return count_marks(texts.data, texts.offsets, table, kinds)


def _shares(part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    return np.divide(part, whole, out=np.zeros(len(part), np.float64), where=whole > 0).astype(np.float32)


@cache
def _stop_table() -> npt.NDArray[np.uint8]:
    table = np.zeros(LIMIT, np.uint8)
    table[character_classes() == CLASSES.index("han")] = 2
    for character in _STOP:
        table[ord(character)] = 1
    return table


@operator(
    "stop_characters",
    title=("虚字", "function characters"),
    summary=(
        "连缀成句的虚字在汉字中所占比例；名录、清单类正文偏低。",
        "How many of the Han characters are those that hold sentences together; lists of names have few.",
    ),
    kind="stat",
    writes={"stop_share": ("常用虚字占汉字的比例", "function characters among Han")},
    parameters=Nothing,
    cost=1500.0,
)
def stop_characters(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    del parameters
    counts = _counts(batch, _stop_table(), 2)
    return batch.with_columns(pl.Series("stop_share", _shares(counts[:, 1], counts[:, 1] + counts[:, 2])))


@cache
def _rare_table() -> npt.NDArray[np.uint8]:
    """3 for Han of GB 2312's first level, 2 for its second and for Big5's frequent plane, 1 for all others."""
    table = np.zeros(LIMIT, np.uint8)
    table[character_classes() == CLASSES.index("han")] = 1
    for row in range(16, 88):
        for cell in range(1, 95):
            pair = bytes((0xA0 + row, 0xA0 + cell))
            try:
                table[ord(pair.decode("gb2312"))] = 3 if row < 56 else 2
            except UnicodeDecodeError:
                continue
    for lead in range(0xA4, 0xC7):  # Big5's frequent characters, so that traditional text is not rare
        for trail in (*range(0x40, 0x7F), *range(0xA1, 0xFF)):
            try:
                code = ord(bytes((lead, trail)).decode("big5"))
            except (UnicodeDecodeError, TypeError):
                continue
            if code < LIMIT:
                table[code] = max(table[code], 2)
    return table


@operator(
    "rare_characters",
    title=("生僻字", "rare characters"),
    summary=(
        "按 GB/T 2312—1980 的分级衡量用字的常见程度；以错误编码解码的正文几乎全是生僻字。",
        "How common the characters are, by the levels of GB/T 2312-1980; text in a wrong decoding is rare throughout.",
    ),
    kind="stat",
    writes={
        "rare_share": ("GB 2312 与 Big5 常用字之外的汉字比例", "Han outside GB 2312 and Big5's frequent plane"),
        "common_share": ("GB 2312 一级字占汉字的比例", "Han of GB 2312's first level"),
    },
    parameters=Nothing,
    cost=900.0,
)
def rare_characters(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    del parameters
    counts = _counts(batch, _rare_table(), 3)
    han = counts[:, 1:].sum(axis=1)
    return batch.with_columns(
        pl.Series("rare_share", _shares(counts[:, 1], han)), pl.Series("common_share", _shares(counts[:, 3], han))
    )


@cache
def _register_table() -> npt.NDArray[np.uint8]:
    return _table(_CLASSICAL, _CANTONESE, _MODERN)


@operator(
    "register",
    title=("语体", "register"),
    summary=(
        "按各语体特有的常用字判断正文是文言、粤语还是现代汉语。",
        "Whether a text is classical, Cantonese or modern, by the characters that only one of them writes often.",
    ),
    kind="stat",
    writes={
        "classical_share": ("文言虚字占三类标志字的比例", "classical among characters that tell the register"),
        "cantonese_share": ("粤语用字占三类标志字的比例", "Cantonese among characters that tell the register"),
    },
    parameters=Nothing,
    cost=900.0,
)
def register(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    del parameters
    counts = _counts(batch, _register_table(), 3)
    told = counts[:, 1:].sum(axis=1)
    return batch.with_columns(
        pl.Series("classical_share", _shares(counts[:, 1], told)),
        pl.Series("cantonese_share", _shares(counts[:, 2], told)),
    )


@cache
def _latin_table() -> npt.NDArray[np.uint8]:
    table = np.zeros(LIMIT, np.uint8)
    for code in range(LIMIT):
        if character_classes()[code] == CLASSES.index("latin"):
            table[code] = 2 if chr(code).isupper() else 1
    return table


@operator(
    "latin",
    title=("西文", "Latin script"),
    summary=("正文西文部分的单词数与大写情况。", "Words and capitals of the Latin parts of a text."),
    kind="stat",
    writes={
        "upper_share": ("大写字母占西文字母的比例", "capitals among Latin letters"),
        "latin_words": ("西文单词数", "number of Latin words"),
        "mean_word": ("西文单词平均长度", "mean length of a Latin word"),
    },
    parameters=Nothing,
    cost=360.0,
)
def latin(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    del parameters
    counts = _counts(batch, _latin_table(), 2)
    letters = counts[:, 1] + counts[:, 2]
    words = batch["text"].str.count_matches(r"[A-Za-z\u{c0}-\u{24f}]+").to_numpy().astype(np.int64)
    return batch.with_columns(
        pl.Series("upper_share", _shares(counts[:, 2], letters)),
        pl.Series("latin_words", words.astype(np.int32)),
        pl.Series("mean_word", _shares(letters, words)),
    )


@operator(
    "entropy",
    title=("字符信息量", "entropy of characters"),
    summary=(
        "正文的字符多样性：字符熵（Shannon 1948）、不同字符数、同一字符的最长连续次数。",
        "Variety of a text: entropy of its characters (Shannon 1948), distinct ones, longest run of one.",
    ),
    kind="stat",
    writes={
        "entropy": (
            "熵（比特）：文本按字符，图像按亮度直方图（0–8）",
            "entropy in bits: of a text's characters, or of the histogram of an image's brightness (0-8)",
        ),
        "distinct_share": ("不同字符数占字符数的比例", "distinct characters among all"),
        "longest_run": ("同一字符连续出现的最大次数", "longest run of one character, spaces aside"),
    },
    parameters=Nothing,
    cost=570.0,
    assets=tables_identity,
)
def entropy(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    del parameters
    texts = Texts.of(batch["text"])
    found = character_spread(texts.data, texts.offsets, character_classes())
    return batch.with_columns(
        pl.Series("entropy", found[:, 0].astype(np.float32)),
        pl.Series("distinct_share", found[:, 1].astype(np.float32)),
        pl.Series("longest_run", found[:, 2].astype(np.int32)),
    )


@operator(
    "widths",
    title=("标点宽度", "width of punctuation"),
    summary=(
        "汉字之后使用半角标点的比例；反映录入随意或机器生成的痕迹。",
        "How often a sign after a Chinese character is the half-width one; a trace of careless typing or of machines.",
    ),
    kind="stat",
    writes={"half_width_share": ("汉字之间半角标点占标点的比例", "half-width signs after Han among signs after Han")},
    parameters=Nothing,
    cost=70.0,
)
def widths(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    del parameters
    text = pl.col("text")
    half = text.str.count_matches(r"\p{Han}[,;:!?.]").cast(pl.Float32)
    full = text.str.count_matches(r"\p{Han}[，；：！？。]").cast(pl.Float32)
    return batch.with_columns(half_width_share=(half / (half + full)).fill_nan(0.0))


@operator(
    "balance",
    title=("括号配对", "pairing of brackets"),
    summary=(
        "不成对的括号与引号数；从页面中截取的残段往往较多。",
        "How many brackets and quotation marks lack a partner; text torn out of a page has many.",
    ),
    kind="stat",
    writes={"unpaired": ("不成对的括号与引号数", "brackets and quotation marks without a partner")},
    parameters=Nothing,
    cost=240.0,
)
def balance(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
    del parameters
    text, pairs = pl.col("text"), ("（）", "《》", "“”", "「」", "『』", "【】", "〔〕", "()", "[]")
    gaps = [
        (
            text.str.count_matches(one[0], literal=True).cast(pl.Int32) - text.str.count_matches(one[1], literal=True)
        ).abs()
        for one in pairs
    ]
    return batch.with_columns(unpaired=pl.sum_horizontal(gaps).cast(pl.Int32))
