"""The downloads' part of the OpenAPI document."""

from __future__ import annotations

from typing import Any

from ceyuan.hub.naming import KINDS, PREFIXES, Kind

_PROBLEM = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
_PARAMETERS: list[dict[str, Any]] = [
    {"name": "owner", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 96}},
    {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 96}},
    {
        "name": "revision",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "maxLength": 255},
        "description": "branch, tag or commit; slashes as %2F",
    },
    {"name": "path", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 1024}},
    {"name": "download", "in": "query", "schema": {"type": "boolean"}, "description": "send it as an attachment"},
    {"name": "Range", "in": "header", "schema": {"type": "string"}, "description": "one byte range"},
]
_BODY = {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
_RESPONSES: dict[str, Any] = {
    "200": {"description": "The file", **_BODY},
    "206": {"description": "The range of it that was asked for", **_BODY},
    "304": {"description": "The client has it already (`If-None-Match`)"},
    "401": {"description": "The token is not good", **_PROBLEM},
    "403": {"description": "The token may not read", **_PROBLEM},
    "404": {"description": "`repository_not_found`, `revision_not_found` or `entry_not_found`", **_PROBLEM},
    "405": {"description": "Only GET and HEAD are possible", **_PROBLEM},
    "409": {"description": "`conflict`", **_PROBLEM},
    "416": {"description": "The range begins beyond the file"},
    "422": {"description": "`path_refused`", **_PROBLEM},
}


def openapi_paths() -> dict[str, Any]:
    """The path items of downloads, one for each kind of repository."""
    return {_path(kind): _item(kind) for kind in KINDS}


def _path(kind: Kind) -> str:
    prefix = "" if kind == "model" else f"/{PREFIXES[kind]}"
    return f"{prefix}/{{owner}}/{{name}}/resolve/{{revision}}/{{path}}"


def _item(kind: Kind) -> dict[str, Any]:
    def operation(verb: str, summary: str) -> dict[str, Any]:
        return {
            "tags": ["hub"],
            "operationId": f"{verb}_{kind}_file",
            "summary": summary,
            "parameters": _PARAMETERS,
            "responses": _RESPONSES,
        }

    return {
        "get": operation("download", f"Download a file of a {kind}."),
        "head": operation("describe", f"Size, hash and commit of a file of a {kind}, in the headers."),
    }
