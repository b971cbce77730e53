"""Routers whose routes are worked out when they are first used.

A route's signature, validators and serialisers take a few milliseconds and some tens of kilobytes, and the platform
has hundreds of routes of which a process answers a handful. So a start only notes them; the OpenAPI document and the
tests that read it work out every one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import compile_path

_OF_THE_PATH = frozenset({"path_regex", "path_format", "param_convertors"})


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


class Router(APIRouter):
    """The routes of a room; an operation is called like its function."""

    def __init__(self, *, tags: list[str], prefix: str = "") -> None:
        super().__init__(
            prefix=prefix,
            tags=list(tags),
            route_class=LateRoute,
            generate_unique_id_function=lambda route: route.name,
        )
