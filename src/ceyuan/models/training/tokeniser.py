"""Byte-level BPE, trained on the corpus; no text is unknown to it.

Pre-tokenisation is the rule that llama.cpp knows as "qwen2": runs of letters (a run of Chinese
characters is one), single digits, runs of other signs, line ends, spaces. Method: Sennrich et al.
2016, arXiv:1508.07909, over bytes. No normalisation: decoding gives the text back byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from .corpus import pieces
from .durable import write_with
from .faults import CorpusFault

__all__ = [
    "BEGIN",
    "BEGIN_ID",
    "END",
    "END_ID",
    "PRE_TOKENISER",
    "load_tokeniser",
    "save_tokeniser",
    "train_tokeniser",
]

BEGIN, END = "<|begin|>", "<|end|>"
BEGIN_ID, END_ID = 0, 1
PRE_TOKENISER = "qwen2"
PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# Seven Chinese characters: long set phrases are worth a token, whole clauses are not.
LONGEST_TOKEN_BYTES = 21


def train_tokeniser(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Learn merges until there are `vocabulary` tokens, or no pair occurs twice.

    Deterministic: the same texts in the same order give the same file, whatever the threads. Text
    that spells a special token is encoded as plain text: a document cannot end itself.

    Raises:
        CorpusFault: there is no text at all.
    """
    tokeniser = Tokenizer(models.BPE())
    tokeniser.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokeniser.decoder = decoders.ByteLevel()
    tokeniser.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A", pair=f"{BEGIN} $A $B", special_tokens=[(BEGIN, BEGIN_ID)]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=[BEGIN, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=LONGEST_TOKEN_BYTES,
        show_progress=False,
    )
    counted = _Counted(texts)
    tokeniser.train_from_iterator(iter(counted), trainer)
    if not counted.seen:
        raise CorpusFault(
            "训练集中没有文本，无法训练分词器。",
            "The training split has no text to train a tokeniser on.",
        )
    tokeniser.encode_special_tokens = True
    return tokeniser


def save_tokeniser(tokeniser: Tokenizer, path: Path) -> None:
    """Write `tokenizer.json` atomically."""
    write_with(path, lambda temporary: tokeniser.save(str(temporary)))


def load_tokeniser(path: Path) -> Tokenizer:
    """Read `tokenizer.json` for encoding corpus text, as `train_tokeniser` gave it."""
    tokeniser = Tokenizer.from_file(str(path))
    tokeniser.encode_special_tokens = True
    return tokeniser


class _Counted:
    """Pieces of the texts, remembering whether there was any."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = texts
        self.seen = 0

    def __iter__(self) -> Iterator[str]:
        for text in self._texts:
            for piece in pieces(text):
                self.seen += 1
                yield piece
