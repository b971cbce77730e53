"""A running gateway with files, batches and jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ceyuan.kernel.platform import Platform
from ceyuan.models.batches.app import BatchesApp
from ceyuan.server import rooms
from ceyuan.server.assembly import build_platform, running
from ceyuan.server.settings import ServerSettings
from tests.models.conftest import NEEDED
from tests.models.fake_upstream import FakeUpstream
from tests.models.gateway.house import House, app_of, serve_http


def rooms_with_batches() -> tuple[rooms.Room, ...]:
    return tuple(room for room in rooms.ROOMS if room.name in (*NEEDED, "batches"))


class Doors:
    """The two byte paths of `/v1` on one port."""

    def __init__(self, platform: Platform) -> None:
        (self._batches,) = platform.find(BatchesApp)
        self._gateway = app_of(platform)

    async def __call__(self, scope: dict[str, object], receive: object, send: object) -> None:
        app = self._batches if self._batches.serves(str(scope["path"])) else self._gateway
        await app(scope, receive, send)  # type: ignore[arg-type]


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    upstream = FakeUpstream()
    await upstream.start()
    yield upstream
    await upstream.stop()


@pytest.fixture
async def house(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, upstream: FakeUpstream
) -> AsyncIterator[House]:
    """A running platform with an organisation, money, a key and the model `echo`."""
    monkeypatch.setattr(rooms, "ROOMS", rooms_with_batches())
    platform = build_platform(ServerSettings(data_dir=tmp_path / "data", database_url=sqlite_url))
    async with running(platform), serve_http(Doors(platform)) as url:
        house = House(platform, upstream, url)
        await house.furnish()
        yield house
    await platform.database.close()
