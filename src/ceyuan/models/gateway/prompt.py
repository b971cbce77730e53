"""The request of a call: understood as far as the gateway must, and otherwise left as it is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from ceyuan.models.gateway.call import Endpoint
from ceyuan.models.gateway.errors import BadRequest
from ceyuan.models.gateway.multipart import parts_of, seconds_of, with_field

PATHS: dict[str, Endpoint] = {
    "/v1/chat/completions": "chat",
    "/v1/completions": "completions",
    "/v1/embeddings": "embeddings",
    "/v1/rerank": "rerank",
    "/v1/images/generations": "images",
    "/v1/audio/speech": "speech",
    "/v1/audio/transcriptions": "transcriptions",
}
_PROMPT: dict[Endpoint, str] = {
    "chat": "messages",
    "completions": "prompt",
    "embeddings": "input",
    "rerank": "documents",
    "images": "prompt",
    "speech": "input",
    "transcriptions": "file",
}
_GENERATE: frozenset[Endpoint] = frozenset({"chat", "completions"})
"""Endpoints that answer token by token, and by a stream where that is asked for."""
_GIVEN_AGAIN: frozenset[Endpoint] = frozenset({"chat", "completions", "embeddings", "rerank", "images"})
"""Endpoints that answer with JSON, which may be kept and given again."""
_MAX_CHOICES = 128


@dataclass(slots=True)
class Prompt:
    """A parsed request: `document` is the client's JSON (of a form its fields, with the file's hash in its place),
    `body` its bytes. `units` is how much it will use of what is not measured in tokens."""

    endpoint: Endpoint
    document: dict[str, Any]
    body: bytes
    model: str
    stream: bool
    units: int = 0
    content_type: bytes = b""

    @property
    def repeatable(self) -> bool:
        """Whether its answer may be kept and given again."""
        return not self.stream and self.endpoint in _GIVEN_AGAIN

    @property
    def wants_usage(self) -> bool:
        """Whether the client asked for the token counts at the end of a stream."""
        options = self.document.get("stream_options")
        return isinstance(options, dict) and options.get("include_usage") is True

    @property
    def demands_tool(self) -> bool:
        """Whether the answer must be a call of a tool: of any, or of the one that is named."""
        choice = self.document.get("tool_choice")
        if isinstance(choice, dict):
            allowed = choice.get("allowed_tools")
            choice = allowed.get("mode") if isinstance(allowed, dict) else "required"
        return choice == "required"

    @property
    def input_estimate(self) -> int:
        """About how many tokens the request has, rather too many: a token is seldom shorter than three bytes."""
        return 0 if self.content_type else len(self.body) // 3 + 1

    def output_bound(self, default: int) -> int:
        """How many tokens the answer may have at most, all choices together; zero where it is not of tokens."""
        if self.endpoint not in _GENERATE:
            return 0
        bound = self.document.get("max_completion_tokens", self.document.get("max_tokens"))
        tokens = bound if isinstance(bound, int) and not isinstance(bound, bool) and bound > 0 else default
        choices = self.document.get("n")
        return tokens * (choices if isinstance(choices, int) and 0 < choices <= _MAX_CHOICES else 1)

    def for_upstream(self, model: str, *, ask_usage: bool, masked: dict[str, Any] | None = None) -> bytes:
        """The body that goes upstream: the client's own bytes unless the model has another name there, a stream
        must be made to report its token counts, or a `masked` document goes in its place."""
        ask = ask_usage and self.stream and not self.wants_usage
        if model == self.model and not ask and masked is None:
            return self.body
        if self.content_type:
            return with_field(self.body, self.content_type, "model", model)
        document = {**(masked or self.document), "model": model}
        if ask:
            options = self.document.get("stream_options")
            document["stream_options"] = {**(options if isinstance(options, dict) else {}), "include_usage": True}
        try:
            return orjson.dumps(document)
        except orjson.JSONEncodeError as error:
            raise BadRequest(
                ("请求中含有无法转发的数值", "the request has a number that cannot be passed on")
            ) from error

    def sha256(self) -> str:
        """The hash of the prompt itself (messages, prompt or input) in canonical JSON: keys sorted, no spaces."""
        return prompt_sha256(self.endpoint, self.document)


def prompt_sha256(endpoint: Endpoint, document: dict[str, Any]) -> str:
    """The hash by which records name a prompt."""
    content = orjson.dumps(document.get(_PROMPT[endpoint]), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content).hexdigest()


def parse_prompt(endpoint: Endpoint, body: bytes, content_type: bytes = b"") -> Prompt:
    """Read a request; raises `BadRequest` that names the field at fault."""
    if endpoint == "transcriptions":
        return _parse_recording(body, content_type)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(
            ("请求体不是有效的 UTF-8 JSON", f"the body is not valid JSON in UTF-8: {error}"),
            hint=("请检查引号、逗号与编码", "check quotes, commas and the encoding"),
        ) from error
    if not isinstance(document, dict):
        raise BadRequest(("请求体必须是 JSON 对象", "the body must be a JSON object"))
    model = document.get("model")
    if not isinstance(model, str) or not model:
        raise _missing("model", "a string")
    name = _PROMPT[endpoint]
    content = document.get(name)
    kinds, words = _KINDS.get(endpoint, ((str, list), "a string or a list"))
    if not isinstance(content, kinds) or not content:
        raise _missing(name, words)
    if endpoint == "rerank" and not isinstance(document.get("query"), str):
        raise _missing("query", "a string")
    stream = document.get("stream")
    if stream is not None and not isinstance(stream, bool):
        raise _missing("stream", "true or false")
    units = _units(endpoint, document) if endpoint in ("images", "speech") else 0
    return Prompt(endpoint, document, body, model, stream is True and endpoint in _GENERATE, units)


_KINDS: dict[Endpoint, tuple[type | tuple[type, ...], str]] = {
    "chat": (list, "a list of messages"),
    "rerank": (list, "a list of documents"),
    "images": (str, "a string"),
    "speech": (str, "a string"),
}


def _units(endpoint: Endpoint, document: dict[str, Any]) -> int:
    """How many pictures are asked for, or characters are to be spoken."""
    if endpoint == "speech":
        return len(document["input"])
    count = document.get("n")
    if count is not None and (not isinstance(count, int) or isinstance(count, bool) or not 0 < count <= _MAX_CHOICES):
        raise _missing("n", f"a number from 1 to {_MAX_CHOICES}")
    return count or 1


def _parse_recording(body: bytes, content_type: bytes) -> Prompt:
    """A form with a recording to be written down."""
    document: dict[str, Any] = {}
    units = 0
    for part in parts_of(body, content_type):
        if part.name == "file":
            document["file"] = hashlib.sha256(part.content).hexdigest()
            units = seconds_of(part.content)
        else:
            document[part.name] = part.text
    model = document.get("model")
    if not isinstance(model, str) or not model:
        raise _missing("model", "a string")
    if "file" not in document:
        raise _missing("file", "an uploaded file")
    if str(document.get("stream", "")).lower() == "true":
        raise BadRequest(
            ("语音识别暂不支持流式输出", "transcriptions are not streamed"),
            hint=("请去掉 stream", "leave out stream"),
            param="stream",
        )
    return Prompt("transcriptions", document, body, model, False, units, content_type)


def _missing(field: str, kind: str) -> BadRequest:
    return BadRequest(
        (f"字段 {field} 缺失或类型有误", f"the field {field} is missing or is not {kind}"),
        hint=("请对照 OpenAI 接口文档", "see OpenAI's API reference"),
        param=field,
    )
