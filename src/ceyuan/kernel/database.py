"""The database behind one URL: SQLite (WAL, one writer) by default, PostgreSQL to grow.

SQLite gets two engines: readers begin a deferred transaction, the one writer begins an immediate one,
so that a writer never meets `database is locked` halfway (https://sqlite.org/lang_transaction.html).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, make_url, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from ceyuan.kernel.errors import Unavailable
from ceyuan.kernel.sqlite import OneTrip

BUSY_TIMEOUT_MS = 30_000


class DatabaseUnavailable(Unavailable):
    """The database cannot be opened, is corrupted, or its disk is full."""

    code = "database_unavailable"
    title = ("数据库不可用", "The database is unavailable")


class Database:
    """Opens sessions; knows whether it is SQLite or PostgreSQL, nothing else differs for its users."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = url
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            parsed = parsed.set(drivername="sqlite+aiosqlite")
            self.path: Path | None = Path(parsed.database or "")
            driver = OneTrip()
            self._reader = create_async_engine(
                parsed, module=driver, pool_size=pool_size, max_overflow=0, pool_timeout=60
            )
            self._writer = create_async_engine(parsed, module=driver, pool_size=1, max_overflow=0, pool_timeout=120)
            _prepare_sqlite(self._reader, "BEGIN", only_reads=True)
            _prepare_sqlite(self._writer, "BEGIN IMMEDIATE", only_reads=False)
        else:
            self.path = None
            parsed = parsed.set(drivername="postgresql+psycopg")
            self._reader = self._writer = create_async_engine(
                parsed, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True
            )
        self._read_sessions = async_sessionmaker(self._reader, expire_on_commit=False, autoflush=True)
        self._write_sessions = async_sessionmaker(self._writer, expire_on_commit=False, autoflush=True)

    @asynccontextmanager
    async def session(self, *, write: bool) -> AsyncIterator[AsyncSession]:
        """A session in one transaction: committed at the end, rolled back on any exception."""
        maker = self._write_sessions if write else self._read_sessions
        with explained_faults():
            async with maker() as session, session.begin():
                yield session

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A connection that may write, in one transaction; for migrations and maintenance only."""
        with explained_faults():
            async with self._writer.begin() as connection:
                yield connection

    async def ping(self) -> None:
        """Raise `DatabaseUnavailable` unless the database answers."""
        async with self.session(write=False) as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self._reader.dispose()
        if self._writer is not self._reader:
            await self._writer.dispose()


def _prepare_sqlite(engine: AsyncEngine, begin: str, *, only_reads: bool) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself: we say which kind.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "synchronous=FULL",
            "temp_store=MEMORY",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _on_begin(connection: Any) -> None:
        connection.connection.dbapi_connection.begin_with_the_next(begin, only_reads=only_reads)


@contextmanager
def explained_faults() -> Iterator[None]:
    """Raise `DatabaseUnavailable` for those of the driver's errors that an operator can mend."""
    try:
        yield
    except DatabaseError as error:
        raise _explain(error) from error


def _explain(error: DatabaseError) -> BaseException:
    """The clear form of the faults that an operator can mend; other database errors pass unchanged."""
    reason = str(error.orig).lower()
    if "malformed" in reason or "not a database" in reason:
        return DatabaseUnavailable(
            ("数据库文件已损坏", "the database file is corrupted"),
            hint=("请停机并运行 ceyuan restore 恢复备份", "stop the platform and run ceyuan restore with a backup"),
        )
    if "disk is full" in reason or "disk i/o error" in reason or "no space left" in reason:
        return DatabaseUnavailable(
            ("磁盘已满,数据库无法写入", "the disk is full: the database cannot be written"),
            hint=("请释放磁盘空间;已提交的数据没有丢失", "free some space; nothing that was committed is lost"),
        )
    if "unable to open" in reason or "connection refused" in reason or "could not connect" in reason:
        return DatabaseUnavailable(
            ("无法连接数据库", "the database cannot be reached"),
            hint=("请检查 CEYUAN_DATABASE_URL 与数据库服务", "check CEYUAN_DATABASE_URL and the database server"),
        )
    if "database is locked" in reason:
        return DatabaseUnavailable(
            ("数据库正被其他写入占用", "the database is busy with another writer"),
            hint=("请稍后重试", "try again in a moment"),
        )
    return error
