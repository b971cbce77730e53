"""Addresses of the protocol: from a method and a path to what answers them, and their part of the OpenAPI document.

Paths are taken apart before they are decoded: a revision may hold an encoded slash (`refs%2Fpr%2F1`).
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ceyuan.hub.lean import Reply

if TYPE_CHECKING:
    from ceyuan.hub.protocol.call import Call

Handler = Callable[["Call"], Awaitable[Reply]]
KINDS = ("models", "datasets", "spaces")
"""The kinds of repositories that the protocol knows; spaces are none of ours, and said to be missing."""
_VALUES: dict[str, dict[str, Any]] = {
    "kinds": {"type": "string", "enum": ["models", "datasets"]},
    "number": {"type": "integer", "minimum": 1, "maximum": 1_000_000},
    "status": {"type": "string", "enum": ["pending", "accepted", "rejected"]},
}
_TEXT = {"type": "string", "minLength": 1, "maxLength": 255}


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: its segments (`{name}` stands for one, `{name*}` at the end for all that follow), and whether
    it may be asked for without any body."""

    method: str
    segments: tuple[str, ...]
    handler: Handler
    body: str | None

    @property
    def path(self) -> str:
        """The path as OpenAPI writes it."""
        return "/" + "/".join(self.segments).replace("*}", "}")

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """The decoded parameters, if the path is this route's."""
        open_end = self.segments[-1].endswith("*}")
        if len(segments) < len(self.segments) or (len(segments) > len(self.segments) and not open_end):
            return None
        found: dict[str, str] = {}
        for at, pattern in enumerate(self.segments):
            if pattern.endswith("*}"):
                found[pattern[1:-2]] = unquote("/".join(segments[at:]))
            elif pattern.startswith("{"):
                prefix, _, suffix = pattern.partition("}")
                segment = segments[at]
                if not segment.endswith(suffix) or len(segment) == len(suffix):
                    return None
                found[prefix[1:]] = unquote(segment[: len(segment) - len(suffix)] if suffix else segment)
            elif pattern != segments[at]:
                return None
        # An owner may be called like another part of the protocol, a kind may not.
        return found if found.get("kinds", "models") in KINDS else None


ROUTES: list[Route] = []


def route(method: str, path: str, *, body: str | None = None) -> Callable[[Handler], Handler]:
    """Declare what answers `method` and `path`; `body` is the media type of the request's body, if it has one.

    Routes are tried in the order of their declaration.
    """

    def declare(handler: Handler) -> Handler:
        ROUTES.append(Route(method, tuple(path.strip("/").split("/")), handler, body))
        return handler

    return declare


def find(method: str, segments: list[str]) -> tuple[Route | None, dict[str, str], set[str]]:
    """The route of a request and its parameters; otherwise the methods that the path knows."""
    known: set[str] = set()
    for each in ROUTES:
        found = each.match(segments)
        if found is None:
            continue
        if each.method == method or (method == "HEAD" and each.method == "GET"):
            return each, found, known
        known.add(each.method)
    return None, {}, known


def openapi_paths() -> dict[str, Any]:
    """The path items of all routes."""
    items: dict[str, Any] = {}
    for each in ROUTES:
        items.setdefault(each.path, {})[each.method.lower()] = _operation(each)
    return items


def _operation(each: Route) -> dict[str, Any]:
    problem = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    names = [part.split("}")[0][1:].rstrip("*") for part in each.segments if part.startswith("{")]
    operation: dict[str, Any] = {
        "tags": ["hub protocol"],
        "operationId": f"hf_{each.handler.__name__}",
        "summary": (inspect.getdoc(each.handler) or "").split("\n\n")[0].replace("\n", " "),
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": _VALUES.get(name, _TEXT)} for name in names
        ],
        "responses": {
            "200": {"description": "As the Hub's clients read it"},
            "4XX": {"description": "A refusal, named in `X-Error-Code`", **problem},
        },
    }
    if each.body is not None:
        kind = {"type": "object"} if each.body == "application/json" else {"type": "string"}
        operation["requestBody"] = {"content": {each.body: {"schema": kind}}}
    return operation
