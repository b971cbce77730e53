"""Requests for access to gated repositories."""

from __future__ import annotations

from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field

from ceyuan.hub.gating import service
from ceyuan.hub.gating.service import Status
from ceyuan.hub.lean import Reply, json_reply
from ceyuan.hub.protocol.call import BadRequest, Call, Words
from ceyuan.hub.protocol.routing import route
from ceyuan.hub.protocol.shapes import moment


class HandleIn(BaseModel):
    """Whose request, and what becomes of it."""

    model_config = ConfigDict(extra="ignore")
    user: Words | None = Field(None, max_length=100)
    requestId: Words | None = Field(None, max_length=60)
    status: Literal["pending", "accepted", "rejected"]
    rejectionReason: Words | None = Field(None, max_length=1000)


class GrantIn(BaseModel):
    """To whom."""

    model_config = ConfigDict(extra="ignore")
    user: Words = Field(max_length=100)


class AskIn(BaseModel):
    """What the person fills in, if the card asks for it."""

    model_config = ConfigDict(extra="allow")


@route("GET", "/api/{kinds}/{owner}/{name}/user-access-request/{status}")
async def list_access_requests(call: Call) -> Reply:
    """List who asked for access: pending, accepted or rejected."""
    if call["status"] not in ("pending", "accepted", "rejected"):
        raise BadRequest(("状态无效", "the status is pending, accepted or rejected"))
    async with call.reading() as uow:
        row = await call.repository(uow)
        if row.gated == "no":
            call.actor.require_known()
        rows = await service.list_requests(uow, row, cast(Status, call["status"]), call.paging(100, 200))
        people = await service.addresses(uow, rows.items)
    answer: list[dict[str, Any]] = []
    for each in rows.items:
        name, fullname, email = people[each.person_id]
        user = {"_id": each.person_id, "user": name, "fullname": fullname} | ({"email": email} if email else {})
        answer.append(
            {
                "requestId": each.id,
                "user": user,
                "status": each.status,
                "timestamp": moment(each.created_at),
                "fields": each.fields or None,
            }
        )
    return json_reply(answer, headers=call.next_link(rows.next))


@route("POST", "/api/{kinds}/{owner}/{name}/user-access-request/handle", body="application/json")
async def handle_access_request(call: Call) -> Reply:
    """Accept, reject or put back a request."""
    body = await call.model(HandleIn)
    if (body.user is None) == (body.requestId is None):
        raise BadRequest(("请指定用户或申请之一", "name either the user or the request"))
    async with call.writing() as uow:
        row = await call.repository(uow)
        await service.decide(
            uow, row, body.status, person=body.user, request_id=body.requestId, reason=body.rejectionReason or ""
        )
    return json_reply({})


@route("POST", "/api/{kinds}/{owner}/{name}/user-access-request/grant", body="application/json")
async def grant_access(call: Call) -> Reply:
    """Give somebody access without their asking."""
    body = await call.model(GrantIn)
    async with call.writing() as uow:
        await service.grant(uow, await call.repository(uow), body.user)
    return json_reply({})


@route("POST", "/api/{kinds}/{owner}/{name}/ask-access", body="application/json")
async def ask_access(call: Call) -> Reply:
    """Ask for access to a gated repository."""
    body = await call.form_or_model(AskIn)
    async with call.writing() as uow:
        made = await service.ask(uow, await call.repository(uow), dict(body.model_extra or {}))
        return json_reply({"requestId": made.id, "status": made.status})
