"""Errors on the wire: OpenAI's shape with our code, both languages and a hint inside."""

from __future__ import annotations

from typing import Any

import orjson

from ceyuan.kernel.errors import CeyuanError, Language, choose

Header = tuple[bytes, bytes]

_TYPES = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}
JSON: Header = (b"content-type", b"application/json; charset=utf-8")


def error_type(status: int) -> str:
    """OpenAI's word for the class of an error."""
    if status >= 500:
        return "server_error"
    return _TYPES.get(status, "invalid_request_error")


def error_document(error: CeyuanError, request_id: str, language: Language) -> dict[str, Any]:
    """`{"error": {message, type, code, param, …}}`; `message` in the caller's language, `ceyuan` holds both."""
    ours: dict[str, Any] = {
        "request_id": request_id,
        "message": {"zh": error.message[0], "en": error.message[1]},
        **({"hint": {"zh": error.hint[0], "en": error.hint[1]}} if error.hint else {}),
        **{name: value for name, value in error.fields.items() if name != "param"},
    }
    message = choose(error.message, language)
    if error.hint:
        message = f"{message}。{error.hint[0]}" if language == "zh" else f"{message}. {error.hint[1]}"
    return {
        "error": {
            "message": message,
            "type": error_type(error.status),
            "code": error.code,
            "param": error.fields.get("param"),
            "ceyuan": ours,
        }
    }


def error_body(error: CeyuanError, request_id: str, language: Language) -> bytes:
    """The document as bytes."""
    return orjson.dumps(error_document(error, request_id, language), default=str)


def error_headers(error: CeyuanError, body: bytes, request_id: str) -> list[Header]:
    """The headers of an error: its length, when to come back, how to sign in."""
    headers = [JSON, (b"content-length", str(len(body)).encode()), (b"x-request-id", request_id.encode())]
    if "retry_after_s" in error.fields:
        headers.append((b"retry-after", str(error.fields["retry_after_s"]).encode()))
    if error.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    return headers


def language_of(accept: bytes) -> Language:
    """English unless the client's `Accept-Language` begins with Chinese."""
    return "zh" if accept[:2].lower() == b"zh" else "en"
