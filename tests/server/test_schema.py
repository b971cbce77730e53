"""The way from older databases to this program's, on both kinds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from ceyuan.kernel.database import Database
from ceyuan.kernel.tables import Base
from ceyuan.metering import guards
from ceyuan.server import rooms, schema
from ceyuan.server.schema import NewerDatabase
from tests.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.fresh_database() as url:
        yield url


@pytest.fixture
async def database(empty_url: str) -> AsyncIterator[Database]:
    rooms.load_tables()
    database = Database(empty_url)
    yield database
    await database.close()


def _differences(connection: Connection) -> list[str]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found = compare_metadata(context, Base.metadata)
    return [str(d) for d in found if "dbos" not in str(d)]


async def test_the_migrations_make_the_tables_that_the_program_declares(database: Database) -> None:
    await schema.upgrade(database)
    async with database.connection() as connection:
        assert await connection.run_sync(_differences) == [], 'run make migration m="why"'
        assert await connection.run_sync(guards.missing) == []
    assert await schema.current(database) == schema.head()


async def test_an_older_database_comes_forward_with_its_data(database: Database) -> None:
    await schema.upgrade(database, "0001")
    async with database.connection() as connection:
        await connection.execute(
            text(
                "INSERT INTO outbox_event (topic, data, created_at) "
                "VALUES ('old.topic', '{}', '2026-01-01 00:00:00.000000')"
            )
        )
        await connection.execute(
            text(
                "INSERT INTO ledger_account (id, owner, kind, ref, floor_micro, balance_micro, created_at) "
                "VALUES ('acc_old', 'org_old', 'general', '', 0, 0, '2026-01-01 00:00:00.000000')"
            )
        )
    await schema.upgrade(database)
    async with database.connection() as connection:
        assert (await connection.execute(text("SELECT topic FROM outbox_event"))).scalars().all() == ["old.topic"]
        assert (await connection.execute(text("SELECT owner FROM ledger_account"))).scalars().all() == ["org_old"]
        assert await connection.run_sync(_differences) == []


async def test_a_database_of_a_newer_program_is_refused_and_left_alone(database: Database) -> None:
    await schema.upgrade(database, "0001")
    async with database.connection() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabase, match="9999"):
        await schema.upgrade(database)
    assert await schema.current(database) == "9999"
