"""A source brought up to date: files that did not change are not read, documents that did not change are not written.

What is new lies in shards of its own behind those of before, which stay as they are; what the source no longer has is
listed as gone. Beside the shards, for the next time, lies what is known of files and rows.
"""

import os
import shutil
from collections import Counter
from collections.abc import Iterator, KeysView, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ceyuan.data.collection.progress import Reading, Tell
from ceyuan.data.collection.raw import RawWriter, joined
from ceyuan.data.files import canonical_json, read_json, sha256_of, write_atomically, write_json
from ceyuan.data.readers import READERS, Documents, ReadOptions, Rejection
from ceyuan.data.readers.folder import files_of, read_file

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

__all__ = ["KNOWN", "UNREAD", "Files", "NotRenewable", "RememberingWriter", "listed", "renewed"]

KNOWN = "known"
"""Folder beside the shards with what is known for the next time; it is no part of the collection's content."""

_SEEDS = (0x5EED, 0xC0FFEE)
_SUPERSEDED = 0.25
_LAYERS = 48
_SHARD_BYTES = 32 << 20
_GONE = "gone.parquet"
UNREAD = "unsupported_format"
"""The reason why a file was set aside that no reader knows."""

Files = dict[str, tuple[int, int]]
"""Size and time (ns) of each file by its name."""


class NotRenewable(Exception):
    """The source has to be read as a whole."""


def listed(root: Path) -> Files:
    """The files of a folder (or the one file) as they are now."""
    return files_of(root)


class RememberingWriter(RawWriter):
    """A writer that knows in the end which rows it wrote, by two hashes of their content."""

    def __init__(self, folder: Path, source: str, domain: str, licence: str) -> None:
        super().__init__(folder, source, domain, licence)
        self.rows: list[pl.DataFrame] = []

    def _keep(self, table: "pa.Table", alike: list[str]) -> None:
        self.rows.append(_marked(table))
        super()._keep(table, alike)

    def doubled(self) -> int:
        """How many rows a later one of the same id replaces."""
        import polars as pl

        ids = pl.concat([_nothing(), *self.rows])["id"]
        return len(ids) - ids.n_unique()

    def remember(self, files: Files, rejected: Mapping[str, Mapping[str, int]]) -> None:
        """Keep what is known of rows and files beside the shards."""
        import polars as pl

        rows = pl.concat(self.rows) if self.rows else _nothing()
        if rows["id"].hash().n_unique() < rows.height:
            rows = rows.unique("id", keep="last", maintain_order=True)
        _remember(self._folder, rows, files, {name: dict(counts) for name, counts in rejected.items()})


class _Sifter(RawWriter):
    """A writer of only those rows that are new or differ."""

    def __init__(self, folder: Path, fixed: tuple[str, str, str], first: int, known: "pl.DataFrame") -> None:
        super().__init__(folder, *fixed)
        self._first, self._known = first, known
        self.rows: list[pl.DataFrame] = []
        self.fresh: list[pl.DataFrame] = []
        self._waiting: list[tuple[pa.Table, list[str]]] = []
        self._waiting_bytes = 0

    def _keep(self, table: "pa.Table", alike: list[str]) -> None:
        import pyarrow as pa

        marks = _marked(table).with_row_index("at")
        self.rows.append(marks.drop("at"))
        fresh = marks.join(self._known, on=["id", "one", "two"], how="anti", maintain_order="left")
        if not fresh.height:
            return
        self.fresh.append(fresh)
        some = table.take(pa.array(fresh["at"].to_arrow())).combine_chunks()
        self._waiting.append((some, alike))
        self._waiting_bytes += some.nbytes
        if self._waiting_bytes >= _SHARD_BYTES:
            self._write_waiting()

    def finish(self) -> list[dict[str, object]]:
        super().finish()
        if self._waiting:
            self._write_waiting()
        return self._shards

    def _write_waiting(self) -> None:
        tables, alike = [table for table, _ in self._waiting], self._waiting[-1][1]
        self._waiting, self._waiting_bytes = [], 0
        super()._keep(joined(tables), alike)


@dataclass(frozen=True, slots=True)
class _Before:
    """What is known of a source from the last time: its record, its files, how often what was rejected in which of
    them, the hashes of its rows, and what could be read."""

    record: dict[str, Any]
    files: Files
    rejected: dict[str, dict[str, int]]
    rows: "pl.DataFrame"
    readers: str


