"""What every response of the control plane gets: a request id, security headers, a checked host."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.web import problem_response

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; media-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = [
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]
_HSTS = (b"strict-transport-security", b"max-age=31536000")


class MisdirectedRequest(CeyuanError):
    """The Host header names another site: a rebound DNS name, or a proxy that is not set up."""

    status = 421
    code = "misdirected_request"
    title = ("主机名不符", "Misdirected request")


class SecurityHeaders:
    """ASGI middleware that adds the headers above and a request id, and refuses foreign host names."""

    def __init__(self, app: App, *, secure: bool, hosts: frozenset[str] | None) -> None:
        self._app = app
        self._headers = [*_HEADERS, _HSTS] if secure else _HEADERS
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = new_id("req").encode()
        scope.setdefault("state", {})["request_id"] = request_id.decode()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                extra = [pair for pair in self._headers if pair[0] not in present]
                message["headers"] = [*message["headers"], *extra, (b"x-request-id", request_id)]
            await send(message)

        if self._hosts is not None and _host(scope) not in self._hosts:
            error = MisdirectedRequest(
                hint=(
                    "请用配置的地址访问,或设置 CEYUAN_PUBLIC_URL",
                    "use the configured address, or set CEYUAN_PUBLIC_URL",
                )
            )
            await problem_response(error, "en")(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)


def _host(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"host":
            text = str(value.decode("latin-1")).lower()
            return text[: text.rindex("]") + 1] if text.startswith("[") else text.partition(":")[0]
    return ""
