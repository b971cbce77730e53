"""SQLite with one trip to its thread per statement.

The stock driver asks the connection's thread once each to open a cursor, execute, fetch and close it, and again to
begin and to roll back what is already over: a dozen changes of thread for a list of twenty rows, which cost more than
SQLite itself. Here a statement, its rows, and the `BEGIN` before it travel together, the end of a transaction that only
read is left in the thread's queue, and what never began is not rolled back.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.util import await_

Step = Callable[[sqlite3.Connection], sqlite3.Cursor]
Answer = tuple[Sequence[Any], Any, int, int | None]
"""Rows, their description, how many a change concerned, and the number that the last new row got."""


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """A statement and all its rows; nothing of it is left in the thread once it was executed."""

    __slots__ = ("_about", "_row_count", "_row_id")

    def __init__(self, adapt_connection: Any) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._rows = deque()
        self._about: Any = None
        self._row_count = -1
        self._row_id: int | None = None

    @property
    def description(self) -> Any:
        return self._about

    @property
    def rowcount(self) -> int:
        return self._row_count

    @property
    def lastrowid(self) -> int:
        return self._row_id  # type: ignore[return-value]

    arraysize = 1

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        await self._take(lambda link: link.execute(operation, parameters or ()))

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        await self._take(lambda link: link.executemany(operation, seq_of_parameters))

    async def _take(self, step: Step) -> None:
        connection: Any = self._adapt_connection
        try:
            found = await connection.carry_out(step)
        except (OverflowError, UnicodeError) as error:
            # As PostgreSQL's driver says it: a parameter that no column can hold.
            raise sqlite3.DataError(str(error)) from error
        rows, self._about, self._row_count, self._row_id = found
        self._rows = deque(rows)

    async def _async_soft_close(self) -> None:
        """Nothing is open."""

    def close(self) -> None:
        self._rows.clear()


class _Connection(AsyncAdapt_aiosqlite_connection):
    """A connection that begins with the first statement."""

    __slots__ = ("_begin", "_is_open", "_only_reads")

    _cursor_cls = _Cursor

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self._begin: str | None = None
        self._is_open = False
        self._only_reads = False

    def begin_with_the_next(self, statement: str, *, only_reads: bool) -> None:
        """Begin a transaction by `statement` on the way of the next one."""
        self._begin, self._only_reads = statement, only_reads

    async def carry_out(self, step: Step) -> Answer:
        """Run a statement in the connection's thread: its rows, their description, the counts."""
        begin, self._begin = self._begin, None
        # Said before the thread is asked: whoever is cancelled meanwhile must still roll back.
        self._is_open = self._is_open or begin is not None
        link = self._connection._conn

        def go() -> Answer:
            if begin is not None:
                link.execute(begin)
            cursor = step(link)
            try:
                rows = cursor.fetchall() if cursor.description else ()
                return rows, cursor.description, cursor.rowcount, cursor.lastrowid
            finally:
                cursor.close()

        found: Answer = await self._connection._execute(go)
        return found

    def cursor(self, server_side: bool = False) -> Any:
        if server_side and self._begin is not None:
            await_(self.carry_out(lambda link: link.execute("SELECT 1")))
        return super().cursor(server_side)

    def commit(self) -> None:
        if self._is_over():
            return
        if self._only_reads:
            self._leave(self._connection._conn.commit)
        else:
            super().commit()
        self._is_open = False

    def rollback(self) -> None:
        if self._is_over():
            return
        if self._only_reads:
            self._leave(self._connection._conn.rollback)
        else:
            super().rollback()
        self._is_open = False

    def _is_over(self) -> bool:
        self._begin = None
        return not self._is_open or self._connection._connection is None

    def _leave(self, end: Callable[[], None]) -> None:
        """End a transaction that kept nothing, without waiting: the connection's next statement stands behind it in
        the queue."""
        self._connection._tx.put_nowait((None, end))


class OneTrip(AsyncAdapt_aiosqlite_dbapi):
    """The driver as `create_async_engine(..., module=OneTrip())` takes it."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *arguments: Any, **named: Any) -> _Connection:
        link = aiosqlite.connect(*arguments, **named)
        # A process must not wait at its end for connections that nobody closed.
        link._thread.daemon = True
        return _Connection(self, await_(link))
