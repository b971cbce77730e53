"""The course of a call: who, what, whether it may, where to, what came back, what it cost.

Nothing here waits for the database or the disk as long as memory has the answers; what must survive a crash
is in the journal before the call goes upstream and before its last byte reaches the client.
"""

from __future__ import annotations

import asyncio
import logging
import time

from ceyuan.kernel.errors import CeyuanError
from ceyuan.models.gateway import metrics
from ceyuan.models.gateway.answers import JSON
from ceyuan.models.gateway.call import Call, Endpoint, Status
from ceyuan.models.gateway.course import Incoming, Run, Sink
from ceyuan.models.gateway.errors import (
    AGAIN,
    BadRequest,
    ClientGone,
    ContentBlocked,
    ModelUnknown,
    Overloaded,
    ToolChoiceUnsupported,
    TooManyAtOnce,
    UpstreamTimeout,
)
from ceyuan.models.gateway.fairness import FairGates
from ceyuan.models.gateway.forwarding import Forwarder
from ceyuan.models.gateway.funds import NOTHING, UNITS, Cost, Funds
from ceyuan.models.gateway.inquiry import Inquiries
from ceyuan.models.gateway.journal import Journal
from ceyuan.models.gateway.keys import Caller
from ceyuan.models.gateway.leases import Leases
from ceyuan.models.gateway.likeness import LikeAnswers
from ceyuan.models.gateway.limits import KeyLimits, Throttle
from ceyuan.models.gateway.live import Live
from ceyuan.models.gateway.moderation import Guards, texts_of
from ceyuan.models.gateway.policies import Policies
from ceyuan.models.gateway.poster import Poster
from ceyuan.models.gateway.posting import Finished
from ceyuan.models.gateway.prompt import Prompt, parse_prompt
from ceyuan.models.gateway.pulse import Pulse
from ceyuan.models.gateway.repeats import LONGEST_KEY, AnswerCache, Kept, Repeats, id_of_repeat, request_sha256
from ceyuan.models.gateway.routing import Router
from ceyuan.models.gateway.settings import GatewaySettings
from ceyuan.models.gateway.templates import MARK, PromptTemplates, expand
from ceyuan.models.gateway.upstream import Upstreams
from ceyuan.models.gateway.usage import note_relayed
from ceyuan.models.serving import ModelDirectory, Route

