"""What the parts of the client need of a connection, and the connection that `Client` makes."""

from __future__ import annotations

import os
from typing import Any, Protocol

import httpx

from ceyuan.kernel.errors import CeyuanError, Unavailable


class Wire(Protocol):
    """Sends requests to a platform; `client` is for streams."""

    client: httpx.Client

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """Send a request; the decoded JSON of the answer, None for an empty one. Raises `CeyuanError`."""
        ...


class PlatformProblem(CeyuanError):
    """A problem document (RFC 9457) that the platform answered with; `fields` holds its other members."""

    def __init__(self, document: dict[str, Any], status: int) -> None:
        self.status = status  # type: ignore[misc]
        self.code = str(document.get("code", "http_error"))  # type: ignore[misc]
        detail, hint = str(document.get("detail") or f"HTTP {status}"), document.get("hint")
        known = {"type", "title", "status", "detail", "code", "hint"}
        super().__init__((detail, detail), hint=(str(hint), str(hint)) if hint else None)
        self.fields = {name: value for name, value in document.items() if name not in known}


class HttpWire:
    """A connection to one platform, by default the one that `CEYUAN_URL` and `CEYUAN_TOKEN` name."""

    def __init__(self, url: str | None = None, token: str | None = None, *, timeout_s: float = 60.0) -> None:
        self.url = (url or os.environ.get("CEYUAN_URL") or "http://127.0.0.1:8080").rstrip("/")
        token = token or os.environ.get("CEYUAN_TOKEN")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.client = httpx.Client(base_url=self.url, headers=headers, timeout=timeout_s)

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """Send a request; see `Wire`. Raises `PlatformProblem` or `Unavailable`."""
        try:
            response = self.client.request(method, path, **arguments)
        except httpx.TransportError as error:
            raise Unavailable(
                (f"无法连接 {self.url}:{error}", f"cannot reach {self.url}: {error}"),
                hint=("请检查地址与网络", "check the address and the network"),
            ) from error
        if response.is_error:
            raise PlatformProblem(_document(response), response.status_code)
        return response.json() if response.content else None


def _document(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
