"""A platform with the identity room on databases of both kinds, made from templates, and people to act in it.

The clock stands still until a test moves it; passwords are hashed with the cheapest parameters.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.database import Database
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.tables import Base
from ceyuan.kernel.web import install_error_handlers
from ceyuan.server import rooms
from ceyuan.server.assembly import build_platform
from ceyuan.server.settings import ServerSettings
from tests.identity.actors import Browser, People
from tests.postgres import PostgresServer

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
CHEAP_HASHES = {"CEYUAN_IDENTITY_ARGON2_MEMORY_KIB": "64", "CEYUAN_IDENTITY_ARGON2_PASSES": "1"}


LOWER = tuple(room for room in rooms.ROOMS if room.name in ("jobs", "audit", "blobs", "workflow", "identity"))
"""The rooms up to this floor: what stands above has no part in these tests."""


async def _make_tables(url: str) -> None:
    for room in LOWER:
        for module in (*room.routers, room.wiring):
            if module is not None:
                import_module(module)
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


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with all tables and no rows, of each kind in turn."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "ceyuan.sqlite")
        yield f"sqlite:///{tmp_path / 'ceyuan.sqlite'}"
        return
    template: str = request.getfixturevalue("postgres_template")
    server, name = template.rsplit("/", 1)
    copy = f"c{tmp_path.name[:20].lower().replace('-', '_')}_{id(tmp_path):x}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{name}"')
        yield f"{server}/{copy}"
        connection.execute(f'DROP DATABASE "{copy}" WITH (FORCE)')


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def settings(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> ServerSettings:
    monkeypatch.setattr(rooms, "ROOMS", LOWER)
    for name, value in (CHEAP_HASHES | environment).items():
        monkeypatch.setenv(name, value)
    return ServerSettings(data_dir=tmp_path / "data", database_url=database_url, public_url="https://ai.example.cn")


@pytest.fixture
def environment() -> dict[str, str]:
    """Settings of the room for one test; modules override it."""
    return {}


@pytest.fixture
async def platform(settings: ServerSettings, clock: ManualClock) -> AsyncIterator[Platform]:
    """The wired platform; events are delivered, jobs are not run."""
    platform = build_platform(settings)
    platform.clock = clock
    await platform.dispatcher.start()
    yield platform
    await platform.dispatcher.stop()
    for service in platform.services:
        await service.stop(platform)
    await platform.database.close()


@pytest.fixture(scope="session")
def application() -> FastAPI:
    """The routes of the rooms; each test gives it its own platform."""
    app = FastAPI()
    install_error_handlers(app)
    for room in LOWER:
        for name in room.routers:
            app.include_router(import_module(name).router)
    return app


@pytest.fixture
def app(application: FastAPI, platform: Platform) -> FastAPI:
    application.state.platform = platform
    return application


Open = Callable[..., Browser]


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[Open]:
    """Opens browsers, with cookies of their own; they speak HTTPS, as through a proxy."""
    opened: list[Browser] = []

    def open_one(**options: str) -> Browser:
        opened.append(Browser(app, **options))
        return opened[-1]

    yield open_one
    for each in opened:
        await each.client.aclose()


@pytest.fixture
async def client(browser: Open) -> httpx.AsyncClient:
    """An anonymous HTTP client."""
    return browser().client


@pytest.fixture
def people(platform: Platform) -> People:
    """Makes people, organisations and tokens behind the scenes."""
    return People(platform)


@pytest.fixture
async def signed_in(browser: Open, people: People) -> Callable[..., Awaitable[Browser]]:
    """A new person, signed in: `await signed_in("li", admin=True)`."""

    async def sign_in(name: str, **options: object) -> Browser:
        if await people.find(name) is None:
            await people.add(name, **options)  # type: ignore[arg-type]
        opened = browser()
        await opened.sign_in(name)
        return opened

    return sign_in