logger = logging.getLogger(__name__)


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
        repeats: Repeats,
        leases: Leases | None = None,
        templates: PromptTemplates | None = None,
    ) -> None:
        self.leases = leases
        self.templates = templates
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
        self.pulse = Pulse()
        self.gates = FairGates(settings.longest_line)
        self.router = Router()
        self.inquiries = Inquiries(upstreams)
        self.repeats = repeats
        self.cache = AnswerCache(int(settings.cache_mb * 1e6))
        self.likeness = LikeAnswers()
        self.forwarder = Forwarder(
            settings,
            directory=directory,
            router=self.router,
            upstreams=upstreams,
            journal=journal,
            policies=policies,
            guards=guards,
            conclude=self._conclude,
        )

    async def handle(self, incoming: Incoming, sink: Sink) -> None:
        """Answer one request; every error becomes an answer, and every call leaves its record."""
        caller = incoming.caller
        call = Call(incoming.id, incoming.at, incoming.endpoint, caller.org_id, caller.key_id, caller.actor.id)
        timer = self.pulse.begin(self.settings.body_timeout_s, incoming.watch)
        run = Run(incoming, sink, call, timer)
        try:
            try:
                await self._admit(run, caller, await incoming.body())
            except asyncio.CancelledError:
                if timer.was_late():
                    raise _lateness(run) from None
                self._conclude(run, "cancelled", 499, "client_closed_request")
                raise
        except ClientGone:
            return
        except CeyuanError as error:
            await self._fail(run, error)
        except Exception:
            logger.exception("call %s failed inside the gateway", incoming.id)
            await self._fail(run, CeyuanError(hint=AGAIN))
        finally:
            self.pulse.end(timer)

    async def _admit(self, run: Run, caller: Caller, body: bytes) -> None:
        """Everything before the call goes upstream, in the order in which it costs least to refuse."""
        incoming, call, settings = run.incoming, run.call, self.settings
        if self.poster.backlog >= settings.max_backlog:
            raise Overloaded(hint=AGAIN, retry_after_s=10)
        run.phase = "before"
        run.timer.due += settings.cold_start_s
        template = ""
        if self.templates is not None and MARK in body:
            body, template = await expand(self.templates, caller.org_id, incoming.endpoint, body)
        prompt = run.prompt = parse_prompt(incoming.endpoint, body, incoming.content_type)
        call.stream, call.model = prompt.stream, prompt.model[:200]
        call.project, call.scenario = caller.payer.project, incoming.scenario
        if incoming.tags:
            call.tags = dict(incoming.tags)
        if template:
            call.tags["prompt"] = template
        route = self.directory.find(prompt.model, caller.org_id)
        if route is None:
            raise ModelUnknown(prompt.model)
        if incoming.endpoint not in route.capabilities:
            raise _incapable(route, incoming.endpoint)
        if prompt.demands_tool and not any(replica.forces_tools for replica in route.replicas):
            raise _unforced(route)
        call.model, call.served_id, call.revision = route.name, route.served_id, route.revision
        call.upstream, call.price_model = route.replicas[0].upstream, route.price_model
        call.prompt_sha256 = prompt.sha256()
        limits = self.policies.limits_of(caller.key_id)
        if limits.models:
            limits.require_model(route.name)
        if incoming.repeat_key and prompt.repeatable:
            await self._once(run, caller, route, prompt, limits)
        elif (cache_s := self.policies.cache_s(caller.org_id)) and prompt.repeatable:
            await self._cached(run, caller, route, prompt, limits, cache_s)
        else:
            await self._let_through(run, caller, route, prompt, limits)

    async def _once(self, run: Run, caller: Caller, route: Route, prompt: Prompt, limits: KeyLimits) -> None:
        """A call under an idempotency key: answered again where it was answered before."""
        call = run.call
        call.repeat_key = run.incoming.repeat_key[:LONGEST_KEY]
        call.request_sha256 = request_sha256(call.endpoint, prompt.document)
        kept = await self.repeats.begin(call)
        if kept is not None:
            await self._give_again(run, kept)
            return
        try:
            await self._let_through(run, caller, route, prompt, limits)
        finally:
            self.repeats.end(call)

    async def _cached(
        self, run: Run, caller: Caller, route: Route, prompt: Prompt, limits: KeyLimits, cache_s: int
    ) -> None:
        """A call whose answer may be that of an equal one."""
        key = self.cache.key(caller.org_id, route.served_id, run.call.endpoint, prompt.document)
        kept, code, question = self.cache.find(key, cache_s), "cached", None
        if kept is None and (semantic := self.policies.semantic(caller.org_id)) is not None:
            # It is not the very prompt that was judged before.
            if self.guards:
                await self._moderate(run, prompt)
            question = await self.likeness.embed(
                *(self, caller, semantic[0], route.served_id, prompt), inside=run.incoming.inside
            )
            if question is not None:
                kept, code = self.likeness.find(question, semantic[1], cache_s), "cached_like"
        if kept is None:
            await self._let_through(run, caller, route, prompt, limits)
            if run.call.status == "ok" and run.answer is not None:
                answer = Kept(run.call.id, key[2], run.answer)
                self.cache.keep(key, answer)
                if question is not None:
                    self.likeness.keep(question, answer)
            return
        run.concluded = True
        run.call.code = code
        run.call.total_ms = (time.monotonic() - run.incoming.began) * 1000
        self.poster.add(Finished(run.call))
        self.live.tell(run.call, parent=run.incoming.traceparent)
        await self._give_again(run, kept, (b"x-ceyuan-cache", b"hit" if code == "cached" else b"similar"))

    async def _give_again(self, run: Run, kept: Kept, *told: tuple[bytes, bytes]) -> None:
        """Give an answer that was given and paid before; `told` are headers that say why."""
        run.started = True
        headers = [
            *(JSON, (b"content-length", b"%d" % len(kept.body))),
            *((b"x-request-id", kept.call_id.encode()), (b"x-ceyuan-repeated", b"1"), *told),
            *self.forwarder.labels_of(run, kept.call_id),
        ]
        await run.sink.start(200, headers)
        await run.sink.send(kept.body, more=False)

    async def _let_through(self, run: Run, caller: Caller, route: Route, prompt: Prompt, limits: KeyLimits) -> None:
        """Rates, moderation and money; then the call goes upstream."""
        call = run.call
        expected = prompt.input_estimate
        if route.context and route.context < expected:
            expected = route.context
        bound = prompt.output_bound(self.settings.default_output_tokens)
        call.prompt_estimate = expected
        place = ""
        self.throttle.enter(caller.org_id, caller.key_id, limits)
        try:
            if self.leases is None:
                self.throttle.require_rate(caller.key_id, limits, expected + bound, time.monotonic())
            else:
                place = await self.throttle.require_shared_place(self.leases, caller.key_id, limits)
                await self.throttle.require_shared_rate(self.leases, caller.key_id, limits, expected + bound)
            if self.guards:
                await self._moderate(run, prompt)
            unit = UNITS[call.endpoint] if prompt.units else ""
            run.hold = await self.funds.admit(caller.payer, route.price_model, expected, bound, prompt.units, unit)
            call.hold_micro = run.hold.cost.micro
            if route.max_concurrency:
                await self._in_turn(run, route, prompt)
            else:
                await self.forwarder.forward(run, route, prompt)
        finally:
            self.throttle.leave(caller.org_id, caller.key_id)
            if place and self.leases is not None:
                self.leases.release(place, 1)
            if run.hold is not None and not run.intended:
                self.funds.finish(run.hold, NOTHING)
            note_relayed(call, run.said)
            used = call.prompt_tokens + call.completion_tokens
            if self.leases is None:
                self.throttle.correct(caller.key_id, expected + bound, used, time.monotonic())
            elif limits.tokens_per_minute:
                self.leases.give(f"rate:tokens:{caller.key_id}", expected + bound - used)

    async def _in_turn(self, run: Run, route: Route, prompt: Prompt) -> None:
        """Send the call when it is its organisation's turn at the model."""
        run.phase, due = "turn", run.timer.due
        run.timer.due = asyncio.get_running_loop().time() + self.settings.turn_s
        await self.gates.enter(route.name, run.call.org_id, route.max_concurrency)
        run.phase, run.timer.due = "before", due
        try:
            await self.forwarder.forward(run, route, prompt)
        finally:
            self.gates.leave(route.name, route.max_concurrency)

    async def _moderate(self, run: Run, prompt: Prompt) -> None:
        if run.moderated:
            return
        run.moderated = True
        verdicts = await self.guards.check_input(run.call, texts_of(prompt.document))
        run.call.verdicts += [verdict.facts("input") for verdict in verdicts]
        if verdicts and verdicts[0].action == "block":
            raise ContentBlocked(
                verdicts[0].reason, hint=("请修改输入", "change the prompt"), clause=verdicts[0].clause
            )

    async def _fail(self, run: Run, error: CeyuanError) -> None:
        """Record an error and tell the client of it."""
        if run.intended:
            self._conclude(run, "failed", error.status, error.code)
        else:
            self._refuse(run, error)
        run.timer.due = asyncio.get_running_loop().time() + self.settings.idle_timeout_s
        try:
            await run.sink.fail(error, run.incoming, started=run.started)
        except asyncio.CancelledError:
            if not run.timer.was_late():
                raise
            logger.info("the client of call %s takes nothing any more", run.call.id)

    def _refuse(self, run: Run, error: CeyuanError) -> None:
        metrics.observe_refusal(error.code)
        if run.concluded:
            return
        run.concluded = True
        call = run.call
        call.status = "blocked" if isinstance(error, ContentBlocked) else "refused"
        call.http_status, call.code = error.status, error.code
        call.total_ms = (time.monotonic() - run.incoming.began) * 1000
        if call.status == "blocked" and call.repeat_key:
            # Asked again after a crash it is blocked again; that is one record.
            run.incoming.id = call.id = id_of_repeat(call)
        self.live.tell(call, parent=run.incoming.traceparent)
        self.poster.add(Finished(call))

    def _conclude(self, run: Run, status: Status, http_status: int, code: str) -> None:
        """The outcome of a call that went upstream; only the first word counts. What its upstream used for it and did
        not come to say is asked where that can be, and is in doubt where it cannot."""
        if run.concluded or not run.intended:
            return
        run.concluded = True
        call = run.call
        if status == "cancelled":
            note_relayed(call, run.said)
        call.status, call.http_status, call.code = status, http_status, code
        call.total_ms = (time.monotonic() - run.incoming.began) * 1000
        call.answer_sha256 = call.answer_sha256 or run.said.sha256()
        if status in ("cancelled", "failed") and run.sent and not run.refused and call.usage_from != "upstream":
            call.in_doubt = True
            if run.replica is not None and run.replica.usage_url:
                self.inquiries.ask(call, run.replica, lambda: self._close(run))
                return
        self._close(run)

    def _close(self, run: Run) -> None:
        """Write the outcome down and let it be posted."""
        call = run.call
        if call.repeat_key and call.status == "ok" and run.answer is not None:
            call.answer_body = run.answer.decode("utf-8", "replace")
            self.repeats.keep(call)
        self.journal.conclude(call.outcome())
        used = self._cost_of(call)
        if run.hold is not None:
            self.funds.finish(run.hold, used)
        keep = self.policies.stores_bodies(call.org_id) and run.prompt is not None
        self.poster.add(
            Finished(
                call,
                run.hold,
                used,
                run.prompt.document if keep and run.prompt is not None else None,
                run.said.text if keep else "",
                keep and self.policies.redacts_bodies(call.org_id),
                self.funds.shares_of(run.hold, used) if run.hold is not None else (),
            )
        )
        metrics.observe(call)
        self.live.tell(call, used.micro, parent=run.incoming.traceparent)

    def _cost_of(self, call: Call) -> Cost:
        if not call.is_charged:
            return NOTHING
        used = call.prompt_tokens, call.completion_tokens
        if call.units:
            return self.funds.cost(call.org_id, call.price_model, *used, call.units, UNITS[call.endpoint])
        return self.funds.cost(call.org_id, call.price_model, *used)


