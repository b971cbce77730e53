"""A whole answer on its way to the client: read, guarded, labelled, and otherwise passed on byte for byte."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import orjson

from ceyuan.kernel.secrets import redact
from ceyuan.models.gateway.call import Call
from ceyuan.models.gateway.errors import UpstreamFault
from ceyuan.models.gateway.labels import Labeller, add_text, with_label
from ceyuan.models.gateway.moderation import Guards, Verdict, masked
from ceyuan.models.gateway.stream import Shape
from ceyuan.models.gateway.usage import Generated, generated_in, note_usage

_NEAR = 400
"""Bytes from either end of an answer within which its usage is looked for before all of it is read."""


def read_embeddings(call: Call, body: bytes) -> bytes:
    """Note the usage of an embeddings answer; its vectors are not parsed if that can be helped."""
    usage = _usage_near_the_ends(body)
    if usage is None:
        usage = _parsed(call, body).get("usage")
    note_usage(call, usage)
    call.answer_sha256 = hashlib.sha256(body).hexdigest()
    return body


def read_made(call: Call, body: bytes, units: int) -> bytes:
    """Note the usage of an answer that is no text of a model: a ranking, pictures, sound, or what was heard.

    Tokens count where the upstream tells them; pictures by what came, characters and seconds by what was sent unless
    the upstream knows better.
    """
    document = _json_or_nothing(body) if call.endpoint != "speech" else None
    usage = document.get("usage") if document is not None else None
    note_usage(call, usage)
    if call.endpoint == "images":
        made = document.get("data") if document is not None else None
        call.units = len(made) if isinstance(made, list) else 0
    elif call.endpoint == "transcriptions":
        told = _seconds(document, usage)
        call.units = told or units
        if told:
            call.usage_from = "upstream"
    else:
        call.units = units
    if call.usage_from != "upstream":
        call.usage_from = "relayed"
        if call.endpoint == "rerank":
            call.prompt_tokens = call.prompt_estimate
    call.answer_sha256 = hashlib.sha256(body).hexdigest()
    return body


def _seconds(document: dict[str, Any] | None, usage: Any) -> int:
    """How long a recording was by the upstream's own account; zero where it does not say."""
    told = usage.get("seconds") if isinstance(usage, dict) else None
    if told is None and document is not None:
        told = document.get("duration")
    try:
        return max(0, math.ceil(float(told))) if told is not None else 0
    except (TypeError, ValueError, OverflowError):
        return 0


def _json_or_nothing(body: bytes) -> dict[str, Any] | None:
    """The answer as JSON; a transcript may be plain text or subtitles."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None


def _usage_near_the_ends(body: bytes) -> Any:
    for start in (body.find(b'"usage":', 0, _NEAR), body.rfind(b'"usage":', max(len(body) - _NEAR, 0))):
        end = body.find(b"}", start)
        if start < 0 or end < 0:
            continue
        try:
            return orjson.loads(body[start + len(b'"usage":') : end + 1])
        except orjson.JSONDecodeError:
            continue
    return None


def _parsed(call: Call, body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        # A page of a proxy is shown; what was to be an answer is not kept, only what is wrong with it.
        is_answer = body.lstrip()[:1] in (b"{", b"[")
        call.upstream_words = (
            str(error) if is_answer else redact(body[:200].decode("utf-8", "replace").replace("\0", ""))
        )
        raise UpstreamFault(("上游回答不是有效的 JSON", "the upstream's answer is not valid JSON")) from error
    if not isinstance(document, dict):
        raise UpstreamFault(("上游回答的格式有误", "the upstream's answer has an unexpected form"))
    return document


def with_known_code(body: bytes) -> bytes:
    """A refusal of llama.cpp's server for a prompt that is too long, with the code by which OpenAI's clients know it;
    any other refusal as it is."""
    if b"exceed_context_size_error" not in body:
        return body
    try:
        document = orjson.loads(body)
        if document["error"]["type"] != "exceed_context_size_error":
            return body
        document["error"]["code"] = "context_length_exceeded"
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return body
    return orjson.dumps(document)


async def relay_whole(
    call: Call, body: bytes, shape: Shape, guards: Guards, labeller: Labeller
) -> tuple[bytes, Generated, Verdict | None]:
    """What the client gets for an upstream's answer, what that says, and the verdict that blocked it, if any."""
    document = _parsed(call, body)
    note_usage(call, document.get("usage"))
    blocked, changed = None, False
    if guards:
        blocked, changed = await _guard(call, document, guards)
    said = generated_in(document)
    if shape.label == "text":
        changed |= add_text(document, shape.label_text)
    data = orjson.dumps(document) if changed else body
    data = shape.renamed(data)
    if shape.label in ("field", "text"):
        data = with_label(data, labeller.document(call.id, said.sha256()))
    return data, said, blocked


async def _guard(call: Call, document: dict[str, Any], guards: Guards) -> tuple[Verdict | None, bool]:
    """Judge each choice; masks are applied, a blocked choice loses its text and ends with `content_filter`."""
    worst: Verdict | None = None
    changed = False
    for choice in document.get("choices") or ():
        message = choice.get("message")
        holder = message if isinstance(message, dict) else choice
        for name in ("reasoning_content", "content", "text"):
            text = holder.get(name)
            if not isinstance(text, str) or not text:
                continue
            verdicts = await guards.check_output(call, "", text, True)
            call.verdicts += [verdict.facts("output") for verdict in verdicts]
            if verdicts and verdicts[0].action == "block":
                worst, changed = verdicts[0], True
                holder[name] = ""
                choice["finish_reason"] = "content_filter"
                choice["content_filter"] = {"clause": worst.clause}
            elif any(verdict.action == "mask" for verdict in verdicts):
                holder[name], changed = masked(text, verdicts), True
    return worst, changed
