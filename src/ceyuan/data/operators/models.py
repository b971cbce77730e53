"""Quality and perplexity by small models that anyone trains on their own texts in seconds; none is shipped.

``train_quality`` learns to tell good texts from bad ones (logistic regression on hashed characters, pairs and
triples, after fastText, Joulin et al. 2016); ``train_language_model`` counts them (interpolated in the manner
of MacKay and Peto 1995). Both write a file that the operators read; its hash is part of their identity.
"""

import hashlib
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from zipfile import BadZipFile

import numpy as np
import polars as pl
from pydantic import StringConstraints

from ceyuan.data.files import sha256_of, write_atomically
from ceyuan.data.operators.operator import Parameters, meaning, operator
from ceyuan.data.operators.scoring import count_ngrams, learn, linear_scores, surprisals
from ceyuan.data.operators.texts import Texts
from ceyuan.data.problems import DataProblem

__all__ = [
    "Model",
    "keep_model",
    "loaded_model",
    "perplexity",
    "proven_quality",
    "quality",
    "train_language_model",
    "train_quality",
]

_FOLDER = "CEYUAN_DATA_LEARNED"
"""Names the folder where models lie by their hashes, whatever path a recipe has."""
_SLOTS = 1 << 20
_BLOCK = 2000  # texts that are turned into columns at a time


class Model(Parameters):
    """The trained file that is read, by its place and its hash, so that a result is known by what made it."""

    model: Annotated[
        str,
        StringConstraints(min_length=1, max_length=1000),
        meaning(
            "训练所得模型文件的路径；在平台上为模型仓库。",
            "Path of the trained file; on the platform, a repository of the hub.",
        ),
    ]
    sha256: Annotated[
        str,
        StringConstraints(pattern=r"^[0-9a-f]{64}$"),
        meaning("模型文件的 SHA-256，十六进制。", "SHA-256 of the trained file in hexadecimal."),
    ]


def train_quality(good: Sequence[str], bad: Sequence[str], path: Path, *, passes: int = 5, seed: int = 0) -> str:
    """Train on texts that are wanted and texts that are not, write the model to ``path``, return its SHA-256.

    Raises ``DataProblem`` ``model_data`` where either side has fewer than ten texts.
    """
    if min(len(good), len(bad)) < 10:
        raise DataProblem("model_data", "正反两类文本各需至少 10 篇。", "Ten texts of either side are needed at least.")
    texts = Texts.of(pl.Series("text", [*good, *bad], pl.String))
    labels = np.zeros(len(texts), np.uint8)
    labels[: len(good)] = 1
    weights = np.zeros(_SLOTS, np.float32)
    bias = 0.0
    chance = np.random.default_rng(seed)
    for number in range(passes):
        order = chance.permutation(len(texts)).astype(np.int64)
        bias = learn(texts.data, texts.offsets, labels, order, weights, bias, 1.0 / (1 + number))
    return keep_model(path, weights=weights, bias=np.array([bias]))


def train_language_model(texts: Sequence[str], path: Path) -> str:
    """Count the characters, pairs and triples of ``texts``, write the model to ``path``, return its SHA-256."""
    counts = np.zeros((3, _SLOTS), np.uint32)
    total = 0
    for start in range(0, len(texts), _BLOCK):
        column = Texts.of(pl.Series("text", texts[start : start + _BLOCK], pl.String))
        total += count_ngrams(column.data, column.offsets, counts)
    if not total:
        raise DataProblem("model_data", "没有可供统计的文本。", "There is no text to count.")
    return keep_model(path, counts=counts, total=np.array([total]))


