"""Who am I, and who is somebody."""

from __future__ import annotations

from typing import Any

from ceyuan.hub.errors import OwnerNotFound
from ceyuan.hub.lean import Reply, json_reply
from ceyuan.hub.protocol.call import Call
from ceyuan.hub.protocol.routing import route
from ceyuan.hub.repositories import repository
from ceyuan.identity import PersonNotFound, credential_of, get_person, org_by_name

_ROLES = {"owner": "admin", "maintainer": "admin", "member": "write", "viewer": "read"}


@route("GET", "/api/whoami-v2")
async def whoami(call: Call) -> Reply:
    """Say whose token this is."""
    call.actor.require_known()
    found = credential_of(call.request)
    profile = found.profile if found is not None else None
    role = "write" if call.actor.has_scope("hub:write") else "read"
    made = found.seen_at.isoformat() if found is not None else None
    places = [p for p in profile.places if p.id != profile.org_id] if profile else []
    answer: dict[str, Any] = {
        "type": "user",
        "id": call.actor.id,
        "name": profile.name if profile else call.actor.label,
        "fullname": profile.display_name if profile else call.actor.label,
        "email": profile.email if profile else None,
        "emailVerified": bool(profile and profile.email_confirmed),
        "isPro": False,
        "canPay": False,
        "orgs": [
            {"type": "org", "id": p.id, "name": p.name, "fullname": p.display_name, "roleInOrg": _ROLES[p.role]}
            for p in places
        ],
        "auth": {"type": "access_token", "accessToken": {"displayName": "token", "role": role, "createdAt": made}},
    }
    return json_reply(answer)


@route("GET", "/api/users/{user}/overview")
async def user_overview(call: Call) -> Reply:
    """Show a person's public face."""
    async with call.reading() as uow:
        try:
            person = await get_person(uow, call["user"])
        except PersonNotFound as error:
            raise OwnerNotFound() from error
        count = await repository.count_public(uow.session, person.org_id)
    return json_reply(
        {
            "_id": person.id,
            "user": person.name,
            "fullname": person.display_name,
            "type": "user",
            "isPro": False,
            "numModels": count.get("model", 0),
            "numDatasets": count.get("dataset", 0),
        }
    )


@route("GET", "/api/organizations/{user}/overview")
async def organization_overview(call: Call) -> Reply:
    """Show an organisation's public face."""
    async with call.reading() as uow:
        found = await org_by_name(uow, call["user"])
        if found is None:
            raise OwnerNotFound()
        count = await repository.count_public(uow.session, found.id)
    return json_reply(
        {
            "_id": found.id,
            "name": found.name,
            "fullname": found.display_name,
            "type": "org",
            "isVerified": found.is_verified,
            "numModels": count.get("model", 0),
            "numDatasets": count.get("dataset", 0),
        }
    )
