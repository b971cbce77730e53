"""Text for training, read from a folder of Parquet shards.

Three layouts are understood, in this order: shards named by split (`train-00000-of-00002.parquet`
or below a folder `train/`), as dataset hubs have it; a column that names each row's split; neither,
and then one document in fifty, chosen by the hash of its text, is held out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .durable import sha256_of
from .faults import CorpusFault

__all__ = ["Corpus", "Split"]

Split = Literal["train", "heldout"]

ROWS_PER_BATCH = 4_096
HELDOUT_ONE_IN = 50
# A longer document is read in pieces, so that one giant line costs no more than many short ones.
PIECE_CHARACTERS = 20_000


@dataclass(frozen=True)
class Corpus:
    """A folder of Parquet shards with a text column.

    `train` and `heldout` are the names that shards, folders or the split column use for them.
    """

    folder: Path
    column: str = "text"
    split_column: str = "split"
    train: str = "train"
    heldout: str = "heldout"

    def fingerprint(self) -> str:
        """SHA-256 over names and bytes of all shards, and over what is read from them."""
        digest = hashlib.sha256()
        reading = (self.column, self.split_column, self.train, self.heldout)
        digest.update(repr(reading).encode())
        named = self._named_by_split()
        for path in [*named["train"], *named["heldout"]] if named else self._shards():
            name = path.relative_to(self.folder).as_posix()
            digest.update(f"{name}\0{sha256_of(path)}\n".encode())
        return digest.hexdigest()

    def texts(self, split: Split) -> Iterator[str]:
        """Non-empty texts of one split, in the order of shard names and rows.

        Raises:
            CorpusFault: no shard, no such column, an unreadable shard.
        """
        named = self._named_by_split()
        if named:
            for path in named[split]:
                yield from self._column(path)
            return
        for path in self._shards():
            if self.split_column in _open(path).schema_arrow.names:
                yield from self._matching(path, getattr(self, split))
            else:
                yield from (text for text in self._column(path) if _hashed_split(text) == split)

    def sample(self, split: Split, megabytes: float, seed: int) -> Iterator[str]:
        """A seeded sample of documents of about `megabytes` of UTF-8, in corpus order.

        All documents come when they fit. The same seed gives the same documents.
        """
        total = sum(len(text.encode()) for text in self.texts(split))
        share = min(1.0, megabytes * 1e6 / max(total, 1))
        if share == 1.0:
            yield from self.texts(split)
            return
        random = np.random.default_rng([seed, int(split == "heldout")])
        for text in self.texts(split):
            if random.random() < share:
                yield text

    def _shards(self) -> list[Path]:
        shards = sorted(self.folder.rglob("*.parquet"), key=lambda path: path.as_posix())
        if not shards:
            raise CorpusFault(
                f"文件夹 {self.folder.name} 中没有 Parquet 文件。",
                f"There is no Parquet file in the folder {self.folder.name}.",
            )
        return shards

    def _named_by_split(self) -> dict[Split, list[Path]] | None:
        """Shards of both splits where names tell them apart; what bears neither name is not text."""
        shards = self._shards()
        named: dict[Split, list[Path]] = {
            "train": [path for path in shards if self._bears(path, self.train)],
            "heldout": [path for path in shards if self._bears(path, self.heldout)],
        }
        return named if named["train"] else None

    def _bears(self, path: Path, name: str) -> bool:
        inside = path.relative_to(self.folder)
        return name in inside.parts[:-1] or inside.stem == name or inside.stem.startswith(f"{name}-")

    def _column(self, path: Path) -> Iterator[str]:
        for batch in self._batches(path, [self.column]):
            yield from (text for text in batch.column(0).to_pylist() if text and text.strip())

    def _matching(self, path: Path, wanted: str) -> Iterator[str]:
        for batch in self._batches(path, [self.column, self.split_column]):
            rows = zip(*(batch.column(name).to_pylist() for name in batch.schema.names), strict=True)
            names = batch.schema.names
            text_at, split_at = names.index(self.column), names.index(self.split_column)
            for row in rows:
                if row[split_at] == wanted and row[text_at] and row[text_at].strip():
                    yield row[text_at]

    def _batches(self, path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
        file = _open(path)
        kind = dict(zip(file.schema_arrow.names, file.schema_arrow.types, strict=True)).get(self.column)
        if kind is None or not _is_text(kind):
            raise CorpusFault(
                f"{path.name} 没有文本列 {self.column}。",
                f"{path.name} has no text column {self.column}.",
            )
        try:
            yield from file.iter_batches(batch_size=ROWS_PER_BATCH, columns=columns)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(path) from error


def pieces(text: str) -> Iterator[str]:
    """The text in stretches of at most `PIECE_CHARACTERS`."""
    for start in range(0, len(text), PIECE_CHARACTERS):
        yield text[start : start + PIECE_CHARACTERS]


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _open(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path) from error


def _unreadable(path: Path) -> CorpusFault:
    return CorpusFault(
        f"无法读取 {path.name}：文件损坏或不是 Parquet。",
        f"Cannot read {path.name}: damaged, or not Parquet.",
    )


def _hashed_split(text: str) -> Split:
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return "heldout" if number % HELDOUT_ONE_IN == 0 else "train"
