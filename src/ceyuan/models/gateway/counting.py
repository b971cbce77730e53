"""How many tokens a messages request has, asked before it is sent (docs.anthropic.com/en/api/messages-count-tokens).

The server that would answer the call counts, by its own `/messages/count_tokens` (llama.cpp, and so our own engine,
vLLM, Anthropic) or by vLLM's `/tokenize` of a chat; where neither is there, or the text must not leave, it is an
estimate. Nothing is generated and nothing charged; a count takes one request out of the key's rate.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any, Literal

import orjson

from ceyuan.kernel.errors import CeyuanError
from ceyuan.models.gateway.errors import BadRequest, ModelUnknown, UpstreamFault
from ceyuan.models.gateway.gateway import Gateway
from ceyuan.models.gateway.keys import Caller
from ceyuan.models.gateway.messages import chat_of
from ceyuan.models.gateway.prompt import Prompt, parse_prompt
from ceyuan.models.gateway.upstream import Target
from ceyuan.models.serving import Replica, Route

logger = logging.getLogger(__name__)
PATH = "/v1/messages/count_tokens"
Way = Literal["messages", "tokenize"]
Counted = Literal["upstream", "estimate"]
_PATIENCE_S = 10.0
_ASK_AGAIN_S = 600.0
"""How long a server that cannot count is not asked again."""
_PER_MESSAGE = 4
"""Tokens that a chat template spends on a message's frame."""


class Counts:
    """Counts tokens for one process."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self._ways: dict[str, Way | None] = {}
        self._asked_at: dict[str, float] = {}

    async def count(self, caller: Caller, body: bytes, request_id: str, *, inside: bool) -> tuple[int, Counted]:
        """The tokens of a messages request, and who counted them; raises what a call of the model would raise before
        it goes upstream."""
        gateway = self.gateway
        chat = chat_of(body)
        prompt = parse_prompt("chat", chat)
        route = gateway.directory.find(prompt.model, caller.org_id)
        if route is None:
            raise ModelUnknown(prompt.model)
        if "chat" not in route.capabilities:
            raise BadRequest(
                (f"模型“{route.name}”不支持对话", f"the model “{route.name}” cannot chat"),
                hint=("请更换模型", "use another model"),
                param="model",
            )
        limits = gateway.policies.limits_of(caller.key_id)
        limits.require_model(route.name)
        if gateway.leases is None:
            gateway.throttle.require_rate(caller.key_id, limits, 0, time.monotonic())
        else:
            await gateway.throttle.require_shared_rate(gateway.leases, caller.key_id, limits, 0)
        counted = await self._by_server(route, caller, orjson.loads(body), prompt, request_id, inside=inside)
        return (counted, "upstream") if counted is not None else (estimated_tokens(prompt.document), "estimate")

    async def _by_server(
        self, route: Route, caller: Caller, document: dict[str, Any], prompt: Prompt, request_id: str, *, inside: bool
    ) -> int | None:
        gateway, org = self.gateway, caller.org_id
        inside = inside or gateway.policies.stays_inside(org)
        now = time.monotonic()
        for replica in gateway.router.order(route, inside=inside, prefix=b"", now=now, org_id=org):
            if replica.outside and gateway.policies.masks_outside(org):
                continue
            if self._ways.get(replica.id, "") is None and now - self._asked_at[replica.id] < _ASK_AGAIN_S:
                continue
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    return await self._ask(replica, document, prompt, request_id)
            except (TimeoutError, CeyuanError) as error:
                logger.info("%s does not count tokens: %s", replica.id, error)
        return None

    async def _ask(self, replica: Replica, document: dict[str, Any], prompt: Prompt, request_id: str) -> int | None:
        """Ask one server in the way that it answered before, or in both."""
        if replica.engine is not None:
            wait_s = self.gateway.settings.cold_start_s
            async with self.gateway.directory.engine_place(replica.engine, wait_s=wait_s, call_id=request_id) as place:
                target = Target(place.base_url, place.headers, place.socket, place.direct)
                return await self._any(replica, target, document, prompt, request_id)
        assert replica.base_url is not None
        return await self._any(replica, Target(replica.base_url, replica.headers), document, prompt, request_id)

    async def _any(
        self, replica: Replica, base: Target, document: dict[str, Any], prompt: Prompt, request_id: str
    ) -> int | None:
        known = self._ways.get(replica.id)
        ways: tuple[Way, ...] = (known,) if known is not None else ("messages", "tokenize")
        for way in ways:
            if way == "messages":
                url, sent, name = base.url + "/messages/count_tokens", document, "input_tokens"
            else:
                url, sent, name = base.url.removesuffix("/v1") + "/tokenize", prompt.document, "count"
            found = await self._said(base._replace(url=url), {**sent, "model": replica.model}, name, request_id)
            if found is not None:
                self._ways[replica.id] = way
                return found
        self._ways[replica.id], self._asked_at[replica.id] = None, time.monotonic()
        return None

    async def _said(self, target: Target, document: Mapping[str, Any], name: str, request_id: str) -> int | None:
        answer = await self.gateway.upstreams.post(target, orjson.dumps(document), request_id)
        try:
            if answer.status in (429, 500, 502, 503, 504):
                # It says nothing of what this server can do.
                raise UpstreamFault(upstream_status=answer.status)
            body = await answer.read(1 << 22)
            said = orjson.loads(body).get(name) if answer.status == 200 else None
        except (orjson.JSONDecodeError, AttributeError):
            said = None
        finally:
            answer.close()
        return said if isinstance(said, int) and not isinstance(said, bool) and said >= 0 else None


def estimated_tokens(chat: Mapping[str, Any]) -> int:
    """About how many tokens a chat has: four letters of ASCII or one and a half of other scripts are one, a message's
    frame four; pictures are not counted."""
    texts: list[str] = []
    for message in chat.get("messages") or ():
        content = message.get("content") if isinstance(message, dict) else None
        if isinstance(content, str):
            texts.append(content)
        elif isinstance(content, list):
            texts += [str(part.get("text") or "") for part in content if isinstance(part, dict)]
        if isinstance(message, dict) and message.get("tool_calls"):
            texts.append(orjson.dumps(message["tool_calls"]).decode())
    if chat.get("tools"):
        texts.append(orjson.dumps(chat["tools"]).decode())
    ascii_letters = sum(sum(letter < "\x80" for letter in text) for text in texts)
    others = sum(map(len, texts)) - ascii_letters
    return -(-ascii_letters // 4) + -(-others * 2 // 3) + _PER_MESSAGE * len(chat.get("messages") or ())
