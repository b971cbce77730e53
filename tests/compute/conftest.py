"""The market that tests of compute trade on."""

from __future__ import annotations

import httpx
import pytest

from ceyuan.kernel.platform import Platform
from tests.compute.market import Market


@pytest.fixture
async def market(platform: Platform, client: httpx.AsyncClient) -> Market:
    return await Market(platform, client).open()
