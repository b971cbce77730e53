"""How commands reach a platform: `CEYUAN_URL` and `CEYUAN_TOKEN`, or what `ceyuan login` stored."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson

from ceyuan.cli.output import language
from ceyuan.kernel.errors import CeyuanError, Unauthenticated, Unavailable


def credentials_path() -> Path:
    """Where `ceyuan login` keeps address and token (mode 0600)."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "ceyuan" / "credentials.json"


def stored() -> dict[str, str]:
    try:
        content = orjson.loads(credentials_path().read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return {str(k): str(v) for k, v in content.items()} if isinstance(content, dict) else {}


def store(url: str, token: str, token_id: str = "") -> Path:
    """Keep the credentials for later commands; the id of a token that was made for them lets `logout` revoke it."""
    path = credentials_path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(orjson.dumps({"url": url, "token": token, "token_id": token_id}))
    return path


_TOKEN_LASTS = timedelta(days=90)


def issue_token(url: str, name: str, password: str, *, ask_code: Callable[[], str]) -> tuple[str, str]:
    """Sign in, make a personal token of 90 days for this machine's commands, and sign out again; its secret and id.

    `ask_code` is called where the account asks for a one-time code. Raises `RemoteProblem` and `Unavailable`.
    """
    api = Api(url, token="")
    body: dict[str, Any] = {"name": name, "password": password}
    try:
        session = api.post("/api/v1/auth/sign-in", body)
    except RemoteProblem as problem:
        if problem.code != "second_factor_required":
            raise
        session = api.post("/api/v1/auth/sign-in", body | {"code": ask_code()})
    headers = {"X-CSRF-Token": str(session["csrf_token"])}
    wanted = {
        "name": f"ceyuan at {socket.gethostname()}"[:80],
        "scopes": ["*"],
        "expires_at": (datetime.now(UTC) + _TOKEN_LASTS).isoformat(),
    }
    made = api.post("/api/v1/tokens", wanted, headers=headers)
    api.post("/api/v1/auth/sign-out", headers=headers)
    return str(made["secret"]), str(made["token"]["id"])


_SIGN_IN = "请先运行 ceyuan login,或设置 CEYUAN_TOKEN", "run ceyuan login first, or set CEYUAN_TOKEN"


class RemoteProblem(CeyuanError):
    """A problem document that the platform answered with."""

    def __init__(self, document: dict[str, Any], status: int) -> None:
        self.status = status  # type: ignore[misc]
        self.code = str(document.get("code", "http_error"))  # type: ignore[misc]
        detail, hint = str(document.get("detail") or f"HTTP {status}"), document.get("hint")
        told = (str(hint), str(hint)) if hint else None
        super().__init__((detail, detail), hint=_SIGN_IN if self.code == Unauthenticated.code else told)


def _require_good(response: httpx.Response) -> None:
    """Raise the problem that the platform answered with."""
    if response.is_error:
        try:
            document = response.json()
        except ValueError:
            document = {}
        if not isinstance(document, dict):
            document = {}
        told = document.get("error")  # the form of the byte paths
        if isinstance(told, dict):
            document = {**told, "detail": told.get("message")}
        raise RemoteProblem(document, response.status_code)


class Api:
    """A thin client over the platform's REST interface; every fault is a `CeyuanError`."""

    def __init__(self, url: str | None = None, token: str | None = None, *, timeout_s: float = 60.0) -> None:
        known = stored()
        self.url = (url or os.environ.get("CEYUAN_URL") or known.get("url") or "http://127.0.0.1:8080").rstrip("/")
        if token is None:
            token = os.environ.get("CEYUAN_TOKEN") or known.get("token")
        headers: dict[str, str] = {"Accept-Language": language()}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.client = httpx.Client(base_url=self.url, headers=headers, timeout=timeout_s, trust_env=False)

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """Send a request; the decoded JSON of the answer (None for an empty one)."""
        with self._reached():
            response = self.client.request(method, path, **arguments)
        _require_good(response)
        return response.json() if response.content else None

    def download(self, path: str, to: Path, **params: Any) -> None:
        """Write the answer to a GET to a file, which is named so only when it is whole."""
        partial = to.with_name(to.name + ".part")
        with self.stream(path, **params) as response, partial.open("wb") as file:
            for chunk in response.iter_bytes():
                file.write(chunk)
        partial.replace(to)

    @contextmanager
    def stream(self, path: str, **params: Any) -> Iterator[httpx.Response]:
        """The answer to a GET, while it goes on."""
        with self._reached(), self.client.stream("GET", path, params=params, timeout=None) as response:
            if response.is_error:
                response.read()
            _require_good(response)
            yield response

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise Unavailable(
                (f"无法连接 {self.url}:{error}", f"cannot reach {self.url}: {error}"),
                hint=("请先运行 ceyuan up,或设置 CEYUAN_URL", "run ceyuan up first, or set CEYUAN_URL"),
            ) from error

    def get(self, path: str, **params: Any) -> Any:
        return self.call("GET", path, params={k: v for k, v in params.items() if v is not None})

    def post(self, path: str, body: Any = None, **arguments: Any) -> Any:
        return self.call("POST", path, json=body, **arguments)

    def pages(self, path: str, *, limit: int = 50, **params: Any) -> Iterator[dict[str, Any]]:
        """The items of a paged list, at most `limit` of them."""
        cursor, left = None, limit
        while left > 0:
            page = self.get(path, cursor=cursor, limit=min(left, 200), **params)
            yield from page["items"][:left]
            left -= len(page["items"])
            cursor = page["next"]
            if cursor is None:
                return
