"""The gateway's records, figures, policies and limits over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Set
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import orjson
from fastapi import Query
from fastapi.responses import StreamingResponse

from ceyuan.hub import tellable
from ceyuan.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentActor, CurrentPlatform, Paging, ReadWork, WriteWork, problems
from ceyuan.models.gateway import figures, service, standing, wishes
from ceyuan.models.gateway.errors import ModelUnknown, Overloaded
from ceyuan.models.gateway.gateway import Gateway
from ceyuan.models.gateway.running import GatewayService
from ceyuan.models.gateway.schemas import (
    CallDetail,
    CallOut,
    ForgiveIn,
    KeyLimitsIn,
    KeyLimitsOut,
    LiveOut,
    PolicyIn,
    PolicyOut,
    RouteOut,
    SettlementIn,
    StatsOut,
)
from ceyuan.models.gateway.service import CallFilter, CallNotFound
from ceyuan.models.gateway.settling import NotInDoubt, settle_call
from ceyuan.models.gateway.tables import GatewayCall
from ceyuan.models.serving import Capability, ModelNotServed

router = Router(prefix="/api/v1/gateway", tags=["gateway"])
CallStatus = Literal["ok", "refused", "blocked", "failed", "cancelled", "interrupted"]
OrgId = Annotated[str | None, Query(max_length=40, description="one organisation; default: all that one may see")]
Name = Annotated[str | None, Query(max_length=200)]
_MOST_POINTS = 2_000


@router.get("/calls", response_model=Page[CallOut], responses=problems(Unauthenticated, NotFound, Invalid))
async def list_calls(
    uow: ReadWork,
    paging: Paging,
    org_id: OrgId = None,
    since: datetime | None = None,
    until: datetime | None = None,
    model: Name = None,
    key_id: Name = None,
    status: CallStatus | None = None,
    code: Name = None,
    scenario: Name = None,
    endpoint: Capability | None = None,
    flagged: Annotated[bool | None, Query(description="moderation said something")] = None,
    in_doubt: Annotated[bool | None, Query(description="nobody could confirm the token counts")] = None,
) -> Any:
    """List the calls that the caller may see, newest first."""
    wanted = CallFilter(
        org_id=org_id,
        since=_aware(since),
        until=_aware(until),
        model=model,
        key_id=key_id,
        status=status,
        code=code,
        scenario=scenario,
        endpoint=endpoint,
        flagged=flagged,
        in_doubt=in_doubt,
    )
    rows = await service.list_calls(uow, wanted, paging)
    named = await tellable(uow, [call.revision for call in rows.items])
    return Page[CallOut](items=[_shown_call(call, named) for call in rows.items], next=rows.next)


def _shown_call(call: GatewayCall, named: Set[str]) -> CallOut:
    """The call; the revision that answered only for those who may know of its repository (`named`)."""
    shown = CallOut.model_validate(call, from_attributes=True)
    return shown if call.revision in named else shown.model_copy(update={"revision": None})


@router.get("/calls/{call_id}", response_model=CallDetail, responses=problems(Unauthenticated, CallNotFound))
async def get_call(call_id: str, uow: ReadWork) -> Any:
    """Look at one call, with its prompt and answer where they were kept."""
    call, body = await service.see_call(uow, call_id)
    shown = _shown_call(call, await tellable(uow, [call.revision])).model_dump()
    return {**shown, "body": None if body is None else {"prompt": body.prompt, "answer": body.answer}}


@router.post(
    "/calls/{call_id}/settlement",
    response_model=CallOut,
    responses=problems(Unauthenticated, Forbidden, CallNotFound, NotInDoubt, Invalid),
)
async def settle_call_in_doubt(call_id: str, body: SettlementIn, uow: WriteWork) -> Any:
    """Settle a call in doubt: charge it by the given counts, or let its charge stand."""
    call = await settle_call(uow, call_id, **body.model_dump())
    return _shown_call(call, await tellable(uow, [call.revision]))


@router.get("/routes", response_model=list[RouteOut], responses=problems(Unauthenticated, Overloaded))
async def list_gateway_routes(platform: CurrentPlatform, actor: CurrentActor) -> Any:
    """List the models with their servers, and how those stand in this process."""
    return [asdict(route) for route in standing.list_standings(_running(platform), actor)]


@router.get(
    "/routes/{served_id}", response_model=RouteOut, responses=problems(Unauthenticated, ModelUnknown, Overloaded)
)
async def get_gateway_route(served_id: str, platform: CurrentPlatform, actor: CurrentActor) -> Any:
    """Show the servers of one model, and how they stand in this process."""
    return asdict(standing.see_standing(_running(platform), actor, served_id))


@router.post(
    "/routes/{served_id}/breaker", status_code=204, responses=problems(Unauthenticated, Forbidden, ModelNotServed)
)
async def close_breaker(served_id: str, body: ForgiveIn, uow: WriteWork) -> None:
    """Let calls go to a server again at once."""
    await standing.forgive(uow, served_id, body.replica)


@router.get("/stats", response_model=StatsOut, responses=problems(Unauthenticated, NotFound, Invalid))
async def get_gateway_stats(
    uow: ReadWork,
    org_id: OrgId = None,
    model: Name = None,
    since: datetime | None = None,
    until: datetime | None = None,
    step_s: Annotated[int, Query(ge=60, le=86_400, description="length of a step, in seconds")] = 60,
) -> Any:
    """Sum up what went through the gateway; by default in the last hour."""
    end = _aware(until) or uow.clock.now()
    start = _aware(since) or end - timedelta(hours=1)
    if start >= end or (end - start).total_seconds() / step_s > _MOST_POINTS:
        raise Invalid(
            (f"时间范围无效或超过 {_MOST_POINTS} 个点", f"the span is empty or has more than {_MOST_POINTS} steps"),
            hint=("请缩短范围或加大 step_s", "shorten the span or raise step_s"),
        )
    rows = await service.minutes_seen(uow, org_id, start, end, model)
    return {
        "since": start,
        "until": end,
        "step_s": step_s,
        "sums": figures.sums(rows),
        "points": figures.points(rows, start, end, step_s),
        "models": figures.by_model(rows),
        "codes": figures.codes(rows),
    }


@router.get("/live", response_model=LiveOut, responses=problems(Unauthenticated))
async def get_live_calls(
    platform: CurrentPlatform,
    actor: CurrentActor,
    org_id: OrgId = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Any:
    """Show the last calls of this process, newest first."""
    actor.require_known()
    room = _room(platform)
    may_see, gateway = _sight(actor, org_id), room.gateway
    faults = [] if gateway is None else [f for f in (gateway.journal.fault, gateway.poster.fault) if f]
    return {
        "in_flight": 0 if gateway is None else gateway.throttle.in_flight,
        "unposted": 0 if gateway is None else gateway.poster.backlog,
        "faults": faults if actor.has_duty("operator") else [],
        "latency": room.live.latency(may_see),
        "calls": room.live.recent(may_see, limit),
    }


@router.get(
    "/live/events",
    response_class=StreamingResponse,
    responses={
        **problems(Unauthenticated),
        200: {"content": {"text/event-stream": {}}, "description": "`call` for each call that ends"},
    },
)
async def follow_live_calls(platform: CurrentPlatform, actor: CurrentActor, org_id: OrgId = None) -> StreamingResponse:
    """Follow the calls of this process as server-sent events."""
    actor.require_known()
    return StreamingResponse(
        _events(_room(platform), _sight(actor, org_id)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(room: GatewayService, may_see: Callable[[str], bool]) -> AsyncIterator[bytes]:
    yield b": following\n\n"
    async for data in room.live.follow(may_see):
        yield b"event: call\ndata: " + orjson.dumps(data) + b"\n\n" if data else b": quiet\n\n"


def _room(platform: Platform) -> GatewayService:
    (room,) = platform.find(GatewayService)
    return room


def _running(platform: Platform) -> Gateway:
    gateway = _room(platform).gateway
    if gateway is None:
        raise Overloaded(("网关尚未启动", "the gateway has not started"), retry_after_s=5)
    return gateway


def _sight(actor: Any, org_id: str | None) -> Callable[[str], bool]:
    may_see = service.sight(actor)
    return may_see if org_id is None else lambda org: org == org_id and may_see(org)


def _aware(moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise Invalid(("时间须带时区", "the time needs a time zone"), hint=("例如 2026-11-22T08:00:00Z",) * 2)
    return moment


@router.get("/policies/{org_id}", response_model=PolicyOut, responses=problems(Unauthenticated, NotFound))
async def get_gateway_policy(org_id: str, uow: ReadWork) -> Any:
    """Show what an organisation wants of its own calls."""
    return await wishes.see_policy(uow, org_id)


@router.put(
    "/policies/{org_id}", response_model=PolicyOut, responses=problems(Unauthenticated, Forbidden, NotFound, Invalid)
)
async def set_gateway_policy(org_id: str, body: PolicyIn, uow: WriteWork) -> Any:
    """Say whether prompts and answers are kept, how generated content is marked, and where calls may go."""
    return await wishes.set_policy(uow, org_id, wishes.Wishes(**body.model_dump()))


@router.get("/keys/{key_id}/limits", response_model=KeyLimitsOut, responses=problems(Unauthenticated, NotFound))
async def get_key_limits(key_id: str, uow: ReadWork) -> Any:
    """Show the bounds of a key."""
    return await service.see_key_limits(uow, key_id)


@router.put(
    "/keys/{key_id}/limits", response_model=KeyLimitsOut, responses=problems(Unauthenticated, Forbidden, NotFound)
)
async def set_key_limits(key_id: str, body: KeyLimitsIn, uow: WriteWork) -> Any:
    """Bound a key: calls and tokens per minute, calls at once, models."""
    return await service.set_key_limits(uow, key_id, **body.model_dump())


@router.delete("/keys/{key_id}/limits", status_code=204, responses=problems(Unauthenticated, Forbidden, NotFound))
async def remove_key_limits(key_id: str, uow: WriteWork) -> None:
    """Remove the bounds of a key."""
    await service.drop_key_limits(uow, key_id)
