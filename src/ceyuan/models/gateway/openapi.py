"""The `/v1` paths in the platform's OpenAPI document. Field by field they are OpenAI's API (one is Anthropic's); what
is described here is what the gateway itself reads. Everything else is passed on as it is."""

from __future__ import annotations

from typing import Any

_ANY: dict[str, Any] = {"type": "object", "additionalProperties": True}
_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_BILINGUAL: dict[str, Any] = {"type": "object", "properties": {"zh": {"type": "string"}, "en": {"type": "string"}}}
_ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "code", "param"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "code": {"type": ["string", "integer", "null"]},
                "param": {"type": ["string", "null"]},
                "ceyuan": {
                    "type": "object",
                    "properties": {"request_id": {"type": "string"}, "message": _BILINGUAL, "hint": _BILINGUAL},
                },
            },
        }
    },
}
_WORDS = {
    400: "The request is malformed, or moderation refused it (`content_filter`)",
    401: "No key, or one that is not good (`invalid_api_key`)",
    402: "Balance and vouchers do not cover the call (`insufficient_funds`)",
    403: "The key may not do this (`key_forbidden`)",
    404: "No such model or path (`model_not_found`)",
    409: "The idempotency key stands for another request, or one that still runs (`idempotency_conflict`)",
    405: "Another method is needed",
    413: "The body is too large (`request_too_large`)",
    429: "A rate, concurrency or quota limit; see `Retry-After`",
    500: "A fault of the platform",
    502: "The model's server failed (`upstream_error`)",
    503: "Too busy, or the model is being loaded; see `Retry-After`",
    504: "The model's server took too long (`upstream_timeout`)",
}
_SAMPLING: dict[str, Any] = {
    "max_tokens": {"type": "integer", "minimum": 1, "description": "longest answer in tokens; bounds the hold"},
    "n": {"type": "integer", "minimum": 1, "maximum": 128},
    "temperature": {"type": "number"},
    "top_p": {"type": "number"},
    "seed": {"type": "integer"},
    "stop": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
    "stream": {"type": "boolean", "description": "answer by server-sent events"},
    "stream_options": {"type": "object", "properties": {"include_usage": {"type": "boolean"}}},
}
_HEADERS = [
    {
        "name": "OpenAI-Organization",
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "description": "id or name of the organisation that pays, where the key does not say it",
    },
    {
        "name": "X-Ceyuan-Scenario",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "maxLength": 80},
        "description": "the scenario that the call belongs to, for charts and lineage",
    },
    {
        "name": "X-Ceyuan-Tags",
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "description": "`name=value, …`: at most eight tags that the call's record keeps",
    },
    {
        "name": "X-Ceyuan-Data",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "enum": ["inside"]},
        "description": "`inside`: the data of this call must not go to a server that is not the platform's own",
    },
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "maxLength": 200},
        "description": "an equal call that was answered under this key before is answered the same, free of charge",
    },
]


def payer_header() -> dict[str, Any]:
    """The header that names who pays."""
    return _HEADERS[0]


