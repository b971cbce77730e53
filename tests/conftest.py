"""Fixtures of all tests: databases of both kinds, a started platform, an HTTP client, people with tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from ceyuan.kernel.platform import Platform
from ceyuan.kernel.tables import Base
from ceyuan.server import rooms
from ceyuan.server.asgi import Door
from ceyuan.server.assembly import build_platform, running
from ceyuan.server.settings import ServerSettings
from tests.postgres import PostgresServer, find_postgres


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A real PostgreSQL server on a free port, gone at the end of the run."""
    binaries, reason = find_postgres()
    if binaries is None:
        pytest.skip(reason)
    server = PostgresServer(binaries, tmp_path_factory.mktemp("postgres"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ceyuan.sqlite'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.fresh_database() as url:
        yield url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> ServerSettings:
    return ServerSettings(data_dir=tmp_path / "data", database_url=database_url)


@pytest.fixture
async def built(settings: ServerSettings) -> AsyncIterator[Platform]:
    """A platform that is put together, with its tables, but not started."""
    rooms.load_tables()
    platform = build_platform(settings)
    async with platform.database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield platform
    await platform.database.close()


@pytest.fixture
async def platform(built: Platform) -> AsyncIterator[Platform]:
    """A started platform: events and jobs run."""
    async with running(built):
        yield built


@pytest.fixture
async def client(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    """An anonymous HTTP client on the whole application."""
    door = Door(platform)
    transport = httpx.ASGITransport(app=door)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client
