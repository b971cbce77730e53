"""Raw media: files kept under their SHA-256 as they came, and shards of records that say what each one is."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from ceyuan.data.files import canonical_json, sha256_of, write_atomically
from ceyuan.data.readers import Document, Item

__all__ = ["MEDIA_COLUMNS", "MediaWriter", "stored_media"]

MEDIA_COLUMNS = (
    "id",
    "source",
    "domain",
    "licence",
    "title",
    "group",
    "rank",
    "meta",
    "kind",
    "format",
    "file",
    "size",
)
"""Columns of a shard of media records; ``file`` is the path below the source's folder, named by its SHA-256."""

_NUMBERS = ("rank", "size")
_ROWS, _BYTES = 512, 256 << 20  # of a shard, the unit that is measured and resumed
_BLOCK = 1 << 20


def stored_media(items: Iterable[Item], folder: Path) -> Iterator[Item]:
    """``items`` with the files of media copied to ``folder/media`` under their SHA-256, each content once."""
    for item in items:
        if isinstance(item, Document) and item.media is not None:
            item = item._replace(media=replace(item.media, path=_stored(item.media.path, item.media.format, folder)))
        yield item


def _stored(source: Path, name: str, folder: Path) -> Path:
    building = folder / "media" / "next.tmp"
    building.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with source.open("rb") as read, building.open("wb") as write:
        while block := read.read(_BLOCK):
            digest.update(block)
            write.write(block)
    place = folder / "media" / digest.hexdigest()[:2] / f"{digest.hexdigest()}.{name}"
    place.parent.mkdir(exist_ok=True)
    building.replace(place)
    return place


class MediaWriter:
    """Writes the records of one source's media to ``folder/media-00000.parquet`` and so on."""

    def __init__(self, folder: Path, source: str, domain: str, licence: str) -> None:
        self._folder = folder
        self._fixed = (source, domain, licence)
        self._rows: list[tuple[object, ...]] = []
        self._bytes = 0
        self._shards: list[dict[str, object]] = []
        self._kept: set[Path] = set()

    def add(self, document: Document) -> None:
        """Add a document whose media ``stored_media`` has put into this folder."""
        medium = document.media
        assert medium is not None
        source, domain, licence = self._fixed
        group = f"{source}/{document.group}" if document.group else ""
        identity = (f"{source}/{document.id}", source, document.domain or domain, licence, document.title, group)
        notes = canonical_json(dict(document.meta)).decode()
        file = medium.path.relative_to(self._folder).as_posix()
        self._rows.append((*identity, document.rank, notes, medium.kind, medium.format, file, medium.bytes))
        self._kept.add(medium.path)
        self._bytes += medium.bytes
        if len(self._rows) >= _ROWS or self._bytes >= _BYTES:
            self._flush()

    def finish(self) -> list[dict[str, object]]:
        """Write what is left and remove files that no record names; each shard's ``file``, ``sha256``, ``bytes``,
        ``documents`` and ``media_bytes``."""
        if self._rows:
            self._flush()
        for path in (self._folder / "media").glob("*/*"):
            if path not in self._kept:
                path.unlink()
        return self._shards

    def _flush(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        kinds = [pa.int64() if name in _NUMBERS else pa.large_string() for name in MEDIA_COLUMNS]
        columns = [pa.array(column, kind) for column, kind in zip(zip(*self._rows, strict=True), kinds, strict=True)]
        table = pa.Table.from_arrays(columns, names=list(MEDIA_COLUMNS))
        path = self._folder / f"media-{len(self._shards):05d}.parquet"
        write_atomically(path, lambda file: pq.write_table(table, file, compression="zstd"))
        facts = {"file": path.name, "sha256": sha256_of(path), "bytes": path.stat().st_size}
        self._shards.append(facts | {"documents": len(table), "media_bytes": self._bytes})
        self._rows, self._bytes = [], 0
