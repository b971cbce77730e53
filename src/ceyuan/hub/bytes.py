"""The hub's byte paths as the server mounts them, and their part of the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ceyuan.hub import webpages
from ceyuan.hub.downloads import openapi as downloads
from ceyuan.hub.downloads.app import HubDownloads
from ceyuan.hub.downloads.counter import DownloadCounter
from ceyuan.hub.protocol import handlers, routing
from ceyuan.hub.protocol.app import HubProtocol
from ceyuan.hub.xet import openapi as xet
from ceyuan.hub.xet.app import XetApp
from ceyuan.kernel.platform import Platform

__all__ = ["byte_handlers", "openapi_paths"]


def byte_handlers(platform: Platform) -> list[tuple[Callable[[str], bool], Any]]:
    """Which paths the hub answers below FastAPI, and by what."""
    (counter,) = platform.find(DownloadCounter)
    pages = webpages.HubPages(platform)
    return [
        (XetApp.serves, XetApp(platform)),
        (HubProtocol.serves, HubProtocol(platform)),
        (HubDownloads.serves, HubDownloads(platform, counter)),
        (pages.serves, pages),
    ]


def openapi_paths() -> dict[str, Any]:
    """The path items of downloads, of the protocol and of the content store."""
    assert handlers.__all__
    return {**downloads.openapi_paths(), **xet.openapi_paths(), **routing.openapi_paths(), **webpages.openapi_paths()}
