"""Semantic duplicates of a run: vectors of the documents that are still kept, the search among them, what it drops.

Vectors come from the sources, or of a model that is asked about each content once; a document without a usable one
takes no part and is counted with the reason. It is the last search for duplicates, so no model is asked about what
other filters drop.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ceyuan.data.collection.raw import VECTOR
from ceyuan.data.corpus.columns import shards_in
from ceyuan.data.corpus.declared import hash_of
from ceyuan.data.corpus.gathering import gather, rows_of
from ceyuan.data.corpus.reasons import with_reason
from ceyuan.data.corpus.recipe import Semantic
from ceyuan.data.duplicates import DIMENSIONS, Pairs, Seeking, Vectors, alike, bands_of, pairs_of, quantised, survivors
from ceyuan.data.embeddings import Answers, EmbeddingServer, ask_all, refused_all
from ceyuan.data.files import naming_full_disk
from ceyuan.data.reporting import Report, told

__all__ = ["SEMANTIC", "Seek", "SemanticSearch", "seek_in_process"]

SEMANTIC = "semantic_duplicate"
"""The reason code."""

Places = npt.NDArray[np.int64]
Seek = Callable[[Vectors, Seeking, Places], Pairs]

_ABSENT, _INVALID, _NOT_FINITE, _ZERO, _DIMENSION, _USABLE = range(6)
_WITHOUT = ("absent", "invalid", "not_finite", "zero", "dimension")
_ROWS, _TEXTS = 4096, 1000


def seek_in_process(vectors: Vectors, seeking: Seeking, places: Places) -> Pairs:
    """All pairs, band by band."""
    return pairs_of(vectors, seeking, bands_of(seeking, 1)[0], places)


@dataclass(slots=True)
class SemanticSearch:
    """The search over the kept rows of a table, whose documents lie in the measured ``shards``.

    ``folder`` takes the vectors while they are compared, and what a model answered for as long as it stays there.
    ``counts`` tells afterwards: ``documents`` that took part or might have, ``vectors``, their ``dimensions``,
    ``duplicates``, ``curtailed`` (compared with a part of their bucket only) and ``without`` (how many had no usable
    vector, by reason).
    """

    settings: Semantic
    shards: Sequence[Path]
    folder: Path
    seek: Seek
    report: Report
    counts: dict[str, Any] = field(default_factory=dict)

    def __call__(self, table: pl.DataFrame) -> pl.DataFrame:
        """``table`` (``reason``, ``order``, ``id``, ``exact``, ``row``, and ``shard`` or ``segment``) with semantic
        duplicates marked. Raises ``DataProblem`` where a model cannot be asked."""
        place = "shard" if "shard" in table.columns else "segment"
        columns = ("reason", "order", "id", "exact", "row", pl.col(place).alias("shard"))
        kept = table.select(*columns).with_row_index("at").filter(pl.col("reason").is_null()).sort("order")
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "vectors.bin"
        try:
            vectors, states = self._vectors(kept, table, path)
            places = np.flatnonzero(states == _USABLE)
            self.report(told(0.8, f"比较 {len(places):,} 个向量", f"comparing {len(places):,} vectors"))
            same = alike(vectors, places)
            seeking = Seeking(self.settings.threshold, self.settings.largest)
            pairs = self.seek(vectors, seeking, places[same == places])
        finally:
            path.unlink(missing_ok=True)
        found = survivors(kept.height, places, same, pairs)
        dropped = np.flatnonzero(found.survivor >= 0)
        self._count(states, vectors.dimensions, len(dropped), len(pairs.curtailed))
        marked = pl.DataFrame(
            {
                "at": kept["at"].gather(dropped),
                "alike_of": kept["id"].gather(found.survivor[dropped]),
                "alike": found.similarity[dropped],
            }
        )
        table = table.with_row_index("at").join(marked, on="at", how="left", maintain_order="left")
        again = pl.col("alike_of").is_not_null()
        return (
            with_reason(table, again, SEMANTIC)
            .with_columns(
                duplicate_of=pl.when(again).then("alike_of").otherwise("duplicate_of"),
                similarity=pl.when(again).then("alike").otherwise("similarity"),
            )
            .drop("at", "alike_of", "alike")
        )

    def _count(self, states: npt.NDArray[np.int8], dimensions: int, duplicates: int, curtailed: int) -> None:
        without = {name: int((states == code).sum()) for code, name in enumerate(_WITHOUT)}
        usable = int((states == _USABLE).sum())
        self.counts = {
            "documents": len(states),
            "vectors": usable,
            "dimensions": dimensions if usable else 0,
            "duplicates": duplicates,
            "curtailed": curtailed,
            "without": {name: count for name, count in without.items() if count},
        }
        missing = len(states) - usable
        words = (
            f"语义重复 {duplicates:,} 篇；{missing:,} 篇没有可用向量，未参与",
            f"{duplicates:,} semantic duplicates; {missing:,} documents without a usable vector took no part",
        )
        self.report(told(1.0, *words))

    def _vectors(self, kept: pl.DataFrame, table: pl.DataFrame, path: Path) -> tuple[Vectors, npt.NDArray[np.int8]]:
        """The vectors of the rows ``kept``, in their order, and what each row's vector is like."""
        if not self.settings.model:
            return _put(path, kept.height, lambda: _brought(self.shards, kept), self.settings.dimensions)
        identity = hash_of(["embeddings", self.settings.model, self.settings.characters])
        for other in self.folder.glob("answers-*"):
            if not other.name.startswith(f"answers-{identity}"):
                other.unlink()
        with Answers(self.folder / f"answers-{identity}.sqlite") as answers:
            marks = kept["exact"].to_list()
            self._ask(kept, marks, answers)
            made = _put(path, kept.height, lambda: _answered(answers, marks), self.settings.dimensions)
            answers.forget_but(table["exact"].to_list())
        return made

    def _ask(self, kept: pl.DataFrame, marks: list[bytes], answers: Answers) -> None:
        """Ask the model about what it was not asked about before."""
        known = np.zeros(kept.height, np.bool_)
        for at, _ in answers.known(list(dict.fromkeys(marks))):
            known[at] = True
        first = kept.select("exact", "shard", "row").unique("exact", keep="first", maintain_order=True)
        wanted = first.filter(~pl.Series(known[: first.height])).sort("shard", "row")
        if not wanted.height:
            return
        done = 0

        def keep(marks: Sequence[bytes], vectors: npt.NDArray[np.float32]) -> None:
            nonlocal done
            usable = np.isfinite(vectors).all(axis=1) & (vectors != 0).any(axis=1)
            rows = np.zeros(vectors.shape, np.int16)
            rows[usable] = quantised(vectors[usable])
            answers.keep(marks, rows)
            done += len(marks)
            words = (f"已得 {done:,} / {wanted.height:,} 个向量", f"{done:,} of {wanted.height:,} vectors")
            self.report(told(0.8 * done / wanted.height, *words))

        model = self.settings.model
        asked = ask_all(EmbeddingServer.told(), model, self._texts(wanted), keep)
        if asked.refused and not asked.answered:
            raise refused_all(model, asked)

    def _texts(self, wanted: pl.DataFrame) -> Iterator[tuple[bytes, str]]:
        for rows in wanted.iter_slices(_TEXTS):
            texts = gather(self.shards, rows, "text").str.slice(0, self.settings.characters)
            yield from zip(rows["exact"].to_list(), texts.to_list(), strict=True)


