"""The few statements whose form differs between SQLite and PostgreSQL, and inserts by the thousand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

import orjson
from sqlalchemy import JSON, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.sql.dml import Insert

from ceyuan.kernel.tables import Base

Rows = Sequence[dict[str, Any]]
_Convert = Callable[[Any], Any]


def table_of(entity: type[Base]) -> Table:
    """The table behind an ORM class, for statements on the hot path."""
    return cast(Table, entity.__table__)


def is_sqlite(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def insert_for(session: AsyncSession, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT in the session's dialect."""
    return _insert(session.get_bind().dialect.name, table)


def _insert(dialect: str, table: Table) -> Any:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A compiled INSERT with the conversions of its columns, so that a row costs no more than these."""

    text: str
    names: tuple[str, ...]
    converts: dict[str, _Convert]
    positional: bool

    def bind(self, rows: Rows) -> list[Any]:
        """The rows as the driver takes them. Equal moments are converted once."""
        moments: dict[tuple[str, datetime], Any] = {}
        bound: list[Any] = []
        for row in rows:
            values = row.copy()
            for name, convert in self.converts.items():
                value = values[name]
                if type(value) is datetime:
                    if (name, value) not in moments:
                        moments[name, value] = convert(value)
                    values[name] = moments[name, value]
                elif value is not None:
                    values[name] = convert(value)
            bound.append(tuple([values[name] for name in self.names]) if self.positional else values)
        return bound


def _prepare(dialect: Dialect, statement: Insert, table: Table, columns: tuple[str, ...]) -> _Prepared:
    compiled = statement.compile(dialect=dialect, column_keys=list(columns))
    converts: dict[str, _Convert] = {}
    for name in columns:
        kind = table.c[name].type
        if isinstance(kind, JSON):
            converts[name] = lambda value: orjson.dumps(value).decode()
        elif (convert := kind.dialect_impl(dialect).bind_processor(dialect)) is not None:
            converts[name] = convert
    order = tuple(compiled.positiontup or columns)
    return _Prepared(str(compiled), order, converts, compiled.positional)


@lru_cache(maxsize=64)
def _plain(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> _Prepared:
    return _prepare(dialect, table.insert(), table, columns)


@lru_cache(maxsize=64)
def _missing(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> _Prepared:
    return _prepare(dialect, _insert(dialect.name, table).on_conflict_do_nothing(), table, columns)


@lru_cache(maxsize=64)
def _adding(
    dialect: Dialect, table: Table, columns: tuple[str, ...], keys: tuple[str, ...], sums: tuple[str, ...]
) -> _Prepared:
    statement = _insert(dialect.name, table)
    added = {name: table.c[name] + statement.excluded[name] for name in sums}
    return _prepare(dialect, statement.on_conflict_do_update(index_elements=keys, set_=added), table, columns)


async def _run(connection: AsyncConnection, prepared: _Prepared, rows: Rows) -> int:
    result = await connection.exec_driver_sql(prepared.text, prepared.bind(rows))
    return result.rowcount


async def insert_many(session: AsyncSession, table: Table, rows: Rows) -> None:
    """Insert rows, all with the same columns, by the driver's executemany."""
    if rows:
        connection = await session.connection()
        await _run(connection, _plain(connection.dialect, table, tuple(rows[0])), rows)


async def insert_missing(session: AsyncSession, table: Table, rows: Rows) -> int:
    """Insert the rows that no unique constraint refuses; returns how many that were."""
    if not rows:
        return 0
    connection = await session.connection()
    return await _run(connection, _missing(connection.dialect, table, tuple(rows[0])), rows)


async def add_up(session: AsyncSession, table: Table, rows: Rows, *, keys: Sequence[str], sums: Sequence[str]) -> None:
    """Insert rows, or where `keys` are there already add the columns `sums` to them."""
    if rows:
        connection = await session.connection()
        prepared = _adding(connection.dialect, table, tuple(rows[0]), tuple(keys), tuple(sums))
        await _run(connection, prepared, rows)
