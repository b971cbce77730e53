"""Fixtures of metering's tests: a shared database, a platform with a clock that tests turn, fresh organisations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest

from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.database import Database
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.tables import Base
from ceyuan.server import rooms
from ceyuan.server.assembly import build_platform
from ceyuan.server.settings import ServerSettings
from tests.metering.bench import Bench
from tests.metering.counter import Counter
from tests.postgres import PostgresServer

NOON = datetime(2026, 11, 16, 4, 0, tzinfo=UTC)
"""Noon in Shanghai on a Monday in the middle of a month."""


FLOOR = tuple(
    room for room in rooms.ROOMS if room.name in ("jobs", "audit", "blobs", "workflow", "identity", "metering")
)
"""The rooms up to this floor: what stands above has no part in these tests."""


def _import_floor() -> None:
    for room in FLOOR:
        for module in (*room.routers, room.wiring):
            if module is not None:
                import_module(module)


async def _create_tables(url: str) -> None:
    database = Database(url)
    async with database.connection() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await database.close()


@contextmanager
def _fresh(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """The URL of a new database with all tables, of the kind that the fixture's parameter names."""
    _import_floor()
    if request.param == "sqlite":
        url = f"sqlite:///{folder / 'books.sqlite'}"
        asyncio.run(_create_tables(url))
        yield url
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.fresh_database() as url:
        asyncio.run(_create_tables(url))
        yield url


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def books_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database that the tests share (each has organisations of its own), of each kind in turn."""
    with _fresh(request, tmp_path_factory.mktemp("books")) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def own_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database for one test, of each kind in turn."""
    with _fresh(request, tmp_path) as url:
        yield url


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
async def house(
    books_url: str, tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Platform]:
    """A platform over the shared database, not started."""
    monkeypatch.setattr(rooms, "ROOMS", FLOOR)
    platform = _build(books_url, tmp_path, clock)
    yield platform
    await platform.database.close()


@pytest.fixture
async def alone(
    own_url: str, tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Bench]:
    """A bench whose database nobody else uses, for what looks at all organisations; chores are done by hand."""
    monkeypatch.setattr(rooms, "ROOMS", FLOOR)
    platform = _build(own_url, tmp_path, clock)
    platform.chores.clear()
    bench = Bench(platform, clock, new_id("org"), "test.alone")
    await bench.price(1000)
    yield bench
    await platform.database.close()


def _build(url: str, tmp_path: Path, clock: ManualClock) -> Platform:
    platform = build_platform(ServerSettings(data_dir=tmp_path / "data", database_url=url))
    platform.clock = clock
    return platform


@pytest.fixture
def org() -> str:
    return new_id("org")


@pytest.fixture
async def bench(house: Platform, org: str, clock: ManualClock) -> Bench:
    """A fresh organisation with a priced resource of its own, and short words for what tests do with them."""
    bench = Bench(house, clock, org, f"test.r{org[-12:]}")
    await bench.price(1000)
    return bench


@pytest.fixture
async def counter(bench: Bench) -> AsyncIterator[Counter]:
    """The desk over HTTP, for an organisation that exists."""
    counter = await Counter.open(bench, [name for room in FLOOR for name in room.routers])
    yield counter
    await counter.client.aclose()
