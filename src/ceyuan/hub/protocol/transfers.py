"""Tokens for the content store: who may read or write a repository may transfer its large files."""

from __future__ import annotations

from ceyuan.hub import grants
from ceyuan.hub.gating.access import require_open
from ceyuan.hub.lean import Reply, json_reply
from ceyuan.hub.protocol.call import Call
from ceyuan.hub.protocol.routing import route
from ceyuan.hub.repositories.access import require_change
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.settings import HubSettings
from ceyuan.hub.storage import require_room
from ceyuan.hub.xet.app import READ, WRITE


@route("GET", "/api/{kinds}/{owner}/{name}/xet-read-token/{revision}")
async def get_xet_read_token(call: Call) -> Reply:
    """Give a token to download the repository's large files."""
    async with call.reading() as uow:
        row = await call.repository(uow)
        await require_open(uow, row)
    return _issued(call, row, READ)


@route("GET", "/api/{kinds}/{owner}/{name}/xet-write-token/{revision}")
async def get_xet_write_token(call: Call) -> Reply:
    """Give a token to upload large files to the repository."""
    async with call.reading() as uow:
        row = await call.repository(uow)
        call.actor.require_known()
        if not call["revision"].startswith(("refs/pr/", "None")) and not call.flag("create_pr"):
            require_change(call.actor, row)
        call.actor.require_scope("hub:write")
        await require_room(uow, row.org_id)
    return _issued(call, row, WRITE)


def _issued(call: Call, row: HubRepository, purpose: str) -> Reply:
    seconds = call.platform.section(HubSettings).transfer_seconds
    token, ends = grants.issue(call.platform, purpose, row, call.actor, seconds=seconds)
    url = f"{call.base}/xet"
    headers = {"x-xet-cas-url": url, "x-xet-access-token": token, "x-xet-token-expiration": str(ends)}
    return json_reply({"casUrl": url, "accessToken": token, "exp": ends}, headers=headers)
