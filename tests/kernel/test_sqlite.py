"""The driver that takes one trip to SQLite's thread per statement keeps the promises of a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from ceyuan.kernel.database import Database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'some.sqlite'}", pool_size=2)
    async with database.connection() as connection:
        await connection.execute(text("CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"))
    yield database
    await database.close()


async def names(database: Database) -> list[str]:
    async with database.session(write=False) as session:
        return list(await session.scalars(text("SELECT name FROM thing ORDER BY id")))


async def add(database: Database, *names: str) -> None:
    async with database.session(write=True) as session:
        await session.execute(text("INSERT INTO thing (name) VALUES (:name)"), [{"name": n} for n in names])


async def test_what_is_committed_is_read_and_what_fails_is_not(database: Database) -> None:
    await add(database, "a", "b")
    with pytest.raises(IntegrityError):
        await add(database, "c", "a")
    assert await names(database) == ["a", "b"]


async def test_a_reader_sees_one_state_however_many_statements_it_sends(database: Database) -> None:
    await add(database, "a")
    async with database.session(write=False) as session:
        assert await session.scalar(text("SELECT count(*) FROM thing")) == 1
        await add(database, "b")
        assert await session.scalar(text("SELECT count(*) FROM thing")) == 1
    assert await names(database) == ["a", "b"]


async def test_a_change_that_is_given_up_halfway_is_rolled_back(database: Database) -> None:
    inside = asyncio.Event()

    async def begin() -> None:
        async with database.session(write=True) as session:
            await session.execute(text("INSERT INTO thing (name) VALUES ('half')"))
            inside.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(begin())
    await inside.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await add(database, "whole")
    assert await names(database) == ["whole"]


async def test_one_that_is_cancelled_while_a_statement_runs_leaves_no_transaction_open(database: Database) -> None:
    slow = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) SELECT max(i) FROM n")

    async def write() -> None:
        async with database.session(write=True) as session:
            await session.execute(slow)

    for _ in range(3):
        task = asyncio.create_task(write())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await add(database, "after")
    assert await names(database) == ["after"]


async def test_rows_may_be_taken_in_batches(database: Database) -> None:
    await add(database, *(f"n{i}" for i in range(10)))
    async with database.session(write=False) as session:
        rows = await session.stream(text("SELECT name FROM thing ORDER BY id"))
        assert [len(batch) async for batch in rows.partitions(3)] == [3, 3, 3, 1]


async def test_a_savepoint_takes_back_only_its_own(database: Database) -> None:
    async with database.session(write=True) as session:
        await session.execute(text("INSERT INTO thing (name) VALUES ('kept')"))
        part = await session.begin_nested()
        await session.execute(text("INSERT INTO thing (name) VALUES ('dropped')"))
        await part.rollback()
    assert await names(database) == ["kept"]


async def test_rows_that_a_change_returns_and_their_number_are_told(database: Database) -> None:
    async with database.session(write=True) as session:
        made = await session.execute(text("INSERT INTO thing (name) VALUES ('a'), ('b') RETURNING id"))
        assert [row.id for row in made] == [1, 2]
        changed = await session.execute(text("UPDATE thing SET name = name || '!'"))
        assert changed.rowcount == 2  # type: ignore[attr-defined]
