"""The content store's part of the OpenAPI document."""

from __future__ import annotations

from typing import Any

_PROBLEM = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
_HASH = {
    "name": "hash",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "description": "four little-endian 64-bit numbers in hexadecimal",
}
_BYTES = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
_PERMIT = {"name": "permit", "in": "query", "required": True, "schema": {"type": "string"}}


def openapi_paths() -> dict[str, Any]:
    """The path items of the store."""
    return {
        "/xet/v1/xorbs/default/{hash}": _item("post", "upload_xorb", "Upload a run of compressed chunks.", _BYTES),
        "/xet/v1/shards": _item("post", "upload_shard", "Register files by the chunks that they consist of.", _BYTES),
        "/xet/v1/chunks/default/{hash}": _item("get", "find_chunk", "Ask for stored chunks near one that is known."),
        "/xet/v1/reconstructions/{hash}": _item("get", "reconstruct_file", "Show which chunks a file consists of."),
        "/xet/v2/reconstructions/{hash}": _item(
            "get", "reconstruct_file_v2", "Show which chunks a file consists of, as the second version words it."
        ),
        "/xet/data/{hash}": _item("get", "download_chunks", "Download chunks by a signed address.", more=[_PERMIT]),
    }


def _item(
    method: str, name: str, summary: str, body: dict[str, Any] | None = None, more: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    parameters = [] if name == "upload_shard" else [_HASH, *(more or [])]
    operation: dict[str, Any] = {
        "tags": ["hub protocol"],
        "operationId": f"xet_{name}",
        "summary": summary,
        "parameters": parameters,
        "responses": {
            "200": {"description": "As the Xet client reads it"},
            "4XX": {"description": "A refusal", **_PROBLEM},
        },
    }
    if body is not None:
        operation["requestBody"] = body
    return {method: operation}
