"""A dataset as sequences of tokens of one length, for training: documents end to end, none of them lost between two.

Each sequence tells where its documents begin, so that attention and positions can be kept within them (as in Krell et
al. 2021, "Efficient sequence packing without cross-contamination").
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl

from ceyuan.data.files import sha256_of, write_atomically, write_json
from ceyuan.data.problems import DataProblem
from ceyuan.data.reporting import Report, told

__all__ = ["END_TOKENS", "pack"]

END_TOKENS = ("<|endoftext|>", "</s>", "<|end_of_text|>", "<eos>", "<|im_end|>", "[SEP]")
"""What tokenisers call the end of a document; the first that one has is put behind each document."""
_BATCH = 1024
_SHARD_BYTES = 64 << 20

Ids = npt.NDArray[np.int32]


def pack(folder: Path, out: Path, tokeniser: Path, length: int, report: Report) -> dict[str, Any]:
    """Write ``data/<split>-<number>.parquet`` with ``input_ids`` (``length`` token numbers) and ``starts`` (where
    documents begin in the sequence; the first begins at 0 or goes on from the sequence before).

    The manifest tells ``documents``, ``tokens`` and the ``rest``: tokens of a split that no longer fill a sequence.
    Raises ``DataProblem``: ``nothing_to_export``, ``tokeniser_missing``, ``no_end_token``.
    """
    sources = sorted(folder.glob("data/*.parquet"))
    if not sources:
        raise DataProblem("nothing_to_export", "数据集中没有文档。", "The dataset holds no documents.")
    encoder, end = _encoder(tokeniser)
    sides: dict[str, list[Path]] = {}
    for source in sources:
        sides.setdefault(source.stem.partition("-")[0], []).append(source)
    counts = {"documents": 0, "tokens": 0, "rest": 0}
    files: list[dict[str, Any]] = []
    for side, paths in sides.items():
        packer = _Packer(out / "data", side, length)
        for number, path in enumerate(paths, 1):
            for ids in _encoded(encoder, end, path):
                packer.add(ids)
            words = (f"{side}：已切分 {number}/{len(paths)}", f"{side}: tokenised {number} of {len(paths)}")
            report(told((number - 1) / len(paths), *words))
        files += packer.finish()
        for name in counts:
            counts[name] += getattr(packer, name)
    about = {"form": "packed", "length": length, "end": END_TOKENS[end[1]], "tokeniser": sha256_of(tokeniser)}
    manifest = {"format": 1, **about, **counts, "files": files}
    write_json(out / "export.json", manifest)
    return manifest


def _encoder(path: Path) -> tuple[Any, tuple[int, int]]:
    """The tokeniser, and the number of its end token with that token's place among ``END_TOKENS``."""
    from tokenizers import Tokenizer

    if not path.is_file():
        raise DataProblem("tokeniser_missing", "打包需要分词器文件。", "Packing needs a tokeniser.")
    encoder = Tokenizer.from_file(str(path))
    for place, word in enumerate(END_TOKENS):
        number = encoder.token_to_id(word)
        if number is not None:
            return encoder, (int(number), place)
    raise DataProblem(
        "no_end_token",
        f"分词器没有文末词元（{'、'.join(END_TOKENS)}）。",
        f"The tokeniser has no token for the end of a document ({', '.join(END_TOKENS)}).",
    )


def _encoded(encoder: Any, end: tuple[int, int], path: Path) -> Iterator[Ids]:
    texts: Sequence[str] = pl.read_parquet(path, columns=["text"])["text"].to_list()
    for start in range(0, len(texts), _BATCH):
        for one in encoder.encode_batch_fast(list(texts[start : start + _BATCH]), add_special_tokens=False):
            yield np.array([*one.ids, end[0]], np.int32)


class _Packer:
    """Puts documents end to end and writes full sequences, shard by shard."""

    def __init__(self, folder: Path, side: str, length: int) -> None:
        self._folder, self._side, self._length = folder, side, length
        self._most = max(1, _SHARD_BYTES // (4 * length))
        self._parts: list[Ids] = []
        self._begins: list[int] = []
        self._files: list[dict[str, Any]] = []
        self.documents = self.tokens = self.rest = 0

    def add(self, ids: Ids) -> None:
        """Put one document behind the others."""
        self._begins.append(self.rest)
        self._parts.append(ids)
        self.documents += 1
        self.rest += len(ids)
        if self.rest >= self._most * self._length:
            self._write(self._most)

    def finish(self) -> list[dict[str, Any]]:
        """Write what fills sequences; each file's path, split, rows, bytes and SHA-256."""
        if self.rest >= self._length:
            self._write(self.rest // self._length)
        return self._files

    def _write(self, rows: int) -> None:
        row = np.concatenate(self._parts)
        cut = rows * self._length
        begins = np.array(self._begins, np.int64)
        here = begins[begins < cut]
        starts = [(part % self._length).astype(np.int32) for part in self._by_sequence(here, rows)]
        path = self._folder / f"{self._side}-{len(self._files):05d}.parquet"
        write_atomically(path, lambda file: self._put(row[:cut], starts, file))
        about: dict[str, Any] = {"path": f"data/{path.name}", "split": self._side, "rows": rows}
        self._files.append(about | {"bytes": path.stat().st_size, "sha256": sha256_of(path)})
        self._parts, self._begins = [row[cut:]], (begins[begins >= cut] - cut).tolist()
        self.tokens += cut
        self.rest = len(row) - cut

    def _by_sequence(self, begins: npt.NDArray[np.int64], rows: int) -> list[npt.NDArray[np.int64]]:
        return np.split(begins, np.searchsorted(begins, np.arange(1, rows) * self._length))

    def _put(self, ids: Ids, starts: list[Ids], file: BinaryIO) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        sequences = pa.FixedSizeListArray.from_arrays(pa.array(ids), self._length)
        table = pa.table({"input_ids": sequences, "starts": pa.array(starts, pa.list_(pa.int32()))})
        pq.write_table(table, file, compression="zstd", row_group_size=max(1, (8 << 20) // (4 * self._length)))
