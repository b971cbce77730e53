"""Every route of the room, walked with no credential and with an outsider's."""

from __future__ import annotations

from importlib import import_module

import pytest
from fastapi.routing import APIRoute

from ceyuan.identity import ReservedNames
from ceyuan.identity.errors import NameReserved
from ceyuan.identity.names import check_name
from ceyuan.kernel.platform import Platform
from ceyuan.server import rooms
from ceyuan.server.app import create_app
from tests.identity.actors import People
from tests.identity.conftest import Open

PUBLIC = {
    "GET /api/v1/auth/options",
    "POST /api/v1/auth/sign-in",
    "POST /api/v1/auth/sign-up",
    "POST /api/v1/auth/sign-out",
    "POST /api/v1/auth/password/forgotten",
    "POST /api/v1/auth/password/reset",
    "POST /api/v1/auth/email/confirm",
    "GET /api/v1/auth/sign-on/{provider}",
    "GET /api/v1/auth/sign-on/{provider}/callback",
    "GET /api/v1/people/{person}",
    "GET /api/v1/organisations",
    "GET /api/v1/organisations/{organisation}",
    "GET /api/v1/announcements",
    "GET /api/v1/tokens/scopes",
    "POST /api/v1/invitations/look-up",
}
"""What anybody may call; everything else says who is asked for first."""


def _routes() -> list[tuple[str, APIRoute]]:
    (identity,) = [room for room in rooms.ROOMS if room.name == "identity"]
    found = [route for name in identity.routers for route in import_module(name).router.routes]
    return [(f"{method} {r.path}", r) for r in found if isinstance(r, APIRoute) for method in sorted(r.methods)]


ROUTES = _routes()
CLOSED = [(key, route) for key, route in ROUTES if key not in PUBLIC]
BODIES: dict[str, object] = {
    "POST /api/v1/organisations": {"name": "mine", "display_name": "Mine", "kind": "lab"},
    "PUT /api/v1/organisations/{organisation}/name": {"name": "mine"},
    "POST /api/v1/organisations/{organisation}/members": {"person": "boss", "role": "member"},
    "PUT /api/v1/organisations/{organisation}/members/{person}": {"role": "member"},
    "POST /api/v1/organisations/{organisation}/teams": {"name": "core"},
    "PATCH /api/v1/organisations/{organisation}/teams/{team}": {"description": "x"},
    "POST /api/v1/organisations/{organisation}/tokens": {"name": "x", "role": "member", "scopes": ["*"]},
    "POST /api/v1/organisations/{organisation}/webhooks": {"url": "https://example.cn/x", "topics": ["*"]},
    "POST /api/v1/tokens": {"name": "x", "scopes": ["*"]},
    "PUT /api/v1/me/password": {"current": "x", "new": "x"},
    "PUT /api/v1/me/name": {"name": "other"},
    "PUT /api/v1/me/email": {"email": "x@example.cn"},
    "POST /api/v1/me/second-factor/confirm": {"code": "000000"},
    "POST /api/v1/invitations/accept": {"token": "x"},
    "POST /api/v1/admin/announcements": {"title_zh": "x", "title_en": "x"},
    "POST /api/v1/admin/accounts": {"name": "new"},
    "POST /api/v1/admin/accounts/{person}/impersonation": {"reason": "curious"},
    "POST /api/v1/admin/mail/test": {"to": "x@example.cn"},
    "POST /api/v1/admin/sign-on-providers": {
        "name": "idp",
        "title_zh": "x",
        "title_en": "x",
        "issuer": "https://idp.example.cn",
        "client_id": "x",
    },
}


def _path(route: APIRoute) -> str:
    filled = {"organisation": "acme", "person": "boss", "team": "core", "provider": "idp"}
    path = route.path
    for name in route.param_convertors:
        path = path.replace(f"{{{name}}}", filled.get(name, "nothing"))
    return path.removeprefix("/api/v1") + ("?q=boss" if path.endswith("/people") else "")


async def test_nobody_gets_past_the_gate(browser: Open, people: People) -> None:
    await people.organisation("acme", boss="owner")
    nobody = browser()
    for key, route in CLOSED:
        answer = await nobody.send(key.partition(" ")[0], _path(route), BODIES.get(key, {}))
        assert answer.status_code in (401, 409) if "impersonation/end" in key else answer.status_code == 401, (
            key,
            answer.text,
        )


async def test_an_outsider_learns_nothing_of_an_organisation(browser: Open, people: People) -> None:
    await people.organisation("acme", boss="owner", is_listed=False)
    outsider = browser(token=await people.token("stranger"))
    for key, route in ROUTES:
        if "{organisation}" in route.path:
            answer = await outsider.send(key.partition(" ")[0], _path(route), BODIES.get(key, {}))
            staff = "verification" in key or key == "POST /api/v1/organisations/{organisation}/members"
            assert answer.status_code == (403 if staff else 404), (key, answer.text)


def test_every_route_is_described_once_with_its_faults() -> None:
    names = [route.name for _, route in ROUTES]
    assert len(names) == len(set(names))
    for key, route in ROUTES:
        assert route.endpoint.__doc__, key
        assert route.responses or key in PUBLIC, key


async def test_the_router_s_first_segments_are_reserved(platform: Platform) -> None:
    create_app(platform)
    reserved = platform.find(ReservedNames)[-1].names
    paths = [route.path for router in rooms.routers() for route in router.routes if isinstance(route, APIRoute)]
    first = {path.split("/")[1] for path in paths}
    assert {segment for segment in first if not segment.startswith("{")} | {"console", "metrics"} <= reserved
    for name in ("api", "API", "Console"):
        with pytest.raises(NameReserved):
            check_name(platform, name, official=True)
