"""Raw shards: documents as they were collected, in Parquet files of about equal size."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ceyuan.data.files import canonical_json, sha256_of, write_atomically
from ceyuan.data.readers import Document, Documents

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["RAW_COLUMNS", "VECTOR", "RawWriter", "joined", "raw_columns"]

_NUMBERS = ("rank",)
_ALIKE = ["source", "domain", "licence", "title", "group", "rank"]  # few values again and again: written once each
_VARYING = ("id", "domain", "title", "text", "group", "rank", "meta")  # the others are those of the source
RAW_COLUMNS = ("id", "source", "domain", "licence", "title", "text", "group", "rank", "meta")
"""Columns of a raw shard. ``id`` is unique in a collection (``source/name``), ``meta`` a JSON object of strings."""

VECTOR = "vector"
"""A further column of shards whose source brings vectors: numbers of 32 bits, no bytes where there is none."""

_SHARD_BYTES = 32 << 20
_GROUP_BYTES, _GROUP_LEAST, _GROUP_MOST = 2 << 20, 64, 8192  # of a row group, the least that is read for one text
_SHARD_ROWS = 100_000


class RawWriter:
    """Writes the documents of one source to ``folder/raw-00000.parquet`` and so on."""

    _first = 0

    def __init__(self, folder: Path, source: str, domain: str, licence: str) -> None:
        self._folder = folder
        self._fixed = (source, domain, licence)
        self._prefix = f"{source}/"
        self._columns: list[list[object]] = [[] for _ in _VARYING]
        self._vectors: list[bytes] = []
        self._tables: list[pa.Table] = []
        self._rows = self._bytes = 0
        self._shards: list[dict[str, object]] = []

    def add(self, document: Document) -> None:
        """Add one document; writes a shard when one is full."""
        name, text, title, group, domain, rank, meta, _, vector = document
        # Columns of plain values: a million small tuples would be walked by the garbage collector again and again.
        ids, domains, titles, texts, groups, ranks, notes = self._columns
        ids.append(self._prefix + name)
        domains.append(domain or self._fixed[1])
        titles.append(title)
        texts.append(text)
        groups.append(self._prefix + group if group else "")
        ranks.append(rank)
        notes.append(canonical_json(meta).decode() if meta else "{}")
        if vector:
            self._vectors += [b""] * (len(ids) - 1 - len(self._vectors))
            self._vectors.append(vector)
        self._added(1, len(text) + len(vector) // 3)

    def add_all(self, documents: Documents) -> None:
        """Add many documents at once."""
        import pyarrow as pa  # here, so that looking at the register of corpora does not load Arrow
        import pyarrow.compute as pc

        self._settle()
        ids = pc.binary_join_element_wise(self._prefix, documents.ids, "")
        nothing, none = pa.scalar("", pa.large_string()), pa.scalar(0, pa.int32())
        self._tables.append(
            self._table(
                {
                    "id": ids.cast(pa.large_string()),
                    "title": documents.titles.cast(pa.large_string()),
                    "text": documents.texts.cast(pa.large_string()),
                    "group": pa.repeat(nothing, len(ids)),
                    "rank": pa.repeat(none, len(ids)),
                    "meta": documents.notes.cast(pa.large_string()),
                }
            )
        )
        self._added(len(ids), documents.characters)

    def finish(self) -> list[dict[str, object]]:
        """Write what is left; each shard's ``file``, ``sha256``, ``bytes`` and ``documents``."""
        if self._rows:
            self._flush()
        return self._shards

    def _added(self, rows: int, characters: int) -> None:
        self._rows += rows
        self._bytes += characters * 3
        if self._bytes >= _SHARD_BYTES or self._rows >= _SHARD_ROWS:
            self._flush()

    def _settle(self) -> None:
        """Make a table of the documents that were added one by one."""
        import pyarrow as pa

        if self._columns[0]:
            kinds = (pa.int32() if name in _NUMBERS else pa.large_string() for name in _VARYING)
            arrays = (pa.array(column, kind) for column, kind in zip(self._columns, kinds, strict=True))
            table = self._table(dict(zip(_VARYING, arrays, strict=True)))
            if self._vectors:
                self._vectors += [b""] * (len(table) - len(self._vectors))
                table = table.append_column(_vector_field(), pa.array(self._vectors, pa.large_binary()))
                self._vectors = []
            self._tables.append(table)
            self._columns = [[] for _ in _VARYING]

    def _table(self, columns: "dict[str, pa.Array]") -> "pa.Table":
        """The rows with what is the same for all of the source."""
        import pyarrow as pa

        kinds = {name: pa.int32() if name in _NUMBERS else pa.large_string() for name in RAW_COLUMNS}
        count = len(columns["id"])
        for name, word in zip(("source", "domain", "licence"), self._fixed, strict=True):
            if name not in columns:
                columns[name] = pa.repeat(pa.scalar(word, kinds[name]), count)
        schema = pa.schema([pa.field(name, kind, nullable=False) for name, kind in kinds.items()])
        return pa.Table.from_arrays([columns[name] for name in RAW_COLUMNS], schema=schema)

    def _flush(self) -> None:
        import pyarrow.compute as pc

        self._settle()
        table = joined(self._tables).combine_chunks()
        some_titles = pc.count_distinct(table["title"]).as_py() < self._rows // 2
        alike = [name for name in _ALIKE if name != "title" or some_titles]
        self._tables, self._rows, self._bytes = [], 0, 0
        self._keep(table, alike)

    def _keep(self, table: "pa.Table", alike: list[str]) -> None:
        """Write a table as the next shard."""
        import pyarrow.parquet as pq

        path = self._folder / f"raw-{self._first + len(self._shards):05d}.parquet"
        rows = max(_GROUP_LEAST, min(_GROUP_MOST, len(table) * _GROUP_BYTES // max(1, table.nbytes)))
        # Of single documents' words, least and greatest tell nothing.
        write_atomically(
            path,
            lambda file: pq.write_table(
                table, file, compression="zstd", row_group_size=rows, use_dictionary=alike, write_statistics=alike
            ),
        )
        entry = {"file": path.name, "sha256": sha256_of(path), "bytes": path.stat().st_size, "documents": len(table)}
        self._shards.append(entry)


def joined(tables: "Sequence[pa.Table]") -> "pa.Table":
    """Rows of raw tables together, with the column ``VECTOR`` where one of them has it."""
    import pyarrow as pa

    if any(VECTOR in table.column_names for table in tables):
        nothing = pa.scalar(b"", pa.large_binary())
        tables = [
            table
            if VECTOR in table.column_names
            else table.append_column(_vector_field(), pa.repeat(nothing, len(table)))
            for table in tables
        ]
    return pa.concat_tables(tables)


def raw_columns(path: Path) -> list[str]:
    """Names of the columns that a raw shard has."""
    import pyarrow.parquet as pq

    return [*RAW_COLUMNS, *({VECTOR} & set(pq.read_schema(path).names))]


def _vector_field() -> "pa.Field":
    import pyarrow as pa

    return pa.field(VECTOR, pa.large_binary(), nullable=False)
