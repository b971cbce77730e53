"""The paths of files and batches in the platform's OpenAPI document; their shapes are OpenAI's."""

from __future__ import annotations

from typing import Any

from ceyuan.models.gateway.openapi import errors, payer_header

_ANY: dict[str, Any] = {"type": "object", "additionalProperties": True}
_LIST: dict[str, Any] = {
    "type": "object",
    "required": ["object", "data"],
    "properties": {"object": {"type": "string"}, "data": {"type": "array", "items": _ANY}},
}


def _query(name: str, words: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": {"type": "string"}, "description": words}


def _operation(
    name: str, summary: str, answer: dict[str, Any], *parameters: dict[str, Any], body: dict[str, Any] | None = None
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "tags": ["gateway"],
        "operationId": name,
        "summary": summary,
        "parameters": [*parameters, payer_header()],
        "responses": {
            "200": {"description": "Done", "content": {"application/json": {"schema": answer}}},
            **errors(400, 401, 403, 404, 409, 413, 500),
        },
    }
    if body is not None:
        operation["requestBody"] = body
    return operation


def openapi_paths() -> dict[str, Any]:
    """The path items."""
    file = {"name": "file", "in": "path", "required": True, "schema": {"type": "string"}, "description": "its id"}
    batch = {"name": "batch", "in": "path", "required": True, "schema": {"type": "string"}, "description": "its id"}
    page = (_query("limit", "how many at most"), _query("after", "id of the last one of the page before"))
    form = {
        "type": "object",
        "required": ["file", "purpose"],
        "properties": {
            "file": {"type": "string", "format": "binary"},
            "purpose": {"type": "string", "enum": ["batch", "user_data"]},
        },
    }
    wanted = {
        "type": "object",
        "required": ["input_file_id", "endpoint", "completion_window"],
        "properties": {
            "input_file_id": {"type": "string"},
            "endpoint": {"type": "string"},
            "completion_window": {"type": "string", "enum": ["24h"]},
            "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    }
    upload = {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    asked = {"required": True, "content": {"application/json": {"schema": wanted}}}
    content = _operation("get_gateway_file_content", "Download a file", _ANY, file)
    content["responses"]["200"]["content"] = {
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
    }
    purpose = _query("purpose", "only files of this purpose")
    return {
        "/v1/files": {
            "get": _operation("list_gateway_files", "List the organisation's files", _LIST, *page, purpose),
            "post": _operation("upload_gateway_file", "Upload a file", _ANY, body=upload),
        },
        "/v1/files/{file}": {
            "get": _operation("get_gateway_file", "Look at a file", _ANY, file),
            "delete": _operation("remove_gateway_file", "Delete a file", _ANY, file),
        },
        "/v1/files/{file}/content": {"get": content},
        "/v1/batches": {
            "get": _operation("list_gateway_batches", "List the organisation's batches", _LIST, *page),
            "post": _operation("create_gateway_batch", "Begin a batch over an uploaded file", _ANY, body=asked),
        },
        "/v1/batches/{batch}": {"get": _operation("get_gateway_batch", "Look at a batch", _ANY, batch)},
        "/v1/batches/{batch}/cancel": {"post": _operation("cancel_gateway_batch", "Stop a batch", _ANY, batch)},
    }
