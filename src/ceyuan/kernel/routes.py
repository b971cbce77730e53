"""Routers whose routes are worked out when they are first used.

A route's signature, validators and serialisers take a few milliseconds and some tens of kilobytes, and the platform
has hundreds of routes of which a process answers a handful. So a start only notes them; the OpenAPI document and the
tests that read it work out every one. The JSON document of a request is read here too: bounded, and by RFC 8259.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import APIRouter
from fastapi.requests import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.routing import compile_path

from ceyuan.kernel.errors import TooLarge

_OF_THE_PATH = frozenset({"path_regex", "path_format", "param_convertors"})
MAX_DOCUMENT = 64 << 20
"""Bytes of a JSON document that a route reads into memory; files come by the routes that stream."""
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class DocumentRequest(Request):
    """A request whose JSON document is bounded, and read as RFC 8259 says: no NaN, no halves of surrogate pairs.

    Python's own reader lets both through, and they break the database or the answer only after they are kept.
    """

    async def json(self) -> Any:
        """The document; raises `orjson.JSONDecodeError`."""
        return orjson.loads(await self.body())

    async def take(self) -> None:
        """Read the body; raises `TooLarge` as soon as it is longer than a document may be."""
        parts: list[bytes] = []
        size = 0
        async for part in self.stream():
            size += len(part)
            if size > MAX_DOCUMENT:
                raise TooLarge(
                    (
                        f"请求正文不得超过 {MAX_DOCUMENT >> 20} MiB",
                        f"the body of a request is at most {MAX_DOCUMENT >> 20} MiB",
                    )
                )
            parts.append(part)
        self._body = b"".join(parts)


class LateRoute(APIRoute):
    """A route that is known by its path and methods until somebody asks for more."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.path = path
        self.endpoint = endpoint
        self.name = options.get("name") or endpoint.__name__
        self.methods = {method.upper() for method in options.get("methods") or ("GET",)}
        self.include_in_schema = options.get("include_in_schema", True)
        self._options = options

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_options" not in self.__dict__:
            raise AttributeError(name)
        if name in _OF_THE_PATH:
            # Enough to tell that a path is another route's.
            self.path_regex, self.path_format, self.param_convertors = compile_path(self.path)
        else:
            super().__init__(self.path, self.endpoint, **self.__dict__.pop("_options"))
        return getattr(self, name)

    def get_route_handler(self) -> Handler:
        """The route's handler, with its document read by our own rules."""
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def handle_document(request: Request) -> Response:
            own = DocumentRequest(request.scope, request.receive)
            await own.take()
            return await handle(own)

        return handle_document


class Router(APIRouter):
    """The routes of a room; an operation is called like its function."""

    def __init__(self, *, tags: list[str], prefix: str = "") -> None:
        super().__init__(
            prefix=prefix,
            tags=list(tags),
            route_class=LateRoute,
            generate_unique_id_function=lambda route: route.name,
        )
