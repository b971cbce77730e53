"""Raw shards: documents as they were collected, in Parquet files of about equal size."""

from pathlib import Path

from ceyuan.data.files import canonical_json, sha256_of, write_atomically
from ceyuan.data.readers import Document

__all__ = ["RAW_COLUMNS", "RawWriter"]

_NUMBERS = ("rank",)
RAW_COLUMNS = ("id", "source", "domain", "licence", "title", "text", "group", "rank", "meta")
"""Columns of a raw shard. ``id`` is unique in a collection (``source/name``), ``meta`` a JSON object of strings."""

_SHARD_BYTES = 32 << 20
_SHARD_ROWS = 100_000


class RawWriter:
    """Writes the documents of one source to ``folder/raw-00000.parquet`` and so on."""

    def __init__(self, folder: Path, source: str, domain: str, licence: str) -> None:
        self._folder = folder
        self._fixed = (source, domain, licence)
        self._rows: list[tuple[object, ...]] = []
        self._bytes = 0
        self._shards: list[dict[str, object]] = []

    def add(self, document: Document) -> None:
        """Add one document; writes a shard when one is full."""
        source, domain, licence = self._fixed
        group = f"{source}/{document.group}" if document.group else ""
        meta = canonical_json(dict(document.meta)).decode()
        identity = (f"{source}/{document.id}", source, document.domain or domain, licence)
        self._rows.append((*identity, document.title, document.text, group, document.rank, meta))
        self._bytes += len(document.text) * 3
        if self._bytes >= _SHARD_BYTES or len(self._rows) >= _SHARD_ROWS:
            self._flush()

    def finish(self) -> list[dict[str, object]]:
        """Write what is left; each shard's ``file``, ``sha256``, ``bytes`` and ``documents``."""
        if self._rows:
            self._flush()
        return self._shards

    def _flush(self) -> None:
        import pyarrow as pa  # here, so that looking at the register of corpora does not load Arrow
        import pyarrow.parquet as pq

        kinds = [pa.int32() if name in _NUMBERS else pa.large_string() for name in RAW_COLUMNS]
        fields = [pa.field(name, kind, nullable=False) for name, kind in zip(RAW_COLUMNS, kinds, strict=True)]
        columns = zip(*self._rows, strict=True)
        arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
        table = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
        path = self._folder / f"raw-{len(self._shards):05d}.parquet"
        write_atomically(path, lambda file: pq.write_table(table, file, compression="zstd", row_group_size=8192))
        entry = {"file": path.name, "sha256": sha256_of(path), "bytes": path.stat().st_size, "documents": len(table)}
        self._shards.append(entry)
        self._rows, self._bytes = [], 0