Given = Iterator[tuple[Places, Sequence[bytes | npt.NDArray[np.int16]]]]
"""Places of documents, and the vector that each has: bytes as a source brings them, or quantised numbers."""


def _put(
    path: Path, count: int, given: Callable[[], Given], dimensions: int | None
) -> tuple[Vectors, npt.NDArray[np.int8]]:
    """The file of vectors by place, and the state of each; ``given`` is gone through twice."""
    states, sizes = np.full(count, _ABSENT, np.int8), np.zeros(count, np.int32)
    for places, values in given():
        sizes[places] = [len(one) if isinstance(one, np.ndarray) else _size(one) for one in values]
    if dimensions is None:
        usual, often = np.unique(sizes[sizes > 0], return_counts=True)
        dimensions = int(usual[np.argmax(often)]) if len(usual) else 1
    vectors = Vectors(path, count, dimensions)
    states[sizes < 0] = _INVALID
    states[(sizes > 0) & (sizes != dimensions)] = _DIMENSION
    with naming_full_disk(path.parent), path.open("wb") as file:
        file.truncate(count * vectors.width)
        for places, values in given():
            fitting = np.flatnonzero(sizes[places] == dimensions)
            if len(fitting):
                _put_rows(file.fileno(), vectors, places[fitting], [values[at] for at in fitting.tolist()], states)
    return vectors, states


def _size(value: bytes) -> int:
    """Numbers of a vector; -1 for what is none."""
    size = len(value) // 4
    return size if len(value) % 4 == 0 and size <= DIMENSIONS else -1


def _put_rows(
    file: int,
    vectors: Vectors,
    places: Places,
    values: Sequence[bytes | npt.NDArray[np.int16]],
    states: npt.NDArray[np.int8],
) -> None:
    if isinstance(values[0], np.ndarray):
        rows = np.array(values, np.int16)
        usable = (rows != 0).any(axis=1)
        states[places] = np.where(usable, _USABLE, _ZERO)
    else:
        numbers = np.frombuffer(b"".join(bytes(one) for one in values), "<f4").reshape(len(values), -1)
        finite, some = np.isfinite(numbers).all(axis=1), (numbers != 0).any(axis=1)
        states[places] = np.where(finite, np.where(some, _USABLE, _ZERO), _NOT_FINITE)
        usable = finite & some
        rows = np.zeros(numbers.shape, np.int16)
        rows[usable] = quantised(numbers[usable])
    for place, row in zip(places[usable].tolist(), rows[usable].astype("<i2"), strict=True):
        os.pwrite(file, row.tobytes(), place * vectors.width)


def _brought(shards: Sequence[Path], kept: pl.DataFrame) -> Given:
    """Vectors that lie in measured shards."""
    number, row = kept["shard"].to_numpy(), kept["row"].to_numpy()
    for shard in shards_in(number):
        if VECTOR not in pq.read_schema(shards[shard]).names:
            continue
        here = np.flatnonzero(number == shard)
        here = here[np.argsort(row[here], kind="stable")]
        column: pa.ChunkedArray = rows_of(shards[shard], row[here], [VECTOR])[VECTOR]
        for start in range(0, len(here), _ROWS):
            yield here[start : start + _ROWS], [one or b"" for one in column.slice(start, _ROWS).to_pylist()]


def _answered(answers: Answers, marks: Sequence[bytes]) -> Given:
    """Vectors that a model answered."""
    for start in range(0, len(marks), _ROWS):
        here = marks[start : start + _ROWS]
        found = dict(answers.known(list(dict.fromkeys(here))))
        by_mark = {mark: found[at] for at, mark in enumerate(dict.fromkeys(here)) if at in found}
        places = [at for at, mark in enumerate(here) if mark in by_mark]
        if places:
            yield np.array(places, np.int64) + start, [by_mark[here[at]] for at in places]
