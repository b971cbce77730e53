"""A call's way to a server and its answer's way back: which server, what if it fails, what the client gets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, NamedTuple, cast

import orjson

from ceyuan.kernel.secrets import redact
from ceyuan.models.gateway.answers import Header
from ceyuan.models.gateway.call import Endpoint, Status
from ceyuan.models.gateway.course import Run
from ceyuan.models.gateway.errors import AGAIN, Overloaded, UnreachableUpstream, UpstreamFault
from ceyuan.models.gateway.journal import Journal
from ceyuan.models.gateway.labels import Labeller, LabelMode
from ceyuan.models.gateway.masking import masked_document
from ceyuan.models.gateway.moderation import Guards, Verdict
from ceyuan.models.gateway.policies import Policies
from ceyuan.models.gateway.prompt import PATHS, Prompt
from ceyuan.models.gateway.routing import Health, Router, prefix_of
from ceyuan.models.gateway.settings import GatewaySettings
from ceyuan.models.gateway.shadows import Shadows
from ceyuan.models.gateway.stream import Shape, StreamRelay
from ceyuan.models.gateway.upstream import Answer, Target, Upstreams
from ceyuan.models.gateway.usage import note_relayed
from ceyuan.models.gateway.whole import read_embeddings, read_made, relay_whole, with_known_code
from ceyuan.models.serving import EngineUnavailable, ModelDirectory, Replica, Route

_PATHS: dict[Endpoint, str] = {endpoint: path.removeprefix("/v1") for path, endpoint in PATHS.items()}
_LABELLED = frozenset({"images", "speech"})
"""Endpoints whose answers are generated content without room for a label of its own: a header tells."""
_PROGRESS_S = 1.0
"""How often the journal notes what was relayed of a stream."""
_STANDING = frozenset({401, 402, 403, 407})
"""Statuses by which a server speaks of the platform's own standing there: its credentials, its credit."""
_ELSEWHERE = frozenset({429, 500, 502, 503, 529}) | _STANDING
"""Statuses by which a server says that it did not answer, so that another one may be asked."""

_ENGINE_FULL = "Context size has been exceeded"
"""What llama.cpp's server says with 500 where the calls that run fill the context that they share: it is busy, not
broken, and its breaker stays closed."""

Conclude = Callable[[Run, Status, int, str], None]


class _Attempt(NamedTuple):
    """A server that began to answer, after this many seconds."""

    replica: Replica
    known: Health
    answer: Answer
    seconds: float


