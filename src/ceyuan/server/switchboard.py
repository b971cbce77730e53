"""Finds a request's route by the beginning of its path.

A router tries its routes one after the other, which with some hundreds of them costs more than most answers. Here each
request is only held against the routes of its method, its first three segments and its length; where none of them
fits, the router itself says why (no such page, another method, a slash too many).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

DEPTH = 3
"""`/api/v1/jobs` tells the rooms apart."""
Key = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Line:
    """A route, and how many segments its paths have (None: any number)."""

    route: BaseRoute
    segments: int | None


class Switchboard:
    """The ASGI application of a router whose routes are all there."""

    def __init__(self, router: APIRouter) -> None:
        self._router = router
        self._lines: dict[Key, list[_Line]] = {}
        for route in router.routes:
            if isinstance(route, APIRoute):
                self._enter(route)

    def _enter(self, route: APIRoute) -> None:
        parts = _parts(route.path)
        segments = None if ":path}" in route.path else len(parts)
        head = parts[:DEPTH]
        # Routes whose beginning may be anything are left to the router.
        if any("{" in part for part in head):
            return
        for method in route.methods or ():
            self._lines.setdefault((method, head), []).append(_Line(route, segments))

    def candidates(self, method: str, path: str) -> Iterator[BaseRoute]:
        """The routes that the path may belong to, in the router's order."""
        parts = _parts(path)
        for line in self._lines.get((method, parts[:DEPTH]), ()):
            if line.segments is None or line.segments == len(parts):
                yield line.route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope.get("root_path"):
            for route in self.candidates(scope["method"], scope["path"]):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope["router"] = self._router
                    scope.update(found)
                    await route.handle(scope, receive, send)
                    return
        await self._router.app(scope, receive, send)


def _parts(path: str) -> tuple[str, ...]:
    return tuple(path.split("/")[1:])
