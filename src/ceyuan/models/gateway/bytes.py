"""The gateway's byte path as the server mounts it, and its part of the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ceyuan.kernel.platform import Platform
from ceyuan.models.gateway.app import GatewayApp
from ceyuan.models.gateway.openapi import openapi_paths

__all__ = ["byte_handlers", "openapi_paths"]


def byte_handlers(platform: Platform) -> list[tuple[Callable[[str], bool], Any]]:
    """Which paths the gateway answers below FastAPI, and by what."""
    (app,) = platform.find(GatewayApp)
    return [(app.serves, app)]
