"""Fixtures of all tests: databases of both kinds, a started platform, an HTTP client, people with tokens."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import settings

from ceyuan.kernel.platform import Platform
from ceyuan.kernel.secrets.keyring import Keyring, write_file
from ceyuan.kernel.tables import Base
from ceyuan.server import rooms
from ceyuan.server.asgi import Door
from ceyuan.server.assembly import build_platform, running
from ceyuan.server.settings import ServerSettings
from tests.memory import memory_folder
from tests.postgres import PostgresServer, find_postgres
from tests.workshop import Workshop, open_workshop

# The same examples at each run, so that a red run is about the change under test; `make test-full` looks for new ones.
settings.register_profile("fixed", derandomize=True)
settings.register_profile("exploring", print_blob=True)
settings.load_profile("fixed")

if (in_memory := memory_folder()) is not None:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(in_memory))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is long and where the database decides nothing runs on SQLite; on PostgreSQL with the slow ones."""
    for item in items:
        kind = getattr(item, "callspec", None) and item.callspec.params.get("database_url")  # type: ignore[attr-defined]
        if kind == "postgresql" and item.get_closest_marker("engine_bound"):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A real PostgreSQL server on a free port, gone at the end of the run."""
    binaries, reason = find_postgres()
    if binaries is None and os.environ.get("CI"):
        pytest.fail(f"continuous integration tests on PostgreSQL too: {reason}")
    if binaries is None:
        pytest.skip(reason)
    server = PostgresServer(binaries, tmp_path_factory.mktemp("postgres"))
    server.start()
    yield server
    server.stop()


async def _fill(url: str, data_dir: Path) -> None:
    """Make all tables, ours and the job engine's, as a first start does."""
    rooms.load_tables()
    platform = build_platform(ServerSettings(data_dir=data_dir, database_url=url))
    async with platform.database.connection() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await platform.jobs.start()
    await platform.jobs.stop()
    await platform.database.close()


@pytest.fixture(scope="session")
def filled_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the database files of an empty platform; tests copy them, which is quicker than making them."""
    folder = tmp_path_factory.mktemp("template")
    asyncio.run(_fill(f"sqlite:///{folder / 'ceyuan.sqlite'}", folder))
    return folder


@pytest.fixture(scope="session")
def filled_postgres(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> PostgresServer:
    """The server, with a database of an empty platform that fresh ones are copies of."""
    url = postgres_server.make_template()
    asyncio.run(_fill(url, tmp_path_factory.mktemp("template")))
    return postgres_server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of an empty platform, of each kind in turn."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("filled_sqlite")
        (tmp_path / "data").mkdir(mode=0o700)
        for name in ("ceyuan.sqlite", "jobs.sqlite"):
            shutil.copy(template / name, tmp_path / "data" / name)
        yield f"sqlite:///{tmp_path / 'data' / 'ceyuan.sqlite'}"
        return
    server: PostgresServer = request.getfixturevalue("filled_postgres")
    with server.fresh_database(filled=True) as url:
        yield url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> ServerSettings:
    # The template's key does not travel with it: nothing in an empty database is sealed.
    (tmp_path / "data").mkdir(mode=0o700, exist_ok=True)
    write_file(tmp_path / "data" / "keys" / "master.json", Keyring.fresh(), replace=False)
    return ServerSettings(data_dir=tmp_path / "data", database_url=database_url)


@pytest.fixture
async def built(settings: ServerSettings) -> AsyncIterator[Platform]:
    """A platform that is put together, with its tables, but not started."""
    platform = build_platform(settings)
    async with platform.database.connection() as connection:
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


@pytest.fixture
async def workshop(built: Platform) -> AsyncIterator[Workshop]:
    """A started platform with an organisation, money, and a model behind a scripted server."""
    async with open_workshop(built) as workshop:
        yield workshop
