"""Fixtures of the models pillar: databases made from templates, and a platform of the rooms up to the gateway."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from ceyuan.kernel.database import Database
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.secrets.keyring import Keyring, write_file
from ceyuan.kernel.tables import Base
from ceyuan.server import rooms
from ceyuan.server.assembly import build_platform
from ceyuan.server.settings import ServerSettings
from tests.postgres import PostgresServer

NEEDED = ("jobs", "audit", "blobs", "workflow", "identity", "metering", "hub", "serving", "gateway", "prompts")


def _needed_rooms() -> tuple[rooms.Room, ...]:
    return tuple(room for room in rooms.ROOMS if room.name in NEEDED)


async def _make_tables(url: str) -> None:
    rooms.load_tables()
    database = Database(url)
    async with database.connection() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await database.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables."""
    path = tmp_path_factory.mktemp("template") / "ceyuan.sqlite"
    asyncio.run(_make_tables(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a PostgreSQL database with all tables."""
    with postgres_server.fresh_database() as url:
        asyncio.run(_make_tables(url))
        yield url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A SQLite database with all tables and no rows, and a key for the platform in the folder `data`: one whose
    database is there gets no new one."""
    shutil.copy(sqlite_template, tmp_path / "ceyuan.sqlite")
    (tmp_path / "data").mkdir(mode=0o700, exist_ok=True)
    write_file(tmp_path / "data" / "keys" / "master.json", Keyring.fresh(), replace=False)
    return f"sqlite:///{tmp_path / 'ceyuan.sqlite'}"


@pytest.fixture
def postgres_copy(postgres_template: str, tmp_path: Path) -> Iterator[str]:
    """A PostgreSQL database with all tables and no rows."""
    server, name = postgres_template.rsplit("/", 1)
    copy = f"m{tmp_path.name[:20].lower().replace('-', '_')}_{id(tmp_path):x}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{name}"')
        yield f"{server}/{copy}"
        connection.execute(f'DROP DATABASE "{copy}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A database with all tables and no rows, of each kind in turn."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_copy"))


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> ServerSettings:
    return ServerSettings(data_dir=tmp_path / "data", database_url=database_url)


@pytest.fixture
async def built(settings: ServerSettings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Platform]:
    """A platform of the rooms up to the gateway, not started."""
    monkeypatch.setattr(rooms, "ROOMS", _needed_rooms())
    platform = build_platform(settings)
    yield platform
    await platform.database.close()
