"""Fixtures of the gateway's tests. What does not depend on the database runs on SQLite alone (`house`); what posts
or reads runs on both kinds (`books`)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ceyuan.kernel.platform import Platform
from ceyuan.models.gateway.settings import GatewaySettings
from ceyuan.server.assembly import build_platform
from ceyuan.server.settings import ServerSettings
from tests.models.conftest import _needed_rooms
from tests.models.fake_upstream import FakeUpstream
from tests.models.gateway.house import House, app_of, serve_http, started


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    upstream = FakeUpstream()
    await upstream.start()
    yield upstream
    await upstream.stop()


@pytest.fixture
def gateway_settings() -> GatewaySettings:
    """Settings of the gateway under test; modules override it."""
    return GatewaySettings(idle_timeout_s=0.6)


async def _house(platform: Platform, settings: GatewaySettings, upstream: FakeUpstream) -> AsyncIterator[House]:
    platform.sections[GatewaySettings] = settings
    async with started(platform), serve_http(app_of(platform)) as url:
        house = House(platform, upstream, url)
        await house.furnish()
        yield house


@pytest.fixture
async def house(
    sqlite_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gateway_settings: GatewaySettings,
    upstream: FakeUpstream,
) -> AsyncIterator[House]:
    """A running gateway on SQLite, with an organisation, money, a key and the model `echo`."""
    monkeypatch.setattr("ceyuan.server.rooms.ROOMS", _needed_rooms())
    platform = build_platform(ServerSettings(data_dir=tmp_path / "data", database_url=sqlite_url))
    async for house in _house(platform, gateway_settings, upstream):
        yield house
    await platform.database.close()


@pytest.fixture
async def books(built: Platform, gateway_settings: GatewaySettings, upstream: FakeUpstream) -> AsyncIterator[House]:
    """The same on each kind of database in turn."""
    async for house in _house(built, gateway_settings, upstream):
        yield house