class Forwarder:
    """Sends calls upstream and their answers back. `conclude` writes an outcome down."""

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        directory: ModelDirectory,
        router: Router,
        upstreams: Upstreams,
        journal: Journal,
        policies: Policies,
        guards: Guards,
        conclude: Conclude,
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._router = router
        self._upstreams = upstreams
        self._journal = journal
        self._policies = policies
        self._guards = guards
        self._conclude = conclude
        self._labeller = Labeller(settings.content_producer)
        self._max_answer = int(settings.max_answer_mb * 1e6)
        self.shadows = Shadows(directory, upstreams)

    async def forward(self, run: Run, route: Route, prompt: Prompt) -> None:
        """Send the call to the servers of its model, one after the other until one answers."""
        prefix = prefix_of(prompt.document) if route.strategy == "prefix" and len(route.replicas) > 1 else b""
        inside = run.incoming.inside or self._policies.stays_inside(run.call.org_id)
        replicas = self._router.order(route, inside=inside, prefix=prefix, now=time.monotonic(), org_id=run.call.org_id)
        if route.embedded:
            await self._ask_engines(run, route, prompt, replicas)
            return
        final = min(len(replicas), 1 + route.retries) - 1
        for number, replica in enumerate(replicas):
            following = replicas[number + 1] if route.hedge_s and number + 1 < len(replicas) else None
            opening = (
                self._open(run, prompt, replica)
                if following is None
                else self._hedged(run, prompt, replica, following, route.hedge_s)
            )
            if await self._try(run, route, prompt, opening, final=number >= final):
                return

    async def _ask_engines(self, run: Run, route: Route, prompt: Prompt, replicas: Sequence[Replica]) -> None:
        """Send the call to the first engine that can be had; started first where it sleeps. One that stands by is asked
        when the others could not be reached, not when they answered badly."""
        for number, replica in enumerate(replicas):
            following = replicas[number + 1 :]
            final = all(one.standby for one in following)
            assert replica.engine is not None
            try:
                wait_s, call_id = self._settings.cold_start_s, run.call.id
                async with self._directory.engine_place(replica.engine, wait_s=wait_s, call_id=call_id) as place:
                    path = place.base_url + _PATHS[run.call.endpoint]
                    target = Target(path, self._typed(place.headers, prompt), place.socket, place.direct)
                    done = await self._try(run, route, prompt, self._open(run, prompt, replica, target), final=final)
            except (EngineUnavailable, UnreachableUpstream):
                if not following or run.sent:
                    raise
                continue
            if done:
                if route.shadow is not None and run.call.status == "ok":
                    self.shadows.copy(route, run.call, prompt, _PATHS[run.call.endpoint], run.said.text)
                return

    @staticmethod
    def _typed(headers: Mapping[str, str], prompt: Prompt) -> Mapping[str, str]:
        """The headers with the type of a body that is no JSON."""
        return {**headers, "Content-Type": prompt.content_type.decode("latin-1")} if prompt.content_type else headers

    def _intend(self, run: Run, replica: Replica) -> None:
        call = run.call
        run.replica, call.upstream = replica, replica.upstream
        if run.intended:
            self._journal.intend_elsewhere(call.intent())
        else:
            self._journal.intend(call.id, call.intent())
            run.intended = True

    async def _open(self, run: Run, prompt: Prompt, replica: Replica, target: Target | None = None) -> _Attempt:
        """Send the call to one server and wait for the head of its answer."""
        if target is None:
            assert replica.base_url is not None
            target = Target(replica.base_url + _PATHS[run.call.endpoint], self._typed(replica.headers, prompt))
        masked = None
        if replica.outside and self._policies.masks_outside(run.call.org_id):
            masked, places = masked_document(prompt.document)
            if places:
                run.call.verdicts.append(_masked_verdict(replica, places))
        body = prompt.for_upstream(replica.model, ask_usage=replica.reports_stream_usage, masked=masked)
        self._intend(run, replica)
        began = time.monotonic()
        known = self._router.begin(replica, began)
        run.phase, run.sent, run.refused = "head", True, False
        run.timer.due = asyncio.get_running_loop().time() + self._settings.first_byte_timeout_s
        try:
            answer = await self._upstreams.post(target, body, run.call.id)
        except BaseException as error:
            # A client that leaves says nothing of the server, one that answers too late does.
            left = isinstance(error, asyncio.CancelledError) and not run.timer.late
            self._router.end(known, None if left else False, None, time.monotonic())
            raise
        return _Attempt(replica, known, answer, time.monotonic() - began)

    async def _hedged(self, run: Run, prompt: Prompt, replica: Replica, following: Replica, hedge_s: float) -> _Attempt:
        """The first answer of two servers, the second of which is asked when the first one takes its time."""
        tasks = [asyncio.create_task(self._open(run, prompt, replica))]
        fault: BaseException | None = None
        try:
            done, _ = await asyncio.wait(tasks, timeout=hedge_s)
            if not done:
                tasks.append(asyncio.create_task(self._open(run, prompt, following)))
            waiting = set(tasks)
            while waiting:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    if (fault := task.exception()) is None:
                        tasks.remove(task)
                        attempt = task.result()
                        run.replica, run.call.upstream = attempt.replica, attempt.replica.upstream
                        return attempt
            assert fault is not None
            raise fault
        finally:
            for task in tasks:
                task.cancel()
            for lost in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(lost, _Attempt):
                    lost.answer.close(whole=False)
                    self._router.end(lost.known, None, None, time.monotonic())

    async def _try(
        self, run: Run, route: Route, prompt: Prompt, opening: Coroutine[Any, Any, _Attempt], *, final: bool
    ) -> bool:
        """Ask a server and pass its answer on; False if it did not answer and another one may be asked."""
        try:
            attempt = await opening
        except UnreachableUpstream:
            run.sent = False
            if final:
                raise
            return False
        answer, ok = attempt.answer, None
        run.call.first_ms = (time.monotonic() - run.incoming.began) * 1000
        try:
            if not final and answer.status in _ELSEWHERE:
                ok, run.refused = False, True
                return False
            ok = await self._pass(run, answer, self._shape(run, route, attempt.replica, prompt))
            return True
        except UpstreamFault:
            ok = False
            raise
        except asyncio.CancelledError:
            ok = False if run.timer.late else None
            raise
        finally:
            answer.close(whole=run.concluded and run.call.status == "ok")
            self._router.end(attempt.known, ok, attempt.seconds, time.monotonic())

    async def _pass(self, run: Run, answer: Answer, shape: Shape) -> bool | None:
        """Pass an answer on; says how the server did: well, badly, or neither."""
        if answer.status >= 300:
            run.refused = True
            await self._pass_error(run, answer)
            return None if answer.status < 500 else False
        run.phase = "answer"
        if answer.is_stream:
            await self._relay_stream(run, answer, shape)
        else:
            await self._relay_whole(run, answer, shape)
        return True

    def labels_of(self, run: Run, call_id: str) -> list[Header]:
        """The headers that mark an answer as generated, by the organisation's or the platform's choice."""
        label = self._policies.label_of(run.call.org_id) or self._settings.label
        return self._labeller.headers(cast(LabelMode, label), call_id)

    def _shape(self, run: Run, route: Route, replica: Replica, prompt: Prompt) -> Shape:
        label = self._policies.label_of(run.call.org_id) or route.label or self._settings.label
        rename = None
        if replica.model != route.name:
            rename = (orjson.dumps(replica.model), orjson.dumps(route.name))
        hide = prompt.stream and replica.reports_stream_usage and not prompt.wants_usage
        return Shape(cast(LabelMode, label), self._settings.label_text, rename, hide)

    async def _relay_whole(self, run: Run, answer: Answer, shape: Shape) -> None:
        call = run.call
        passed = answer.passed_on()
        body = await answer.read(self._max_answer)
        label: LabelMode = "off"
        blocked = None
        if call.endpoint == "embeddings":
            data = read_embeddings(call, shape.renamed(body))
        elif call.endpoint not in ("chat", "completions"):
            assert run.prompt is not None
            data = read_made(call, body, run.prompt.units)
            label = shape.label if call.endpoint in _LABELLED else "off"
        else:
            data, run.said, blocked = await relay_whole(call, body, shape, self._guards, self._labeller)
            label = shape.label
        note_relayed(call, run.said)
        run.answer = data
        self._conclude(run, "blocked" if blocked else "ok", 200, "content_filter" if blocked else "")
        headers = [
            *passed,
            (b"content-length", b"%d" % len(data)),
            (b"x-request-id", call.id.encode()),
            *self._labeller.headers(label, call.id),
        ]
        run.started = True
        await run.sink.start(answer.status, headers)
        await run.sink.send(data, more=False)

    async def _relay_stream(self, run: Run, answer: Answer, shape: Shape) -> None:
        call, sink, timer, idle = run.call, run.sink, run.timer, self._settings.idle_timeout_s
        relay = StreamRelay(call, shape, self._guards, self._labeller)
        run.said = relay.said
        headers: list[Header] = [
            *answer.passed_on(),
            (b"cache-control", b"no-cache"),
            (b"x-accel-buffering", b"no"),
            (b"x-request-id", call.id.encode()),
            *self._labeller.headers(shape.label, call.id),
        ]
        run.started = True
        clock = asyncio.get_running_loop().time
        noted = clock()
        timer.due = noted + idle
        await sink.start(answer.status, headers)
        while chunk := await answer.more():
            now = clock()
            timer.due = now + idle
            data = await relay.feed(chunk)
            if relay.finished and not relay.failed:
                self._conclude_stream(run, relay)
                await sink.send(data, more=False)
                return
            if data:
                await sink.send(data, more=True)
            if now - noted > _PROGRESS_S:
                noted = now
                self._journal.progress({"id": call.id, "tokens": relay.said.tokens})
        data = await relay.close()
        if relay.failed:
            run.call.upstream_words = relay.words
            self._conclude(run, "failed", 200, "upstream_error")
            await sink.send(data, more=False)
            return
        if not relay.complete:
            raise UpstreamFault(("模型服务在回答中途断开", "the model's server broke off in the middle of its answer"))
        self._conclude_stream(run, relay)
        await sink.send(data, more=False)

    def _conclude_stream(self, run: Run, relay: StreamRelay) -> None:
        note_relayed(run.call, relay.said)
        if relay.stopped is not None:
            self._conclude(run, "blocked", 200, "content_filter")
        else:
            self._conclude(run, "ok", 200, "")

    async def _pass_error(self, run: Run, answer: Answer) -> None:
        """An upstream's refusal: what concerns the caller's request is passed on in its own words, what concerns the
        platform's own standing there is not."""
        status = answer.status
        if status == 402:
            run.call.upstream_words = f"HTTP {status}"
            raise UpstreamFault(
                ("平台在该模型服务处的余额不足", "the platform has no credit left at the model's server"),
                hint=("请联系平台运维为上游充值", "ask the operator to top up the account there"),
            )
        if status in _STANDING or 300 <= status < 400:
            run.call.upstream_words = f"HTTP {status}"
            raise UpstreamFault(
                ("平台在该模型服务处的凭据被拒绝", "the model's server refuses the platform's credentials"),
                hint=("请联系平台运维检查上游密钥", "ask the operator to check the upstream's key"),
            )
        passed, retry_after = answer.passed_on(), answer.header(b"retry-after")
        body = await answer.read(1 << 20)
        if status >= 500 and status not in (501, 503):
            run.call.upstream_words = _words(body)
            if run.call.upstream_words.startswith(_ENGINE_FULL):
                raise Overloaded(
                    ("模型正忙:同时运行的调用占满了上下文", "the calls that run fill the model's context"), hint=AGAIN
                )
            raise UpstreamFault(upstream_status=status, upstream_words=run.call.upstream_words)
        run.call.upstream_words = _words(body)
        body = with_known_code(body)
        self._conclude(run, "failed", status, "upstream_refused")
        headers = [*passed, (b"content-length", b"%d" % len(body)), (b"x-request-id", run.call.id.encode())]
        if retry_after:
            headers.append((b"retry-after", retry_after))
        run.started = True
        await run.sink.start(status, headers)
        await run.sink.send(body, more=False)


def _words(body: bytes) -> str:
    """What an upstream said of a failure, for the record: its message where it has one, without secrets."""
    try:
        document = orjson.loads(body)
        error = document.get("error", document)
        said = error.get("message") or error.get("detail") if isinstance(error, dict) else error
        text = said if isinstance(said, str) else body.decode("utf-8", "replace")
    except (orjson.JSONDecodeError, AttributeError):
        text = body.decode("utf-8", "replace")
    return redact(text.replace("\0", ""))[:500]


def _masked_verdict(replica: Replica, places: int) -> dict[str, Any]:
    """What the call's record says of personal information that was kept from an outside server."""
    evidence = {"places": places, "upstream": replica.upstream}
    return Verdict("mask", clause="personal_information", source="outside", evidence=evidence).facts("input")
