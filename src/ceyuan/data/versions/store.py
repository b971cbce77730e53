"""The store of versions: files by content, finished units by row, manifests by hash, and which version is current."""

import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ceyuan.data.files import (
    Hashing,
    canonical_json,
    read_json,
    remove_leftovers,
    sha256_of,
    write_atomically,
    write_json,
)
from ceyuan.data.problems import DataProblem
from ceyuan.data.tables import put_frame

__all__ = ["Part", "Segment", "Store", "Version"]

_SAVING = (".npz", ".json")  # of the state, what only saves work
_ALIKE = ("source", "domain", "licence", "shard", "split")  # few values again and again: written once each
_GROUP = 8192
_WHOLE = "state/whole.json"
_GOOD_FOR = 7 * 86400  # seconds that a file counts as whole after it was read in full: disks do rot


@dataclass(frozen=True, slots=True)
class Segment:
    """A raw shard: documents that came in together; ``dead`` are its rows that later changes replaced or deleted."""

    sha256: str
    documents: int
    dead: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A shard of the dataset; ``removed`` are its rows that are not in this version."""

    sha256: str
    rows: int
    bytes: int
    removed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """A version by its manifest. ``content`` is a hash of the documents it holds, whatever shards they lie in."""

    id: str
    parent: str
    content: str
    recipe: dict[str, Any]
    counts: dict[str, Any]
    segments: tuple[Segment, ...]
    parts: tuple[Part, ...]
    note: dict[str, Any] = field(default_factory=dict)


class Store:
    """A folder of versions. Everything in it is either whole or absent; two stores of equal history are equal."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._whole: dict[str, list[int]] | None = None
        for name in ("raw", "measured", "data", "manifests", "state"):
            (root / name).mkdir(parents=True, exist_ok=True)

    def clear_leftovers(self) -> None:
        """Remove what a killed writer left half done."""
        remove_leftovers(self.root)
        for name in ("raw", "data", "state"):
            (self.root / name / "next").unlink(missing_ok=True)

    @property
    def head(self) -> str:
        """Id of the current version; empty before the first."""
        return str(read_json(self.root / "head.json").get("version", ""))

    def version(self, name: str = "") -> Version | None:
        """A version by its id (or the beginning of one), the current one by default; None before the first.

        Raises ``DataProblem`` ``version_unknown``.
        """
        name = name or self.head
        if not name:
            return None
        found = sorted((self.root / "manifests").glob(f"{name}*.json")) if name.isalnum() else []
        if len(found) != 1:
            raise DataProblem("version_unknown", f"没有版本 {name}。", f"There is no version {name}.")
        return _version(found[0].stem, read_json(found[0]))

    def history(self) -> Iterator[Version]:
        """The current version and those before it, newest first."""
        version = self.version()
        while version is not None:
            yield version
            version = self.version(version.parent) if version.parent else None

    def commit(self, manifest: dict[str, Any]) -> Version:
        """Write a manifest under its hash and make it the current version."""
        name = hashlib.sha256(canonical_json(manifest)).hexdigest()[:32]
        write_json(self.root / "manifests" / f"{name}.json", manifest)
        write_json(self.root / "head.json", {"version": name})
        self._keep_whole()
        return _version(name, manifest)

    def roll_back(self, name: str) -> Version:
        """Make an earlier version current again; nothing is deleted. Raises ``DataProblem`` ``version_unknown``."""
        version = self.version(name)
        assert version is not None
        write_json(self.root / "head.json", {"version": version.id})
        return version

    def keep_table(self, table: pa.Table) -> str:
        """SHA-256 of the Parquet file that now holds ``table`` among the raw shards, named by its content."""

        def fill(file: BinaryIO) -> None:
            alike = [name for name in table.column_names if name in _ALIKE]
            packing: dict[str, Any] = {"compression": "zstd", "compression_level": 1}
            pq.write_table(table, file, row_group_size=_GROUP, use_dictionary=alike, write_statistics=False, **packing)

        digest, _ = self.keep_file("raw", fill)
        return digest

    def keep_frame(self, frame: pl.DataFrame) -> str:
        """SHA-256 of the Parquet file that now holds ``frame`` among the states, named by its content."""
        alike = [name for name in frame.columns if name in _ALIKE]
        how: dict[str, Any] = {"use_dictionary": alike, "write_statistics": False, "compression": "lz4"}
        digest, _ = self.keep_file("state", lambda file: put_frame(frame, file, _GROUP, **how))
        return digest

    def keep_file(self, folder: str, fill: Callable[[BinaryIO], None]) -> tuple[str, int]:
        """(SHA-256, bytes) of the Parquet file that ``fill`` writes, in ``folder`` under its content's name."""
        temporary = self.root / folder / "next"
        found: list[tuple[str, int]] = []

        def hashed(file: BinaryIO) -> None:
            hashing = Hashing(file)
            fill(cast(BinaryIO, hashing))
            found.append((hashing.sha256(), hashing.size))

        write_atomically(temporary, hashed)
        digest, size = found[0]
        path = self.path(folder, digest)
        temporary.replace(path)
        self._note_whole(path, _state(path))
        return digest, size

    def path(self, folder: str, sha256: str) -> Path:
        """Where the file of that content lies."""
        return self.root / folder / f"{sha256}.parquet"

    def checked(self, folder: str, sha256: str) -> Path:
        """The file, its content checked where that was not done since it was written, within a week, or since its size
        or time became others. Raises ``DataProblem`` ``shard_damaged`` with its name."""
        path = self.path(folder, sha256)
        if path.is_file():
            state = _state(path)
            if self._known_whole(path, state):
                return path
            if sha256_of(path) == sha256:
                self._note_whole(path, state)
                return path
        raise DataProblem(
            "shard_damaged",
            f"分片 {folder}/{path.name} 缺失或已损坏；放回该文件后重新运行，会从断点继续。",
            f"Shard {folder}/{path.name} is missing or damaged; put it back and run again, it continues there.",
        )

    def _known_whole(self, path: Path, state: list[int]) -> bool:
        if self._whole is None:
            self._whole = cast(dict[str, list[int]], read_json(self.root / _WHOLE))
        known = self._whole.get(f"{path.parent.name}/{path.stem}", [])
        return known[:-1] == state and 0 <= time.time() - known[-1] < _GOOD_FOR

    def _note_whole(self, path: Path, state: list[int]) -> None:
        self._known_whole(path, state)
        assert self._whole is not None
        self._whole[f"{path.parent.name}/{path.stem}"] = [*state, int(time.time())]

    def _keep_whole(self) -> None:
        """Remember for later processes which files were found whole, and when."""
        if self._whole is not None:
            there = {name: known for name, known in self._whole.items() if (self.root / f"{name}.parquet").exists()}
            write_json(self.root / _WHOLE, there)

    def unit(self, segment: str, shard: str) -> Path | None:
        """The finished unit of a segment of operators and a raw shard; None where it is not finished or not whole."""
        return self.unit_path(segment, shard) if self.finished(segment, [shard]) else None

    def finished(self, segment: str, shards: Iterable[str]) -> set[str]:
        """Those of the raw ``shards`` whose units of a segment of operators are finished and whole."""
        with self._ledger() as ledger:
            sizes = dict(ledger.execute("SELECT shard, bytes FROM unit WHERE segment = ?", (segment,)).fetchall())
        paths = {shard: self.unit_path(segment, shard) for shard in shards if shard in sizes}
        return {shard for shard, path in paths.items() if path.is_file() and path.stat().st_size == sizes[shard]}

    def unit_path(self, segment: str, shard: str) -> Path:
        """Where a unit lies, finished or not."""
        return self.root / "measured" / f"{segment}-{shard[:32]}.parquet"

    def finish_unit(self, segment: str, shard: str) -> None:
        """One row says that the unit's file, synced and in place, is whole."""
        size = self.unit_path(segment, shard).stat().st_size
        with self._ledger() as ledger, ledger:
            ledger.execute("INSERT OR REPLACE INTO unit VALUES (?, ?, ?)", (segment, shard, size))

    def sweep(self, segment: str) -> None:
        """Remove all that the current version does not need, and measured units of other operators than ``segment``'s.

        For a store whose history is kept elsewhere.
        """
        version = self.version()
        if version is None:
            return
        raw = {one.sha256 for one in version.segments}
        units = {self.unit_path(segment, one).name for one in raw}
        wanted = {
            "raw": {self.path("raw", one).name for one in raw},
            "measured": units,
            "data": {self.path("data", one.sha256).name for one in version.parts},
            "state": {self.path("state", version.note[name]).name for name in ("state", "known")},
            "manifests": {f"{version.id}.json"},
        }
        with self._ledger() as ledger, ledger:
            rows = ledger.execute("SELECT segment, shard FROM unit").fetchall()
            gone = [row for row in rows if row[0] != segment or row[1] not in raw]
            ledger.executemany("DELETE FROM unit WHERE segment = ? AND shard = ?", gone)
        for folder, names in wanted.items():
            for path in (self.root / folder).iterdir():
                if path.name not in names and path.suffix not in _SAVING:
                    path.unlink()

    @contextmanager
    def _ledger(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.root / "units.db", timeout=30)) as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS unit"
                " (segment TEXT, shard TEXT, bytes INTEGER, PRIMARY KEY (segment, shard))"
            )
            yield connection


def _state(path: Path) -> list[int]:
    facts = path.stat()
    return [facts.st_ino, facts.st_size, facts.st_mtime_ns]


def _version(name: str, values: dict[str, Any]) -> Version:
    return Version(
        name,
        values["parent"],
        values["content"],
        values["recipe"],
        values["counts"],
        tuple(Segment(one["sha256"], one["documents"], tuple(one["dead"])) for one in values["segments"]),
        tuple(Part(one["sha256"], one["rows"], one["bytes"], tuple(one["removed"])) for one in values["parts"]),
        values.get("note", {}),
    )