def renewed(
    old: Path,
    building: Path,
    root: Path,
    now: Files,
    fixed: tuple[str, str, str],
    options: ReadOptions,
    tell: Tell,
) -> dict[str, object]:
    """Bring the source in the folder ``old`` up to date in the empty folder ``building``; what its record says.

    ``now`` are the files below ``root``, ``fixed``: key, domain and licence of the source. Shards of before are
    linked; ``tell`` hears how far the reading is. Raises ``NotRenewable`` where too little is known, or so much was
    replaced that the source is better read anew.
    """
    before = _before(old)
    known = before.files
    # What no reader knew then, one may know by now.
    more = before.readers != READERS
    untold = {name for name, reasons in before.rejected.items() if more and UNREAD in reasons}
    changed = [name for name, facts in now.items() if known.get(name) != facts or name in untold]
    touched = {*changed, *(known.keys() - now.keys())}
    affected, untouched = _split(before.rows, fixed[0], touched, known.keys())
    shards = list(before.record["shards"])
    writer = _Sifter(building, fixed, len(shards), affected)
    rejected: dict[str, dict[str, int]] = {}
    lines: list[bytes] = []
    base = root if root.is_dir() else root.parent
    reading, documents, characters = Reading({name: now[name] for name in changed}, tell), 0, 0
    for name in changed:
        counts: Counter[str] = Counter()
        for item in read_file(base, name, options):
            if isinstance(item, Rejection):
                counts[item.reason] += 1
                lines.append(canonical_json({"where": item.where, "reason": item.reason, "detail": item.detail}))
            elif isinstance(item, Documents):
                writer.add_all(item)
                documents, characters = documents + len(item), characters + item.characters
            elif item.media is None:
                writer.add(item)
                documents, characters = documents + 1, characters + len(item.text)
            else:
                raise NotRenewable("media are kept as a whole")
            reading.at(name, documents, characters)
        rejected[name] = dict(counts)
    written = writer.finish()
    return _taken(old, building, before, _Change(now, rejected, lines, touched, affected, untouched, writer, written))


@dataclass(frozen=True, slots=True)
class _Change:
    now: Files
    rejected: dict[str, dict[str, int]]
    lines: list[bytes]
    touched: set[str]
    affected: "pl.DataFrame"
    untouched: "pl.DataFrame"
    writer: _Sifter
    written: list[dict[str, object]]


def _taken(old: Path, building: Path, before: _Before, change: _Change) -> dict[str, object]:
    import polars as pl

    read = pl.concat([_nothing(), *change.writer.rows]).unique("id", keep="last", maintain_order=True)
    lost = change.affected.join(read, on="id", how="anti")["id"]
    rows = pl.concat([change.untouched, read])
    gone = pl.concat([_gone_before(old, before.record), lost]).unique()
    gone = gone.filter(~gone.is_in(rows["id"].implode())).sort()
    shards = [*before.record["shards"], *change.written]
    total = sum(int(str(one["documents"])) for one in shards)
    superseded = total - rows.height
    if not rows.height or superseded > _SUPERSEDED * total or len(shards) > _LAYERS + 2 * len(_large(shards)):
        raise NotRenewable("too much was replaced")
    for shard in before.record["shards"]:
        _link(old / shard["file"], building / shard["file"])
    rejected = {name: counts for name, counts in before.rejected.items() if name not in change.touched}
    rejected |= {name: counts for name, counts in change.rejected.items() if counts}
    reasons: Counter[str] = Counter()
    for counts in rejected.values():
        reasons.update(counts)
    _put_rejections(old, building, change)
    _remember(building, rows, change.now, rejected)
    record: dict[str, object] = {
        "documents": rows.height,
        "characters": int(rows["characters"].sum()),
        "rejected": dict(sorted(reasons.items())),
        "shards": shards,
    }
    if superseded:
        record["superseded"] = superseded
    if len(gone):
        record["gone"] = _put_gone(building, gone)
    return record


def _before(old: Path) -> _Before:
    import polars as pl

    record: dict[str, Any] = read_json(old / "source.json")
    about: dict[str, Any] = read_json(old / KNOWN / "about.json")
    rows, files = old / KNOWN / "rows.parquet", old / KNOWN / "files.parquet"
    there = rows.is_file() and files.is_file()
    if not record or "media" in record or about.get("hashes") != _hashes() or not there:
        raise NotRenewable("too little is known")
    names, sizes, times = (column.to_list() for column in pl.read_parquet(files))
    known = dict(zip(names, zip(sizes, times, strict=True), strict=True))
    return _Before(record, known, about["rejected"], pl.read_parquet(rows), about.get("readers", ""))


