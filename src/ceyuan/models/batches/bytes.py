"""The byte paths of files and batches as the server mounts them, and their part of the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ceyuan.kernel.platform import Platform
from ceyuan.models.batches.app import BatchesApp
from ceyuan.models.batches.openapi import openapi_paths

__all__ = ["byte_handlers", "openapi_paths"]


def byte_handlers(platform: Platform) -> list[tuple[Callable[[str], bool], Any]]:
    """Which paths this room answers below FastAPI, and by what."""
    (app,) = platform.find(BatchesApp)
    return [(app.serves, app)]
