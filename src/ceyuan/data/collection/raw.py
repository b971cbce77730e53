"""Raw shards: documents as they were collected, in Parquet files of about equal size."""

from pathlib import Path

from ceyuan.data.files import canonical_json, sha256_of, write_atomically
from ceyuan.data.readers import Document

__all__ = ["RAW_COLUMNS", "RawWriter"]

_NUMBERS = ("rank",)
_VARYING = ("id", "domain", "title", "text", "group", "rank", "meta")  # the others are those of the source
RAW_COLUMNS = ("id", "source", "domain", "licence", "title", "text", "group", "rank", "meta")
"""Columns of a raw shard. ``id`` is unique in a collection (``source/name``), ``meta`` a JSON object of strings."""

_SHARD_BYTES = 32 << 20
_SHARD_ROWS = 100_000


class RawWriter:
    """Writes the documents of one source to ``folder/raw-00000.parquet`` and so on."""

    def __init__(self, folder: Path, source: str, domain: str, licence: str) -> None:
        self._folder = folder
        self._fixed = (source, domain, licence)
        self._columns: list[list[object]] = [[] for _ in _VARYING]
        self._bytes = 0
        self._shards: list[dict[str, object]] = []

    def add(self, document: Document) -> None:
        """Add one document; writes a shard when one is full."""
        source, text = self._fixed[0], document.text
        group = f"{source}/{document.group}" if document.group else ""
        meta = canonical_json(document.meta).decode() if document.meta else "{}"
        # Columns of plain values: a million small tuples would be walked by the garbage collector again and again.
        ids, domains, titles, texts, groups, ranks, notes = self._columns
        ids.append(f"{source}/{document.id}")
        domains.append(document.domain)
        titles.append(document.title)
        texts.append(text)
        groups.append(group)
        ranks.append(document.rank)
        notes.append(meta)
        self._bytes += len(text) * 3
        if self._bytes >= _SHARD_BYTES or len(self._columns[0]) >= _SHARD_ROWS:
            self._flush()

    def finish(self) -> list[dict[str, object]]:
        """Write what is left; each shard's ``file``, ``sha256``, ``bytes`` and ``documents``."""
        if self._columns[0]:
            self._flush()
        return self._shards

    def _flush(self) -> None:
        import pyarrow as pa  # here, so that looking at the register of corpora does not load Arrow
        import pyarrow.parquet as pq

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
        path = self._folder / f"raw-{len(self._shards):05d}.parquet"
        write_atomically(path, lambda file: pq.write_table(table, file, compression="zstd", row_group_size=8192))
        entry = {"file": path.name, "sha256": sha256_of(path), "bytes": path.stat().st_size, "documents": len(table)}
        self._shards.append(entry)
        self._columns, self._bytes = [[] for _ in _VARYING], 0