def late_body() -> BadRequest:
    """The error of a body that took too long."""
    return BadRequest(
        ("请求体发送过慢", "the body did not arrive in time"), hint=("请检查网络后重试", "check the network")
    )


def _lateness(run: Run) -> CeyuanError:
    """The error of a call that waited too long, by what it waited for."""
    if run.phase == "body":
        return late_body()
    if run.phase == "turn":
        return TooManyAtOnce(
            ("该模型的排队已超时", "the line at this model did not move in time"), hint=AGAIN, retry_after_s=5
        )
    if run.phase == "before":
        return Overloaded(hint=AGAIN, retry_after_s=5)
    if run.phase == "head":
        return UpstreamTimeout(hint=("请稍后重试或缩短输入", "try again later, or shorten the prompt"))
    return UpstreamTimeout(("模型服务中途停止响应", "the answer stood still for too long"), hint=AGAIN)


def _unforced(route: Route) -> ToolChoiceUnsupported:
    """llama.cpp lets a small model say anything before the call that is demanded, and it may never come to it."""
    return ToolChoiceUnsupported(
        (
            f"模型“{route.name}”的内置引擎无法强制调用工具",
            f"the embedded engine of “{route.name}” cannot force a tool call",
        ),
        hint=(
            '请改用 tool_choice="auto",或用 response_format 的 json_schema 约束输出',
            'use tool_choice="auto", or hold the answer to a schema by response_format with json_schema',
        ),
        param="tool_choice",
    )


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