def proven_quality(good: Sequence[str], bad: Sequence[str], path: Path) -> tuple[str, dict[str, object]]:
    """``train_quality`` on nine tenths of either side, tried on the rest.

    Returns the SHA-256 of the model in ``path``, and ``documents``, ``tried`` (how many), ``accuracy`` (mean of both
    sides' shares of texts on the right side of 0.5) and ``auc`` (how often a good text scores above a bad one). Raises
    ``DataProblem`` ``model_data`` where either side has fewer than twelve texts.
    """
    kept = [[text for number, text in enumerate(side) if number % 10 != 9] for side in (good, bad)]
    if min(len(good), len(bad)) < 12:
        raise DataProblem("model_data", "正反两类文本各需至少 12 篇。", "Either side needs twelve texts at least.")
    sha256 = train_quality(kept[0], kept[1], path)
    model = Model(model=str(path), sha256=sha256)
    scores = [quality(pl.DataFrame({"text": side[9::10]}), model)["quality"].to_numpy() for side in (good, bad)]
    right = (float((scores[0] > 0.5).mean()) + float((scores[1] <= 0.5).mean())) / 2
    pairs = (scores[0][:, None] > scores[1][None, :]).mean() + (scores[0][:, None] == scores[1][None, :]).mean() / 2
    told = {"documents": len(good) + len(bad), "tried": sum(map(len, scores))}
    return sha256, {**told, "accuracy": round(right, 4), "auc": round(float(pairs), 4)}


@operator(
    "quality",
    title=("质量分值", "quality"),
    summary=(
        "按自行训练的质量模型，正文属于所需类型的可能性。",
        "How likely a text is one of the wanted kind, by a quality model that was trained on one's own texts.",
    ),
    kind="stat",
    writes={"quality": ("质量模型分值（0–1）", "score of the quality model, 0 to 1")},
    parameters=Model,
    cost=30.0,
)
def quality(batch: pl.DataFrame, parameters: Model) -> pl.DataFrame:
    """How likely a text is one of the wanted kind, by a model trained with ``train_quality``."""
    model = loaded_model(parameters, ("weights", "bias"))
    texts = Texts.of(batch["text"])
    logits = linear_scores(texts.data, texts.offsets, model["weights"], float(model["bias"][0]))
    return batch.with_columns(pl.Series("quality", (1 / (1 + np.exp(-np.clip(logits, -30, 30)))).astype(np.float32)))


@operator(
    "perplexity",
    title=("困惑度", "perplexity"),
    summary=(
        "对于自行训练的字符语言模型，正文出乎意料的程度。",
        "How surprising a text is to a language model of characters that was trained on one's own texts.",
    ),
    kind="stat",
    writes={"perplexity": ("字符困惑度", "perplexity per character")},
    parameters=Model,
    cost=30.0,
)
def perplexity(batch: pl.DataFrame, parameters: Model) -> pl.DataFrame:
    """How surprising a text is to a model of characters trained with ``train_language_model``."""
    model = loaded_model(parameters, ("counts", "total"))
    texts = Texts.of(batch["text"])
    means = surprisals(texts.data, texts.offsets, model["counts"], int(model["total"][0]))
    return batch.with_columns(pl.Series("perplexity", np.exp(np.minimum(means, 30.0)).astype(np.float32)))


def keep_model(path: Path, **arrays: Any) -> str:
    """Write a model's arrays to ``path``; the file's SHA-256."""

    def fill(file: BinaryIO) -> None:
        np.savez(file, **arrays)

    write_atomically(path, fill)
    return sha256_of(path)


def loaded_model(parameters: Model, names: tuple[str, ...]) -> dict[str, Any]:
    """The arrays of the model that a recipe names, which has those ``names``.

    Raises ``DataProblem``: ``model_unreadable``, ``model_differs``.
    """
    try:
        model = _read(parameters.model, parameters.sha256)
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise DataProblem(
            "model_unreadable", f"无法读取模型 {parameters.model}。", f"Cannot read {parameters.model}."
        ) from error
    if not model or any(name not in model for name in names):
        raise DataProblem(
            "model_differs",
            f"模型 {parameters.model} 不是配方所写的那一个。",
            f"The model {parameters.model} is not the one that the recipe names.",
        )
    return model


@lru_cache(maxsize=4)
def _read(path: str, sha256: str) -> dict[str, Any]:
    folder = os.environ.get(_FOLDER)
    file = Path(folder) / f"{sha256}.npz" if folder else Path(path)
    data = file.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        return {}
    with np.load(file, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}
