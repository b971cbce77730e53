"""The way from older databases to this program's, on both kinds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from ceyuan.kernel.database import Database
from ceyuan.kernel.tables import Base
from ceyuan.metering import guards
from ceyuan.server import rooms, schema
from ceyuan.server.schema import NewerDatabase
from tests.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'one.sqlite'}", f"sqlite:///{tmp_path / 'other.sqlite'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.fresh_database() as one, server.fresh_database() as other:
        yield one, other


@pytest.fixture
async def databases(empty_urls: tuple[str, str]) -> AsyncIterator[tuple[Database, Database]]:
    rooms.load_tables()
    one, other = (Database(url) for url in empty_urls)
    yield one, other
    await one.close()
    await other.close()


@pytest.fixture
def database(databases: tuple[Database, Database]) -> Database:
    return databases[0]


def _shape(connection: Connection) -> dict[str, Any]:
    """All that the database says of its tables."""
    look = inspect(connection)
    return {
        table: {
            "columns": {c["name"]: (str(c["type"]), c["nullable"], c["default"]) for c in look.get_columns(table)},
            "key": look.get_pk_constraint(table)["constrained_columns"],
            "indexes": sorted(map(str, look.get_indexes(table))),
            "unique": sorted(map(str, look.get_unique_constraints(table))),
            "references": sorted(map(str, look.get_foreign_keys(table))),
            "checks": sorted(map(str, look.get_check_constraints(table))),
        }
        for table in look.get_table_names()
    }


def _differences(connection: Connection) -> list[str]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found = compare_metadata(context, Base.metadata)
    return [str(d) for d in found if "dbos" not in str(d)]


async def test_the_migrations_make_the_tables_that_the_program_declares(databases: tuple[Database, Database]) -> None:
    old, new = databases
    await schema.upgrade(old, "0001")
    await schema.upgrade(old)
    await schema.upgrade(new)
    async with old.connection() as one, new.connection() as other:
        assert await one.run_sync(_differences) == [], 'run make migration m="why"'
        assert await one.run_sync(guards.missing) == await other.run_sync(guards.missing) == []
        assert await one.run_sync(_shape) == await other.run_sync(_shape), "a new database has something else"
    assert await schema.current(old) == await schema.current(new) == schema.head()


async def test_processes_that_start_at_once_make_the_tables_once(databases: tuple[Database, Database]) -> None:
    one = databases[0]
    await asyncio.gather(schema.upgrade(one), schema.upgrade(one), schema.upgrade(one))
    assert await schema.current(one) == schema.head()


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


async def test_a_rating_from_before_they_were_each_persons_becomes_the_askers(database: Database) -> None:
    await schema.upgrade(database, "0021")
    at = "'2026-01-01 00:00:00.000000'"
    async with database.connection() as connection:
        await connection.execute(
            text(
                "INSERT INTO law_assistant (id, org_id, name, dataset, dataset_node, articles, laws, state, is_public,"
                f" created_at) VALUES ('law_1', 'org_1', 'n', 'd', 'd', 0, 0, 'ready', false, {at})"
            )
        )
        for answer_id, rating, rated_at in (("ans_1", "-1", at), ("ans_2", "NULL", "NULL")):
            await connection.execute(
                text(
                    "INSERT INTO law_answer (id, assistant_id, org_id, asked_by, question, answer, kind, sources,"
                    " citations, notes, rating, comment, rated_at, created_at) VALUES"
                    f" ('{answer_id}', 'law_1', 'org_1', 'per_1', 'q', 'a', 'model', '[]', '[]', '[]', {rating}, 'c',"
                    f" {rated_at}, {at})"
                )
            )
    await schema.upgrade(database)
    async with database.connection() as connection:
        kept = await connection.execute(text("SELECT id, answer_id, person_id, rating, comment FROM law_rating"))
        assert [tuple(row) for row in kept] == [("ans_1", "ans_1", "per_1", -1, "c")]
        assert (await connection.execute(text("SELECT count(*) FROM law_answer"))).scalar() == 2


async def test_a_database_of_a_newer_program_is_refused_and_left_alone(database: Database) -> None:
    await schema.upgrade(database, "0001")
    async with database.connection() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerDatabase, match="9999"):
        await schema.upgrade(database)
    assert await schema.current(database) == "9999"
