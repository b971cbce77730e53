"""The hook of prompt templates: a request that names one gets its messages before the gateway reads it.

A room beside this one fills it: `platform.provide(PromptTemplates, implementation)`. The fields of the request are
`prompt_id`, `prompt_version` and `prompt_variables`; messages that the request has itself come after the template's,
and what it says itself (model, temperature, ...) wins over the template's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import orjson

from ceyuan.models.gateway.call import Endpoint
from ceyuan.models.gateway.errors import BadRequest

MARK = b'"prompt_id"'
"""What a body has that names a template; most have none, and are not looked at twice."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What a template says: its messages, its parameters, and its name with the version's number."""

    messages: list[dict[str, Any]]
    parameters: Mapping[str, Any]
    label: str


@runtime_checkable
class PromptTemplates(Protocol):
    """Knows the templates of organisations."""

    async def fill(self, org_id: str, name: str, number: int | None, values: Mapping[str, Any]) -> Filled:
        """A template with these values; without `number` its version in production. Raises `CeyuanError`."""
        ...


async def expand(templates: PromptTemplates, org_id: str, endpoint: Endpoint, body: bytes) -> tuple[bytes, str]:
    """The request as if the client had sent the messages, and what its record says of the template; a body that
    names none comes back as it is. Raises `BadRequest`, and what the template raises."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body, ""  # whoever reads it next says what is wrong with it
    if not isinstance(document, dict) or "prompt_id" not in document:
        return body, ""
    name, number = document.pop("prompt_id"), document.pop("prompt_version", None)
    values, own = document.pop("prompt_variables", None) or {}, document.pop("messages", None) or []
    if endpoint != "chat":
        raise BadRequest(
            ("提示词模板只用于对话接口", "prompt templates are for chat completions"),
            hint=("请改用 /v1/chat/completions", "use /v1/chat/completions"),
            param="prompt_id",
        )
    _require(isinstance(name, str), "prompt_id", "the name of a template")
    _require(
        number is None or (isinstance(number, int) and not isinstance(number, bool) and 0 < number < 2**31),
        "prompt_version",
        "the number of a version",
    )
    _require(isinstance(values, dict), "prompt_variables", "an object")
    _require(isinstance(own, list), "messages", "a list of messages")
    filled = await templates.fill(org_id, name, number, values)
    whole = {**filled.parameters, **document, "messages": [*filled.messages, *own]}
    return orjson.dumps(whole), filled.label


def _require(fits: bool, field: str, kind: str) -> None:
    if not fits:
        raise BadRequest(
            (f"字段 {field} 类型有误", f"the field {field} is not {kind}"),
            hint=("请对照提示词模板的说明", "see the guide on prompt templates"),
            param=field,
        )
