"""The client of one platform: one attribute for each room that it can speak with."""

from __future__ import annotations

from ceyuan.sdk.hub import Hub
from ceyuan.sdk.wire import HttpWire


class Client:
    """Connects to the platform at `url` (default: `CEYUAN_URL`) with `token` (default: `CEYUAN_TOKEN`)."""

    def __init__(self, url: str | None = None, token: str | None = None, *, timeout_s: float = 60.0) -> None:
        self._wire = HttpWire(url, token, timeout_s=timeout_s)
        self.hub = Hub(self._wire)

    def close(self) -> None:
        """Close the connections."""
        self._wire.client.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
