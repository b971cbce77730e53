"""Raw shards: documents as they were collected, in Parquet files of about equal size."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ceyuan.data.files import canonical_json, sha256_of, write_atomically
from ceyuan.data.readers import Document, Documents

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["RAW_COLUMNS", "RawWriter"]

_NUMBERS = ("rank",)
_ALIKE = ["source", "domain", "licence", "title", "group", "rank"]  # few values again and again: written once each
_VARYING = ("id", "domain", "title", "text", "group", "rank", "meta")  # the others are those of the source
RAW_COLUMNS = ("id", "source", "domain", "licence", "title", "text", "group", "rank", "meta")
"""Columns of a raw shard. ``id`` is unique in a collection (``source/name``), ``meta`` a JSON object of strings."""

_SHARD_BYTES = 32 << 20
_GROUP_BYTES, _GROUP_LEAST, _GROUP_MOST = 2 << 20, 64, 8192  # of a row group, the least that is read for one text
_SHARD_ROWS = 100_000


def _notes(metas: Sequence[Mapping[str, str]]) -> list[str]:
    """Notes as canonical JSON; those of one plain word each, which are the most, without an encoder."""
    name = next(iter(metas[0]), "") if metas else ""
    if set(map(len, metas)) == {1} and all(name in meta for meta in metas):
        values = [meta[name] for meta in metas]
        if _plain(f"{name}{''.join(values)}"):
            head, tail = f'{{"{name}":"', '"}'
            return [f"{head}{value}{tail}" for value in values]
    return [canonical_json(meta).decode() for meta in metas]


def _plain(word: str) -> bool:
    """Whether a string stands in JSON as it is."""
    return word.isprintable() and '"' not in word and "\\" not in word


class RawWriter:
    """Writes the documents of one source to ``folder/raw-00000.parquet`` and so on."""

    _first = 0

    def __init__(self, folder: Path, source: str, domain: str, licence: str) -> None:
        self._folder = folder
        self._fixed = (source, domain, licence)
        self._prefix = f"{source}/"
        self._columns: list[list[object]] = [[] for _ in _VARYING]
        self._bytes = 0
        self._shards: list[dict[str, object]] = []

    def add(self, document: Document) -> None:
        """Add one document; writes a shard when one is full."""
        name, text, title, group, domain, rank, meta, _ = document
        # Columns of plain values: a million small tuples would be walked by the garbage collector again and again.
        ids, domains, titles, texts, groups, ranks, notes = self._columns
        ids.append(self._prefix + name)
        domains.append(domain)
        titles.append(title)
        texts.append(text)
        groups.append(self._prefix + group if group else "")
        ranks.append(rank)
        notes.append(canonical_json(meta).decode() if meta else "{}")
        self._bytes += len(text) * 3
        if self._bytes >= _SHARD_BYTES or len(ids) >= _SHARD_ROWS:
            self._flush()

    def add_all(self, documents: Documents) -> None:
        """Add many documents at once."""
        prefix, count = self._prefix, len(documents.ids)
        ids, domains, titles, texts, groups, ranks, notes = self._columns
        ids += [prefix + name for name in documents.ids]
        domains += [""] * count
        titles += documents.titles
        texts += documents.texts
        groups += [""] * count
        ranks += [0] * count
        notes += _notes(documents.metas)
        self._bytes += sum(map(len, documents.texts)) * 3
        if self._bytes >= _SHARD_BYTES or len(ids) >= _SHARD_ROWS:
            self._flush()

    def finish(self) -> list[dict[str, object]]:
        """Write what is left; each shard's ``file``, ``sha256``, ``bytes`` and ``documents``."""
        if self._columns[0]:
            self._flush()
        return self._shards

    def _flush(self) -> None:
        import pyarrow as pa  # here, so that looking at the register of corpora does not load Arrow

        kinds = {name: pa.int32() if name in _NUMBERS else pa.large_string() for name in RAW_COLUMNS}
        columns = dict(zip(_VARYING, self._columns, strict=True))
        ids, domains = columns["id"], columns.pop("domain")
        if any(domains):
            columns["domain"] = [domain or self._fixed[1] for domain in domains]
        same = dict(zip(("source", "domain", "licence"), self._fixed, strict=True))
        arrays = [
            pa.array(columns[name], kind) if name in columns else pa.repeat(pa.scalar(same[name], kind), len(ids))
            for name, kind in kinds.items()
        ]
        schema = pa.schema([pa.field(name, kind, nullable=False) for name, kind in kinds.items()])
        table = pa.Table.from_arrays(arrays, schema=schema)
        alike = [name for name in _ALIKE if name != "title" or len(set(columns["title"])) < len(ids) // 2]
        self._columns, self._bytes = [[] for _ in _VARYING], 0
        self._keep(table, alike)

    def _keep(self, table: "pa.Table", alike: list[str]) -> None:
        """Write a table as the next shard."""
        import pyarrow.parquet as pq

        path = self._folder / f"raw-{self._first + len(self._shards):05d}.parquet"
        rows = max(_GROUP_LEAST, min(_GROUP_MOST, len(table) * _GROUP_BYTES // max(1, table.nbytes)))
        write_atomically(
            path,
            lambda file: pq.write_table(table, file, compression="zstd", row_group_size=rows, use_dictionary=alike),
        )
        entry = {"file": path.name, "sha256": sha256_of(path), "bytes": path.stat().st_size, "documents": len(table)}
        self._shards.append(entry)
