"""Documents as one long row of tokens, and the order in which a run reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from .corpus import pieces
from .durable import write_with
from .faults import CorpusFault
from .tokeniser import BEGIN_ID, END_ID

__all__ = ["Tokens", "WindowOrder", "encode_documents", "pack", "windows"]

Tokens = NDArray[np.uint16]
DOCUMENTS_PER_BATCH = 1_024


def encode_documents(tokeniser: Tokenizer, texts: Iterable[str]) -> Iterator[Tokens]:
    """Each text as begin, its tokens, end; dtype uint16, shape (tokens,)."""
    source = iter(texts)
    while documents := list(islice(source, DOCUMENTS_PER_BATCH)):
        cut = [list(pieces(text)) for text in documents]
        flat = [piece for parts in cut for piece in parts]
        encoded = iter(tokeniser.encode_batch_fast(flat, add_special_tokens=False))
        for parts in cut:
            ids = [number for item in islice(encoded, len(parts)) for number in item.ids]
            yield np.array([BEGIN_ID, *ids, END_ID], dtype=np.uint16)


def pack(tokeniser: Tokenizer, texts: Iterable[str], path: Path, *, shortest: int) -> int:
    """Write all documents end to end as one `.npy` of uint16 and return how many tokens it has.

    Windows cut from it may cross from one document to the next; the end and begin tokens between
    them tell the model so (the usual packing of pre-training, without masks).

    Raises:
        CorpusFault: fewer than `shortest` tokens came together.
    """
    rows = list(encode_documents(tokeniser, texts))
    tokens = np.concatenate(rows) if rows else np.empty(0, dtype=np.uint16)
    if len(tokens) < shortest:
        raise CorpusFault(
            f"文本太少：只有 {len(tokens)} 个词元，至少需要 {shortest} 个。",
            f"Too little text: {len(tokens)} tokens, at least {shortest} are needed.",
        )

    def produce(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.save(file, tokens)

    write_with(path, produce)
    return len(tokens)


def windows(tokens: Tokens, context: int) -> int:
    """How many training windows of `context` inputs, each with its next token, fit."""
    return (len(tokens) - 1) // context


@dataclass(frozen=True)
class WindowOrder:
    """Every window once per pass, each pass in its own seeded order, without end.

    The position in it is one integer, the number of windows already read: that is all a
    checkpoint has to remember of the data.
    """

    count: int
    seed: int

    def take(self, position: int, length: int) -> NDArray[np.int64]:
        """Window numbers at `position` .. `position + length`, shape (length,)."""
        out = np.empty(length, dtype=np.int64)
        filled = 0
        while filled < length:
            epoch, offset = divmod(position + filled, self.count)
            order = np.random.default_rng([self.seed, epoch]).permutation(self.count)
            part = order[offset : offset + length - filled]
            out[filled : filled + len(part)] = part
            filled += len(part)
        return out
