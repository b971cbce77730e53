"""Addresses of pages as the Hub's clients print them, sent on to the console.

`create_repo`, `upload_folder`, pull requests and collections answer with the address of a page
(https://huggingface.co/docs/huggingface_hub/package_reference/hf_api#huggingface_hub.RepoUrl). Whether what it names
exists is not looked at: the console says so, in the same words for what is missing and what is not to be seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote, urlencode

from fastapi import Request

from ceyuan.hub.errors import RepositoryNotFound
from ceyuan.hub.lean import Failure, MethodNotAllowed, Receive, Reply, Scope, Send
from ceyuan.hub.naming import PREFIXES
from ceyuan.identity import ReservedNames
from ceyuan.kernel.platform import Platform

_HUB = "/console/hub"
_OURS = frozenset({*PREFIXES.values(), "collections"})
_BUSY = ("/v1/", "/api/", "/console/")
"""What most requests begin with."""
_TABS: dict[str, Callable[[str, str], dict[str, str]]] = {
    "": lambda first, rest: {},
    "tree": lambda first, rest: {"revision": first, "tab": "files", "path": rest},
    "blob": lambda first, rest: {"revision": first, "tab": "files", "path": rest},
    "commits": lambda first, rest: {"revision": first, "tab": "revisions"},
    "commit": lambda first, rest: {"revision": first, "tab": "revisions"},
    "discussions": lambda first, rest: {"tab": "discussions", "number": first},
    "settings": lambda first, rest: {"tab": "settings"},
}
"""What the console's address says for each page of a repository, from the segments that follow the page's name."""


def page_of(path: str) -> str | None:
    """The console's address for the page that a raw (still encoded) path names; None if it names none."""
    segments = path.strip("/").split("/")
    if segments[0] == "collections" and len(segments) == 3:
        return f"{_HUB}/collections/{quote(unquote(segments[2]).rpartition('-')[2], safe='')}"
    prefix = segments.pop(0) if segments[0] in PREFIXES.values() else "models"
    if len(segments) < 2 or not all(segments):
        return None
    owner, name, page, first, *rest = [*segments, "", ""][: max(4, len(segments))]
    if page not in _TABS or (not page and len(segments) > 2):
        return None
    query = _TABS[page](unquote(first), unquote("/".join(rest).rstrip("/")))
    words = urlencode({key: value for key, value in query.items() if value}, quote_via=quote)
    place = f"{_HUB}/{prefix}/{quote(unquote(owner), safe='')}/{quote(unquote(name), safe='')}"
    return f"{place}?{words}" if words else place


class HubPages:
    """Sends browsers from those addresses to the console."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def serves(self, path: str) -> bool:
        """Whether a path is the page of a repository or of a collection; what another route begins with is not."""
        if not path.startswith("/") or path.startswith(_BUSY):
            return False
        first = path.split("/", 2)[1]
        return (first in _OURS or not self._is_taken(first)) and page_of(quote(path)) is not None

    def _is_taken(self, segment: str) -> bool:
        return any(segment.casefold() in reserved.names for reserved in self._platform.find(ReservedNames))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1").partition("?")[0]
        found = page_of(raw)
        if found is None or scope["method"] not in ("GET", "HEAD"):
            error = RepositoryNotFound() if found is None else MethodNotAllowed(allow="GET, HEAD")
            await Failure(error, Request(scope)).response()(scope, receive, send)
            return
        # Whatever is there for one reader may not be there for the next.
        headers = {"location": found, "content-length": "0", "cache-control": "no-store"}
        await Reply(302, headers).send(receive, send)


def openapi_paths() -> dict[str, Any]:
    """The path items of the pages."""
    return {
        "/{owner}/{name}": _item("model_page", "owner", "name"),
        "/{owner}/{name}/{page}/{revision}": _item("model_part_page", "owner", "name", "page", "revision"),
        "/datasets/{owner}/{name}": _item("dataset_page", "owner", "name"),
        "/datasets/{owner}/{name}/{page}/{revision}": _item("dataset_part_page", "owner", "name", "page", "revision"),
        "/collections/{owner}/{slug}": _item("collection_page", "owner", "slug"),
    }


def _item(operation: str, *names: str) -> dict[str, Any]:
    text = {"type": "string", "minLength": 1, "maxLength": 255}
    parameters: list[dict[str, Any]] = [
        {
            "name": n,
            "in": "path",
            "required": True,
            "schema": {"enum": sorted(set(_TABS) - {""})} if n == "page" else text,
        }
        for n in names
    ]
    return {
        "get": {
            "tags": ["hub"],
            "operationId": operation,
            "summary": "The page that clients print the address of: sends on to the console",
            "parameters": parameters,
            "responses": {"302": {"description": "Where the console shows it, if the reader may see it"}},
        }
    }