def _request(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    schema = {"type": "object", "additionalProperties": True, "required": required, "properties": properties}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def errors(*statuses: int) -> dict[str, Any]:
    """The refusals of these statuses."""
    return {
        str(status): {"description": _WORDS[status], "content": {"application/json": {"schema": _ERROR}}}
        for status in statuses
    }


def _post(name: str, summary: str, body: dict[str, Any], answer: dict[str, Any], *, streams: bool) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": answer}}
    if streams:
        content["text/event-stream"] = {"schema": {"type": "string"}}
    operation = {
        "tags": ["gateway"],
        "operationId": name,
        "summary": summary,
        "parameters": _HEADERS,
        "requestBody": body,
        "responses": {
            "200": {
                "description": "The answer of the model",
                "content": content,
                "headers": {
                    "X-Request-Id": {"schema": {"type": "string"}, "description": "the call's id in records"},
                    "X-Aigc": {
                        "schema": {"type": "string"},
                        "description": "label of generated content, JSON after GB 45438-2025",
                    },
                },
            },
            **errors(400, 401, 402, 403, 404, 409, 413, 429, 500, 502, 503, 504),
        },
    }
    return {"post": operation}


def _answer(name: str, choice: dict[str, Any]) -> dict[str, Any]:
    usage = {
        "type": "object",
        "properties": {
            "prompt_tokens": {"type": "integer"},
            "completion_tokens": {"type": "integer"},
            "total_tokens": {"type": "integer"},
        },
    }
    return {
        "type": "object",
        "additionalProperties": True,
        "properties": {
            "id": {"type": "string"},
            "object": {"type": "string", "examples": [name]},
            "created": {"type": "integer"},
            "model": {"type": "string"},
            "choices": {"type": "array", "items": choice},
            "usage": usage,
            "AIGC": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    }


_MESSAGE = {"type": "object", "additionalProperties": True, "required": ["role"], "properties": {"role": _TEXT}}
_CHAT = _post(
    "create_chat_completion",
    "Answer a conversation",
    _request(
        {"model": _TEXT, "messages": {"type": "array", "minItems": 1, "items": _MESSAGE}, **_SAMPLING},
        ["model", "messages"],
    ),
    _answer(
        "chat.completion", {"type": "object", "properties": {"message": _ANY, "finish_reason": {"type": "string"}}}
    ),
    streams=True,
)
_COMPLETION = _post(
    "create_completion",
    "Continue a text",
    _request(
        {"model": _TEXT, "prompt": {"anyOf": [_TEXT, {"type": "array", "minItems": 1}]}, **_SAMPLING},
        ["model", "prompt"],
    ),
    _answer(
        "text_completion",
        {"type": "object", "properties": {"text": {"type": "string"}, "finish_reason": {"type": "string"}}},
    ),
    streams=True,
)
_EMBEDDING = _post(
    "create_embeddings",
    "Turn texts into vectors",
    _request(
        {
            "model": _TEXT,
            "input": {"anyOf": [_TEXT, {"type": "array", "minItems": 1}]},
            "encoding_format": {"type": "string", "enum": ["float", "base64"]},
            "dimensions": {"type": "integer", "minimum": 1},
        },
        ["model", "input"],
    ),
    {"type": "object", "additionalProperties": True, "properties": {"data": {"type": "array", "items": _ANY}}},
    streams=False,
)
_MESSAGES = _post(
    "create_message",
    "Answer a conversation in Anthropic's form",
    _request(
        {
            "model": _TEXT,
            "messages": {"type": "array", "minItems": 1, "items": _MESSAGE},
            "system": {"anyOf": [{"type": "string"}, {"type": "array", "items": _ANY}]},
            "max_tokens": {"type": "integer", "minimum": 1},
            "stop_sequences": {"type": "array", "items": {"type": "string"}},
            "tools": {"type": "array", "items": _ANY},
            "tool_choice": _ANY,
            "stream": {"type": "boolean"},
        },
        ["model", "messages"],
    ),
    {
        "type": "object",
        "additionalProperties": True,
        "properties": {
            "type": {"type": "string", "examples": ["message"]},
            "content": {"type": "array", "items": _ANY},
            "stop_reason": {"type": ["string", "null"]},
            "usage": _ANY,
        },
    },
    streams=True,
)
_CARD = {
    "type": "object",
    "required": ["id", "object", "created", "owned_by"],
    "properties": {
        "id": {"type": "string"},
        "object": {"type": "string"},
        "created": {"type": "integer"},
        "owned_by": {"type": "string"},
        "title": {"type": "string"},
        "capabilities": {"type": "array", "items": {"type": "string"}},
        "context_length": {"type": ["integer", "null"]},
        "revision": {"type": ["string", "null"]},
    },
}


_COUNT = _post(
    "count_message_tokens",
    "Count the tokens of a conversation in Anthropic's form",
    _request(
        {
            "model": _TEXT,
            "messages": {"type": "array", "minItems": 1, "items": _MESSAGE},
            "system": {"anyOf": [_TEXT, {"type": "array", "items": _ANY}]},
            "tools": {"type": "array", "items": _ANY},
        },
        ["model", "messages"],
    ),
    {"type": "object", "required": ["input_tokens"], "properties": {"input_tokens": {"type": "integer"}}},
    streams=False,
)
_MADE = {"type": "object", "additionalProperties": True, "properties": {"data": {"type": "array", "items": _ANY}}}
_RERANK = _post(
    "create_ranking",
    "Rank documents by how well they answer a query",
    _request(
        {
            "model": _TEXT,
            "query": {"type": "string"},
            "documents": {"type": "array", "minItems": 1, "items": {"anyOf": [_TEXT, _ANY]}},
            "top_n": {"type": "integer", "minimum": 1},
        },
        ["model", "query", "documents"],
    ),
    {"type": "object", "additionalProperties": True, "properties": {"results": {"type": "array", "items": _ANY}}},
    streams=False,
)
_IMAGES = _post(
    "create_images",
    "Make pictures",
    _request(
        {"model": _TEXT, "prompt": _TEXT, "n": {"type": "integer", "minimum": 1, "maximum": 128}, "size": _TEXT},
        ["model", "prompt"],
    ),
    _MADE,
    streams=False,
)
_SPEECH = _post(
    "create_speech",
    "Speak a text",
    _request(
        {"model": _TEXT, "input": _TEXT, "voice": {"anyOf": [_TEXT, _ANY]}, "response_format": _TEXT},
        ["model", "input"],
    ),
    _ANY,
    streams=False,
)
_SPEECH["post"]["responses"]["200"]["content"] = {"audio/*": {"schema": {"type": "string", "format": "binary"}}}
_FORM = {
    "type": "object",
    "required": ["model", "file"],
    "properties": {
        "model": _TEXT,
        "file": {"type": "string", "format": "binary"},
        "language": {"type": "string"},
        "prompt": {"type": "string"},
        "response_format": {"type": "string", "enum": ["json", "text", "srt", "verbose_json", "vtt"]},
        "temperature": {"type": "number"},
    },
}
_TRANSCRIPTION = _post(
    "create_transcription",
    "Write down what a recording says",
    {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}},
    {"type": "object", "additionalProperties": True, "properties": {"text": {"type": "string"}}},
    streams=False,
)


def _get(name: str, summary: str, answer: dict[str, Any], *parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "get": {
            "tags": ["gateway"],
            "operationId": name,
            "summary": summary,
            "parameters": [*parameters, _HEADERS[0]],
            "responses": {
                "200": {"description": "What the key may call", "content": {"application/json": {"schema": answer}}},
                **errors(400, 401, 403, 404, 500),
            },
        }
    }


def openapi_paths() -> dict[str, Any]:
    """The path items of `/v1` for the platform's OpenAPI document."""
    listing = {"type": "object", "required": ["object", "data"], "properties": {"object": _TEXT}}
    listing["properties"] = {"object": _TEXT, "data": {"type": "array", "items": _CARD}}
    name = {"name": "model", "in": "path", "required": True, "schema": _TEXT, "description": "public name"}
    return {
        "/v1/chat/completions": _CHAT,
        "/v1/completions": _COMPLETION,
        "/v1/embeddings": _EMBEDDING,
        "/v1/messages": _MESSAGES,
        "/v1/messages/count_tokens": _COUNT,
        "/v1/rerank": _RERANK,
        "/v1/images/generations": _IMAGES,
        "/v1/audio/speech": _SPEECH,
        "/v1/audio/transcriptions": _TRANSCRIPTION,
        "/v1/models": _get("list_callable_models", "List the models that the key may call", listing),
        "/v1/models/{model}": _get("get_callable_model", "Look at a model that the key may call", _CARD, name),
    }
