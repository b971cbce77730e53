"""The hub's byte paths as the server mounts them, and their part of the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ceyuan.hub.downloads.app import HubDownloads
from ceyuan.hub.downloads.counter import DownloadCounter
from ceyuan.hub.downloads.openapi import openapi_paths
from ceyuan.kernel.platform import Platform

__all__ = ["byte_handlers", "openapi_paths"]


def byte_handlers(platform: Platform) -> list[tuple[Callable[[str], bool], Any]]:
    """Which paths the hub answers below FastAPI, and by what."""
    (counter,) = platform.find(DownloadCounter)
    return [(HubDownloads.serves, HubDownloads(platform, counter))]
