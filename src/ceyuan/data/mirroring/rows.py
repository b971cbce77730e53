"""Rows of one SELECT as JSON Lines: those above the watermark are read, each row keeps its line as long as it lives.

The database is opened for reading only. Deleted rows are found by asking for all keys; their lines become empty, so
that no other row changes its place.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

import orjson

from ceyuan.data.files import read_json, remove_leftovers, write_atomically, write_json
from ceyuan.data.mirroring.mirror import Report
from ceyuan.data.problems import DataProblem

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.exc import OperationalError

__all__ = ["mirror_rows"]

_BUCKETS = 64
_BLOCK = 5000


def mirror_rows(
    folder: Path, url: str, query: str, report: Report, *, key: str, watermark: str = "", secret: str = ""
) -> dict[str, Any]:
    """Bring the rows of ``query`` into ``folder/files``; counts of rows fetched, unchanged and gone.

    ``key`` names the column that identifies a row, ``watermark`` one that never falls when a row changes; rows at the
    highest value seen are read again, because others may have come with it. Without it all rows are read each time.
    Raises ``DataProblem``: ``database_unreachable``, ``query_invalid``.
    """
    from sqlalchemy.exc import SQLAlchemyError

    remove_leftovers(folder)
    state: Any = read_json(folder / "state.json")
    same = state.get("query") == [query, key, watermark]
    above = state.get("watermark") if same and watermark else None
    engine = _opened(url, secret)
    table = _Lines(folder / "files", fresh=not same)
    try:
        with _connected(engine) as connection:
            _read_only(connection)
            highest = _take_changed(connection, query, key, watermark, above, table, report)
            gone = table.forget(_all_keys(connection, query, key))
    except SQLAlchemyError as error:
        words = str(getattr(error, "orig", error)).splitlines()[0][:300]
        raise DataProblem("query_invalid", f"查询失败：{words}", f"The query failed: {words}") from error
    finally:
        engine.dispose()
    table.write()
    write_json(folder / "state.json", {"query": [query, key, watermark], "watermark": highest})
    counts = {"fetched": table.changed, "unchanged": len(table) - table.changed, "gone": gone}
    return {**counts, "quarantined": {}, "quarantine": []}


def _take_changed(
    connection: "Connection", query: str, key: str, watermark: str, above: Any, table: "_Lines", report: Report
) -> Any:
    """Read the rows from the watermark on into ``table``; the highest watermark now."""
    from sqlalchemy import column, literal_column, select, text

    wanted: Any = select(literal_column("q.*")).select_from(text(f"({query}) AS q"))
    if watermark and above is not None:
        wanted = wanted.where(column(watermark) >= _back(above))
    highest = _back(above) if above is not None else None
    rows = connection.execution_options(stream_results=True, yield_per=_BLOCK).execute(wanted)
    names = list(rows.keys())
    _require(names, key, watermark)
    for read, row in enumerate(rows, 1):
        values = dict(zip(names, row, strict=True))
        table.put(str(values[key]), values)
        if watermark and values[watermark] is not None:
            value = values[watermark]
            highest = value if highest is None or value > highest else highest
        if read % _BLOCK == 0:
            report({"message": [f"已读 {read:,} 行", f"{read:,} rows"]})
    return None if highest is None else _plain_mark(highest)


def _all_keys(connection: "Connection", query: str, key: str) -> set[str]:
    from sqlalchemy import column, select, text

    wanted: Any = select(column(key)).select_from(text(f"({query}) AS q"))
    rows = connection.execution_options(stream_results=True, yield_per=_BLOCK).execute(wanted)
    return {str(value) for (value,) in rows}


def _require(names: list[str], key: str, watermark: str) -> None:
    for one in (key, watermark):
        if one and one not in names:
            raise DataProblem(
                "query_invalid",
                f"查询结果没有列 {one}，只有：{'、'.join(names[:20])}。",
                f"The query gives no column {one}, only: {', '.join(names[:20])}.",
            )


def _opened(url: str, secret: str) -> "Engine":
    from sqlalchemy import create_engine, make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        address = make_url(url)
        if address.drivername == "postgresql":  # without a driver another one than ours is meant
            address = address.set(drivername="postgresql+psycopg")
        if secret:
            address = address.set(password=secret)
        if address.get_backend_name() == "sqlite":  # opened as a file that nobody may write to
            name = f"file:{quote(str(address.database))}?mode=ro"
            return create_engine("sqlite://", creator=lambda: sqlite3.connect(name, uri=True))
        return create_engine(address, connect_args={"connect_timeout": 20}, isolation_level="REPEATABLE READ")
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise DataProblem(
            "database_unreachable", f"没有该数据库的驱动：{error}", f"There is no driver for this database: {error}"
        ) from error


def _connected(engine: "Engine") -> "Connection":
    from sqlalchemy.exc import OperationalError

    try:
        return engine.connect()
    except OperationalError as error:
        raise _unreachable(error) from error


def _unreachable(error: "OperationalError") -> DataProblem:
    words = str(error.orig).splitlines()[0][:300]
    return DataProblem("database_unreachable", f"无法连接数据库：{words}", f"No connection: {words}")


def _read_only(connection: "Connection") -> None:
    """Forbid writing before the query runs, whatever it says."""
    from sqlalchemy import text
    from sqlalchemy.exc import OperationalError

    kind = connection.dialect.name
    statement = {
        "sqlite": "PRAGMA query_only = ON",
        "postgresql": "SET TRANSACTION READ ONLY",
        "mysql": "SET SESSION TRANSACTION READ ONLY",
        "mariadb": "SET SESSION TRANSACTION READ ONLY",
    }.get(kind)
    if statement is None:
        raise DataProblem("database_unreachable", f"不支持数据库 {kind}。", f"Databases of kind {kind} are not read.")
    try:
        connection.execute(text(statement))
    except OperationalError as error:
        raise _unreachable(error) from error


class _Lines:
    """The rows as lines of some files, chosen by a hash of the key; a row stays on its line."""

    def __init__(self, folder: Path, *, fresh: bool) -> None:
        self._folder = folder
        self._lines: list[list[bytes]] = [[] for _ in range(_BUCKETS)]
        self._places: dict[str, tuple[int, int]] = {}
        self._touched: set[int] = set()
        self.changed = 0
        for bucket in range(_BUCKETS):
            path = self._path(bucket)
            if fresh:
                path.unlink(missing_ok=True)
            elif path.is_file():
                self._lines[bucket] = path.read_bytes().splitlines()
        for bucket, lines in enumerate(self._lines):
            for at, line in enumerate(lines):
                if line:
                    self._places[str(orjson.loads(line)["id"])] = (bucket, at)

    def __len__(self) -> int:
        return len(self._places)

    def put(self, key: str, values: Mapping[str, Any]) -> None:
        """Put a row on its line."""
        line = orjson.dumps({**values, "id": key}, default=_plain, option=orjson.OPT_NON_STR_KEYS)
        if key in self._places:
            bucket, at = self._places[key]
            if self._lines[bucket][at] == line:
                return
            self._lines[bucket][at] = line
        else:
            bucket = hashlib.blake2b(key.encode(), digest_size=4).digest()[0] % _BUCKETS
            self._places[key] = (bucket, len(self._lines[bucket]))
            self._lines[bucket].append(line)
        self._touched.add(bucket)
        self.changed += 1

    def forget(self, keys: set[str]) -> int:
        """Empty the lines of rows that are not among ``keys``; how many there were."""
        gone = self._places.keys() - keys
        for key in gone:
            bucket, at = self._places.pop(key)
            self._lines[bucket][at] = b""
            self._touched.add(bucket)
        return len(gone)

    def write(self) -> None:
        """Write the files of which a line changed; one without any row left goes."""
        for bucket in sorted(self._touched):
            lines = self._lines[bucket]
            if not any(lines):
                self._path(bucket).unlink(missing_ok=True)
                continue
            write_atomically(self._path(bucket), lambda file, lines=lines: file.writelines(_ended(lines)))  # type: ignore[misc]

    def _path(self, bucket: int) -> Path:
        return self._folder / f"rows-{bucket:02d}.jsonl"


def _ended(lines: list[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield line + b"\n"


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value) if isinstance(value, Decimal | UUID | datetime | date | time) else repr(value)


def _plain_mark(value: object) -> list[Any]:
    """A watermark as JSON: its kind and its value."""
    if isinstance(value, datetime):
        return ["time", value.isoformat()]
    if isinstance(value, date):
        return ["date", value.isoformat()]
    if isinstance(value, Decimal):
        return ["number", float(value)]
    return ["number" if isinstance(value, int | float) else "text", value]


def _back(mark: list[Any]) -> Any:
    kind, value = mark
    if kind == "time":
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if kind == "date" else value
