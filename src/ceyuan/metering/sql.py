"""The few statements whose form differs between SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.kernel.tables import Base

Rows = Sequence[dict[str, Any]]


def table_of(entity: type[Base]) -> Table:
    """The table behind an ORM class, for statements on the hot path."""
    return cast(Table, entity.__table__)


def is_sqlite(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def insert_for(session: AsyncSession, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT in the session's dialect."""
    return sqlite.insert(table) if is_sqlite(session) else postgresql.insert(table)


async def insert_many(session: AsyncSession, table: Table, rows: Rows) -> None:
    """Insert rows by executemany, without the ORM's bookkeeping."""
    if rows:
        connection = await session.connection()
        await connection.execute(table.insert(), rows)


async def insert_missing(session: AsyncSession, table: Table, rows: Rows) -> int:
    """Insert the rows that no unique constraint refuses; returns how many that were."""
    if not rows:
        return 0
    connection = await session.connection()
    result = await connection.execute(insert_for(session, table).on_conflict_do_nothing(), rows)
    return result.rowcount


async def add_up(session: AsyncSession, table: Table, rows: Rows, *, keys: Sequence[str], sums: Sequence[str]) -> None:
    """Insert rows, or where `keys` are there already add the columns `sums` to them."""
    if not rows:
        return
    statement = insert_for(session, table)
    statement = statement.on_conflict_do_update(
        index_elements=list(keys), set_={name: table.c[name] + statement.excluded[name] for name in sums}
    )
    connection = await session.connection()
    await connection.execute(statement, rows)
