"""Real texts of this project, versions of them that say the same, and an embedding that needs no model."""

import random
import zlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson

_LOCALES = Path(__file__).parents[3] / "console" / "src" / "locales" / "zh"
_WORDS = {"数据集": "数据集合", "模型": "模型文件", "可以": "能够", "没有": "并无", "以及": "和", "因为": "由于"}


def passages(size: int = 3) -> list[str]:
    """What the console says in Chinese, ``size`` sentences to a passage."""
    found: list[str] = []

    def spread(value: object) -> None:
        if isinstance(value, dict):
            for inner in value.values():
                spread(inner)
        elif isinstance(value, str) and len(value) >= 12:
            found.append(value.rstrip("。") + "。")

    for path in sorted(_LOCALES.glob("*.json")):
        spread(orjson.loads(path.read_bytes()))
    return ["".join(found[start : start + size]) for start in range(0, len(found) - size, size)]


def said_otherwise(text: str, chance: random.Random) -> str:
    """The same sentences in another order, with other words for some."""
    sentences = [one + "。" for one in text.split("。") if one]
    chance.shuffle(sentences)
    shuffled = "".join(sentences)
    for word, other in _WORDS.items():
        shuffled = shuffled.replace(word, other)
    return shuffled


def embedded(texts: list[str], dimensions: int = 256) -> npt.NDArray[np.float32]:
    """Weighted counts of pairs of characters, hashed and projected: rows x ``dimensions``."""
    buckets = 1 << 14
    counts = np.zeros((len(texts), buckets), np.float32)
    for row, text in enumerate(texts):
        for one, other in pairwise(text):
            counts[row, zlib.crc32((one + other).encode()) % buckets] += 1
    weights = np.log1p(len(texts) / (1 + (counts > 0).sum(axis=0)))
    projection = np.random.default_rng(0).standard_normal((buckets, dimensions)).astype(np.float32)
    return np.asarray((np.sqrt(counts) * weights) @ projection, np.float32)