def _split(
    rows: "pl.DataFrame", key: str, touched: set[str], files: KeysView[str]
) -> tuple["pl.DataFrame", "pl.DataFrame"]:
    """(rows that came out of the files ``touched``, the others)."""
    import polars as pl

    bodies = rows["id"].str.slice(len(key) + 1)
    sure = pl.Series(list(files), dtype=pl.String)
    exact = bodies.is_in(sure.implode())
    here = pl.Series(list(touched), dtype=pl.String).implode()
    if exact.all():  # every document is a file of its own
        alone = bodies.is_in(here)
        return rows.filter(alone), rows.filter(~alone)
    owner = bodies.str.replace(r"#[^#]*$", "")
    plain = owner.is_in(sure.implode())
    found = ((exact & bodies.is_in(here)) | (~exact & plain & owner.is_in(here))).to_list()
    for at in (~(plain | exact)).arg_true().to_list():
        found[at] = _owner(bodies[at], files) in touched
    which = pl.Series(found, dtype=pl.Boolean)
    return rows.filter(which), rows.filter(~which)


def _owner(body: str, files: KeysView[str]) -> str:
    """The file that a document came out of: the longest beginning of its id that is one."""
    for at in range(len(body), 0, -1):
        if (at == len(body) or body[at] in "#/") and body[:at] in files:
            return body[:at]
    raise NotRenewable("a document's file is not known")


def _hashes() -> str:
    """What the hashes of rows depend on: others are not comparable."""
    import polars as pl

    return f"{pl.__version__}: text, rest"


def _marked(table: "pa.Table") -> "pl.DataFrame":
    """Each row's id, a hash of its text, another of all else, and how long the text is."""
    import polars as pl

    rows: Any = pl.from_arrow(table)
    rest, text = pl.struct([name for name in rows.columns if name not in ("id", "text")]), pl.col("text")
    found: pl.DataFrame = rows.select(
        "id", text.hash(_SEEDS[0]).alias("one"), rest.hash(_SEEDS[1]).alias("two"), characters=text.str.len_chars()
    )
    return found


def _nothing() -> "pl.DataFrame":
    import polars as pl

    return pl.DataFrame(schema={"id": pl.String, "one": pl.UInt64, "two": pl.UInt64, "characters": pl.UInt32})


def _remember(folder: Path, rows: "pl.DataFrame", files: Files, rejected: Mapping[str, Mapping[str, int]]) -> None:
    import polars as pl

    write_atomically(folder / KNOWN / "rows.parquet", lambda file: rows.write_parquet(file, compression="lz4"))
    facts = {"size": [size for size, _ in files.values()], "time": [time for _, time in files.values()]}
    kinds = {"name": pl.String, "size": pl.Int64, "time": pl.Int64}
    table = pl.DataFrame({"name": list(files), **facts}, schema=kinds)
    write_atomically(folder / KNOWN / "files.parquet", lambda file: table.write_parquet(file, compression="lz4"))
    write_json(folder / KNOWN / "about.json", {"hashes": _hashes(), "readers": READERS, "rejected": rejected})


def _gone_before(old: Path, record: Mapping[str, Any]) -> "pl.Series":
    import polars as pl

    if "gone" not in record:
        return pl.Series("id", [], pl.String)
    return pl.read_parquet(old / record["gone"]["file"])["id"]


def _put_gone(building: Path, gone: "pl.Series") -> dict[str, object]:
    path = building / _GONE
    write_atomically(path, lambda file: gone.to_frame("id").write_parquet(file, compression="zstd"))
    return {"file": _GONE, "sha256": sha256_of(path), "documents": len(gone)}


def _put_rejections(old: Path, building: Path, change: _Change) -> None:
    """What could not be read of files that did not change stays listed."""
    import orjson

    def stays(line: bytes) -> Iterator[bytes]:
        where = str(orjson.loads(line)["where"])
        if not any(where == name or where.startswith((f"{name}#", f"{name}/")) for name in change.touched):
            yield line

    path = old / "rejections.jsonl"
    before = path.read_bytes().splitlines() if path.is_file() else []
    lines = sorted([kept for line in before for kept in stays(line)] + change.lines)
    if lines:
        write_atomically(
            building / "rejections.jsonl", lambda file: file.writelines(line + b"\n" for line in lines[:10_000])
        )


def _large(shards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in shards if int(one["bytes"]) > _SHARD_BYTES // 32]


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
