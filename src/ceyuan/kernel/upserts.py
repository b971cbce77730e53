"""Inserts that meet an existing row: one form for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from ceyuan.kernel.tables import Base

Insert = postgresql.Insert | sqlite.Insert


def _insert(session: AsyncSession | Session, entity: type[Base]) -> Insert:
    dialect = session.get_bind().dialect.name
    return sqlite.insert(entity) if dialect == "sqlite" else postgresql.insert(entity)


def insert_missing(session: AsyncSession | Session, entity: type[Base], values: Any) -> Insert:
    """The statement that inserts `values` (one mapping or several) and leaves rows alone that exist."""
    return _insert(session, entity).values(values).on_conflict_do_nothing()


def insert_missing_many(session: AsyncSession | Session, entity: type[Base]) -> Insert:
    """The same for many rows, given to `execute` beside the statement: it is compiled once, whatever their number."""
    return _insert(session, entity).on_conflict_do_nothing()


def upsert_many(
    session: AsyncSession | Session, entity: type[Base], *, key: Sequence[str], update: Sequence[str]
) -> Insert:
    """As `upsert`, for many rows given to `execute` beside the statement."""
    statement = _insert(session, entity)
    changed = {name: statement.excluded[name] for name in update}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changed)


def upsert(
    session: AsyncSession | Session, entity: type[Base], values: Any, *, key: Sequence[str], update: Sequence[str]
) -> Insert:
    """The statement that inserts `values` or, where a row with the same `key` exists, sets its `update` columns."""
    statement = _insert(session, entity).values(values)
    changed = {name: statement.excluded[name] for name in update}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changed)
