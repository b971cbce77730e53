"""The course of a call: who, what, whether it may, where to, what came back, what it cost.

Nothing here waits for the database or the disk as long as memory has the answers; what must survive a crash
is in the journal before the call goes upstream and before its last byte reaches the client.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Protocol, cast

import orjson

from ceyuan.kernel.errors import CeyuanError, Language
from ceyuan.models.gateway import metrics
from ceyuan.models.gateway.answers import Header
from ceyuan.models.gateway.call import Call, Endpoint
from ceyuan.models.gateway.errors import (
    AGAIN,
    BadRequest,
    ClientGone,
    ContentBlocked,
    ModelUnknown,
    Overloaded,
    UpstreamFault,
    UpstreamTimeout,
)
from ceyuan.models.gateway.funds import NOTHING, Cost, Funds, Hold
from ceyuan.models.gateway.journal import Journal
from ceyuan.models.gateway.keys import Caller
from ceyuan.models.gateway.labels import Labeller, LabelMode
from ceyuan.models.gateway.limits import Throttle
from ceyuan.models.gateway.live import Live
from ceyuan.models.gateway.moderation import Guards, texts_of
from ceyuan.models.gateway.policies import Policies
from ceyuan.models.gateway.posting import Finished, Poster
from ceyuan.models.gateway.prompt import Prompt, parse_prompt
from ceyuan.models.gateway.settings import GatewaySettings
from ceyuan.models.gateway.stream import Shape, StreamRelay
from ceyuan.models.gateway.upstream import Answer, Target, Upstreams
from ceyuan.models.gateway.usage import Generated, note_relayed
from ceyuan.models.gateway.whole import read_embeddings, relay_whole
from ceyuan.models.serving import ModelDirectory, Route

logger = logging.getLogger(__name__)
_PATHS: dict[Endpoint, str] = {"chat": "/chat/completions", "completions": "/completions", "embeddings": "/embeddings"}
_PROGRESS_S = 1.0
"""How often the journal notes what was relayed of a stream."""


@dataclass(slots=True)
class Incoming:
    """A request of a known caller; `body` reads its bytes. Times are unix and monotonic seconds."""

    id: str
    at: float
    began: float
    endpoint: Endpoint
    caller: Caller
    body: Callable[[], Awaitable[bytes]]
    language: Language = "en"
    scenario: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


class Sink(Protocol):
    """Where an answer goes: an ASGI connection, or memory for calls from within the platform."""

    async def start(self, status: int, headers: list[Header]) -> None: ...

    async def send(self, data: bytes, *, more: bool) -> None: ...

    async def fail(self, error: CeyuanError, incoming: Incoming, *, started: bool) -> None:
        """Tell of an error instead of an answer, or in the middle of one (`started`)."""
        ...


@dataclass(slots=True)
class _Run:
    """A call on its way."""

    incoming: Incoming
    sink: Sink
    call: Call
    prompt: Prompt | None = None
    hold: Hold | None = None
    intended: bool = False
    started: bool = False
    concluded: bool = False
    said: Generated = field(default_factory=Generated)
    answer_text: str | None = None


class Gateway:
    """All that the calls of one process share."""

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        directory: ModelDirectory,
        funds: Funds,
        throttle: Throttle,
        journal: Journal,
        poster: Poster,
        policies: Policies,
        upstreams: Upstreams,
        guards: Guards,
        live: Live,
    ) -> None:
        self.settings = settings
        self.directory = directory
        self.funds = funds
        self.throttle = throttle
        self.journal = journal
        self.poster = poster
        self.policies = policies
        self.upstreams = upstreams
        self.guards = guards
        self.live = live
        self.labeller = Labeller(settings.content_producer)

    async def handle(self, incoming: Incoming, sink: Sink) -> None:
        """Answer one request; every error becomes an answer, and every call leaves its record."""
        caller = incoming.caller
        call = Call(incoming.id, incoming.at, incoming.endpoint, caller.org_id, caller.key_id, caller.actor.id)
        run = _Run(incoming, sink, call)
        try:
            await self._admit(run, caller, await incoming.body())
        except ClientGone:
            return
        except asyncio.CancelledError:
            self._conclude(run, "cancelled", 499, "client_closed_request")
            raise
        except CeyuanError as error:
            await self._fail(run, error)
        except Exception:
            logger.exception("call %s failed inside the gateway", incoming.id)
            await self._fail(run, CeyuanError(hint=AGAIN))

    async def _admit(self, run: _Run, caller: Caller, body: bytes) -> None:
        """Everything before the call goes upstream, in the order in which it costs least to refuse."""
        incoming, call, settings = run.incoming, run.call, self.settings
        if self.poster.backlog >= settings.max_backlog:
            raise Overloaded(hint=AGAIN, retry_after_s=10)
        prompt = run.prompt = parse_prompt(incoming.endpoint, body)
        call.stream, call.model = prompt.stream, prompt.model[:200]
        call.project, call.scenario, call.tags = caller.payer.project, incoming.scenario, dict(incoming.tags)
        route = self.directory.find(prompt.model, caller.org_id)
        if route is None:
            raise ModelUnknown(prompt.model)
        if incoming.endpoint not in route.capabilities:
            raise _incapable(route, incoming.endpoint)
        call.model, call.served_id, call.revision = route.name, route.served_id, route.revision
        call.upstream, call.price_model = route.upstream, route.price_model
        call.prompt_sha256 = prompt.sha256()
        limits = self.policies.limits_of(caller.key_id)
        limits.require_model(route.name)
        expected = min(prompt.input_estimate, route.context or prompt.input_estimate)
        bound = prompt.output_bound(settings.default_output_tokens)
        call.prompt_estimate = expected
        self.throttle.enter(caller.org_id, caller.key_id, route.name, limits, route.max_concurrency)
        try:
            self.throttle.require_rate(caller.key_id, limits, expected + bound, time.monotonic())
            await self._moderate(run, prompt)
            run.hold = await self.funds.admit(caller.payer, route.price_model, expected, bound)
            call.hold_micro = run.hold.cost.micro
            await self._forward(run, route, prompt)
        finally:
            self.throttle.leave(caller.org_id, caller.key_id, route.name)
            if run.hold is not None and not run.intended:
                self.funds.finish(run.hold, NOTHING)
            note_relayed(call, run.said)
            used = call.prompt_tokens + call.completion_tokens
            self.throttle.correct(caller.key_id, expected + bound, used, time.monotonic())

    async def _moderate(self, run: _Run, prompt: Prompt) -> None:
        if not self.guards:
            return
        verdicts = await self.guards.check_input(run.call, texts_of(prompt.document))
        run.call.verdicts += [verdict.facts("input") for verdict in verdicts]
        if verdicts and verdicts[0].action == "block":
            raise ContentBlocked(
                verdicts[0].reason, hint=("请修改输入", "change the prompt"), clause=verdicts[0].clause
            )

    async def _forward(self, run: _Run, route: Route, prompt: Prompt) -> None:
        """Send the call upstream and its answer back."""
        settings, call = self.settings, run.call
        body = prompt.for_upstream(route.upstream_model, ask_usage=route.reports_stream_usage)
        async with AsyncExitStack() as stack:
            place = await stack.enter_async_context(self.directory.place(route, wait_s=settings.cold_start_s))
            self.journal.intend(call.id, call.intent())
            run.intended = True
            target = Target(place.base_url + _PATHS[call.endpoint], place.headers, place.socket)
            answer = await stack.enter_async_context(self.upstreams.post(target, body))
            call.first_ms = (time.monotonic() - run.incoming.began) * 1000
            if answer.status >= 400:
                await self._pass_error(run, answer)
            elif answer.is_stream:
                await self._relay_stream(run, answer, self._shape(run, route, prompt))
            else:
                await self._relay_whole(run, answer, self._shape(run, route, prompt))

    def _shape(self, run: _Run, route: Route, prompt: Prompt) -> Shape:
        label = self.policies.label_of(run.call.org_id) or route.label or self.settings.label
        rename = None
        if route.upstream_model != route.name:
            rename = (orjson.dumps(route.upstream_model), orjson.dumps(route.name))
        hide = prompt.stream and route.reports_stream_usage and not prompt.wants_usage
        return Shape(cast(LabelMode, label), self.settings.label_text, rename, hide)

    async def _relay_whole(self, run: _Run, answer: Answer, shape: Shape) -> None:
        call = run.call
        body = await self._read(answer, int(self.settings.max_answer_mb * 1e6))
        if call.endpoint == "embeddings":
            data, blocked = read_embeddings(call, shape.renamed(body)), None
            label: LabelMode = "off"
        else:
            data, run.said, blocked = await relay_whole(call, body, shape, self.guards, self.labeller)
            label = shape.label
        note_relayed(call, run.said)
        self._conclude(run, "blocked" if blocked else "ok", 200, "content_filter" if blocked else "")
        headers = [
            *answer.passed_on(),
            (b"content-length", str(len(data)).encode()),
            (b"x-request-id", call.id.encode()),
            *self.labeller.headers(label, call.id),
        ]
        run.started = True
        await run.sink.start(answer.status, headers)
        await run.sink.send(data, more=False)

    async def _relay_stream(self, run: _Run, answer: Answer, shape: Shape) -> None:
        call, sink, idle = run.call, run.sink, self.settings.idle_timeout_s
        relay = StreamRelay(call, shape, self.guards, self.labeller)
        run.said = relay.said
        headers = [
            *answer.passed_on(),
            (b"cache-control", b"no-cache"),
            (b"x-accel-buffering", b"no"),
            (b"x-request-id", call.id.encode()),
            *self.labeller.headers(shape.label, call.id),
        ]
        run.started = True
        await sink.start(answer.status, headers)
        loop = asyncio.get_running_loop()
        noted = loop.time()
        try:
            async with asyncio.timeout(idle) as silence:
                async for chunk in answer.chunks():
                    now = loop.time()
                    silence.reschedule(now + idle)
                    data = await relay.feed(chunk)
                    if relay.finished and not relay.failed:
                        self._conclude_stream(run, relay)
                        await sink.send(data, more=False)
                        return
                    if data:
                        await sink.send(data, more=True)
                    if now - noted > _PROGRESS_S:
                        noted = now
                        self.journal.progress({"id": call.id, "tokens": relay.said.tokens})
        except TimeoutError:
            raise UpstreamTimeout(("模型服务中途停止响应", "the answer stood still for too long")) from None
        data = await relay.close()
        if relay.failed:
            self._conclude(run, "failed", 200, "upstream_error")
            await sink.send(data, more=False)
            return
        if not relay.complete:
            raise UpstreamFault(("模型服务在回答中途断开", "the model's server broke off in the middle of its answer"))
        self._conclude_stream(run, relay)
        await sink.send(data, more=False)

    async def _read(self, answer: Answer, limit: int) -> bytes:
        try:
            async with asyncio.timeout(self.settings.first_byte_timeout_s):
                return await answer.read(limit)
        except TimeoutError:
            raise UpstreamTimeout(hint=AGAIN) from None

    def _conclude_stream(self, run: _Run, relay: StreamRelay) -> None:
        note_relayed(run.call, relay.said)
        if relay.stopped is not None:
            self._conclude(run, "blocked", 200, "content_filter")
        else:
            self._conclude(run, "ok", 200, "")

    async def _pass_error(self, run: _Run, answer: Answer) -> None:
        """An upstream's refusal: what concerns the caller's request is passed on in its own words, what concerns the
        platform's own standing there is not."""
        status = answer.status
        if status in (401, 403, 407) or 300 <= status < 400:
            raise UpstreamFault(
                ("平台在该模型服务处的凭据被拒绝", "the model's server refuses the platform's credentials"),
                hint=("请联系平台运维检查上游密钥", "ask the operator to check the upstream's key"),
            )
        body = await self._read(answer, 1 << 20)
        if status >= 500 and status not in (501, 503):
            raise UpstreamFault(upstream_status=status, upstream_words=body[:500].decode("utf-8", "replace"))
        self._conclude(run, "failed", status, "upstream_refused")
        headers = [*answer.passed_on(), (b"content-length", str(len(body)).encode())]
        headers.append((b"x-request-id", run.call.id.encode()))
        if answer.retry_after:
            headers.append((b"retry-after", answer.retry_after.encode("latin-1", "replace")))
        run.started = True
        await run.sink.start(status, headers)
        await run.sink.send(body, more=False)

    async def _fail(self, run: _Run, error: CeyuanError) -> None:
        """Record an error and tell the client of it."""
        if run.intended:
            self._conclude(run, "failed", error.status, error.code)
        else:
            self._refuse(run, error)
        await run.sink.fail(error, run.incoming, started=run.started)

    def _refuse(self, run: _Run, error: CeyuanError) -> None:
        metrics.observe_refusal(error.code)
        if run.concluded:
            return
        run.concluded = True
        call = run.call
        call.status = "blocked" if isinstance(error, ContentBlocked) else "refused"
        call.http_status, call.code = error.status, error.code
        call.total_ms = (time.monotonic() - run.incoming.began) * 1000
        self.live.tell(call)
        self.poster.add(Finished(call))

    def _conclude(self, run: _Run, status: str, http_status: int, code: str) -> None:
        """Write the outcome of a call that went upstream; only the first word counts."""
        if run.concluded or not run.intended:
            return
        run.concluded = True
        call = run.call
        if status == "cancelled":
            note_relayed(call, run.said)
            call.in_doubt = call.usage_from == "none"
        call.status, call.http_status, call.code = status, http_status, code  # type: ignore[assignment]
        call.total_ms = (time.monotonic() - run.incoming.began) * 1000
        call.answer_sha256 = call.answer_sha256 or run.said.sha256()
        self.journal.conclude(call.outcome())
        used = self._cost_of(call)
        if run.hold is not None:
            self.funds.finish(run.hold, used)
        keep = self.policies.stores_bodies(call.org_id) and run.prompt is not None
        finished = Finished(
            call,
            run.hold,
            used,
            run.prompt.document if keep and run.prompt is not None else None,
            run.said.text if keep else "",
        )
        self.poster.add(finished)
        metrics.observe(call)
        self.live.tell(call, used.micro)

    def _cost_of(self, call: Call) -> Cost:
        if call.usage_from == "none" or call.status == "failed":
            return NOTHING
        return self.funds.cost(call.org_id, call.price_model, call.prompt_tokens, call.completion_tokens)


def _incapable(route: Route, endpoint: Endpoint) -> BadRequest:
    able = ", ".join(sorted(route.capabilities))
    return BadRequest(
        (
            f"模型“{route.name}”不支持 {endpoint}(支持:{able})",
            f"the model “{route.name}” cannot do {endpoint}, only {able}",
        ),
        hint=("请更换模型或接口", "use another model or another endpoint"),
        param="model",
    )
