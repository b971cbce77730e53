"""A furnished platform in its own process for all contract tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.livehouse import live_platform


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with live_platform(tmp_path_factory.mktemp("live")) as facts:
        yield facts
