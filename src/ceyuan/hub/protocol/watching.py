"""Webhooks."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ceyuan.hub.hooks import service
from ceyuan.hub.hooks.service import Wish
from ceyuan.hub.hooks.tables import HubHook
from ceyuan.hub.lean import Reply, json_reply
from ceyuan.hub.protocol.call import Call, Words
from ceyuan.hub.protocol.routing import route

_ONE = "/api/settings/webhooks/{webhook}"


class Watched(BaseModel):
    """Something that is watched."""

    model_config = ConfigDict(extra="ignore")
    type: Words = Field(max_length=20)
    name: Words = Field(max_length=200)


class HookIn(BaseModel):
    """A webhook."""

    model_config = ConfigDict(extra="ignore")
    url: Words | None = Field(None, max_length=2000)
    watched: list[Watched] | None = Field(None, max_length=service.MAX_WATCHED)
    domains: list[Words] | None = Field(None, max_length=10)
    secret: Words | None = Field(None, max_length=256)

    def wish(self) -> Wish:
        """What the body asks for."""
        watched = None if self.watched is None else [item.model_dump() for item in self.watched]
        return Wish(self.url, watched, self.domains, self.secret)


def _hook(row: HubHook) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": row.url,
        "watched": row.watched,
        "domains": row.domains,
        "secret": None,
        "disabled": row.disabled,
    }


@route("GET", "/api/settings/webhooks")
async def list_webhooks(call: Call) -> Reply:
    """List one's webhooks."""
    async with call.reading() as uow:
        return json_reply([_hook(row) for row in await service.list_hooks(uow)])


@route("POST", "/api/settings/webhooks", body="application/json")
async def create_webhook(call: Call) -> Reply:
    """Make a webhook."""
    body = await call.model(HookIn)
    async with call.writing() as uow:
        return json_reply({"webhook": _hook(await service.create(uow, body.wish()))})


@route("GET", _ONE)
async def get_webhook(call: Call) -> Reply:
    """Show one of one's webhooks."""
    async with call.reading() as uow:
        return json_reply({"webhook": _hook(await service.find(uow, call["webhook"]))})


@route("POST", _ONE, body="application/json")
async def change_webhook(call: Call) -> Reply:
    """Change a webhook."""
    body = await call.model(HookIn)
    async with call.writing() as uow:
        row = await service.find(uow, call["webhook"])
        return json_reply({"webhook": _hook(await service.change(uow, row, body.wish()))})


@route("POST", _ONE + "/enable")
async def enable_webhook(call: Call) -> Reply:
    """Turn a webhook on."""
    async with call.writing() as uow:
        row = await service.find(uow, call["webhook"])
        return json_reply({"webhook": _hook(await service.set_disabled(uow, row, False))})


@route("POST", _ONE + "/disable")
async def disable_webhook(call: Call) -> Reply:
    """Turn a webhook off."""
    async with call.writing() as uow:
        row = await service.find(uow, call["webhook"])
        return json_reply({"webhook": _hook(await service.set_disabled(uow, row, True))})


@route("DELETE", _ONE)
async def delete_webhook(call: Call) -> Reply:
    """Remove a webhook."""
    async with call.writing() as uow:
        await service.remove(uow, await service.find(uow, call["webhook"]))
    return json_reply({})
