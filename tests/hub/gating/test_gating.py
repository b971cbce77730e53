from __future__ import annotations

from dataclasses import dataclass

import pytest

from ceyuan.hub.gating import endpoints as gate
from ceyuan.hub.gating import service
from ceyuan.hub.gating.schemas import form_of
from ceyuan.kernel.platform import Platform
from tests.hub.conftest import As, make_repository
from tests.hub.protocol.world import HubClient

URL = "/api/v1/repositories/model/demo/m"
CARD = b"""---
extra_gated_prompt: Say what for.
extra_gated_fields:
  Purpose: text
  Country: {type: select, options: [CN, {label: Other, value: XX}]}
  I agree: checkbox
---
# M
"""


@dataclass(frozen=True)
class _Person:
    id: str
    name: str
    display_name: str
    email: str | None


@pytest.fixture(autouse=True)
def people(monkeypatch: pytest.MonkeyPatch) -> None:
    """People by id or name, without a table of them."""

    async def get_person(_uow: object, word: str) -> _Person:
        name = word.removeprefix("per_")
        return _Person(f"per_{name}", name, name.title(), f"{name}@example.org")

    monkeypatch.setattr(service, "get_person", get_person)


async def _gated(signed_in: As, how: str) -> None:
    member = HubClient(signed_in("member"))
    await member.create(private=False)
    await member.commit({"README.md": CARD, "a.txt": b"kept"})
    changed = await signed_in("maintainer").patch(URL, json={"gated": how})
    assert changed.json()["gated"] == how


async def test_who_asks_is_told_how_things_stand_and_gets_the_files_when_granted(
    platform: Platform, signed_in: As
) -> None:
    await _gated(signed_in, "manual")
    outsider, member = signed_in("outsider"), signed_in("member")
    seen = (await outsider.get(f"{URL}/access")).json()
    assert (seen["open"], seen["status"], seen["may_decide"]) == (False, None, False)
    assert seen["prompt"] == "Say what for."
    assert [field["type"] for field in seen["fields"]] == ["text", "select", "checkbox"]
    assert seen["fields"][1]["options"] == ["CN", "XX"]
    asked = await outsider.post(f"{URL}/access", json={"fields": {"Purpose": "study", "I agree": True}})
    assert asked.json()["status"] == "pending"
    assert (await outsider.get(f"{URL}/access/requests")).status_code == 403
    (waiting,) = (await member.get(f"{URL}/access/requests")).json()["items"]
    assert (waiting["person"], waiting["fields"]["Purpose"]) == ("outsider", "study")
    rejected = await member.post(
        f"{URL}/access/requests/{waiting['id']}", json={"status": "rejected", "reason": "say more"}
    )
    assert rejected.json()["status"] == "rejected"
    assert (await outsider.get(f"{URL}/access")).json()["reason"] == "say more"
    assert (await outsider.get("/demo/m/resolve/main/a.txt")).status_code == 403
    await member.post(f"{URL}/access/requests/{waiting['id']}", json={"status": "accepted"})
    assert (await outsider.get("/demo/m/resolve/main/a.txt")).text == "kept"


async def test_an_automatic_gate_opens_to_those_who_ask_and_only_to_known_people(
    platform: Platform, signed_in: As
) -> None:
    await _gated(signed_in, "auto")
    assert (await signed_in("").post(f"{URL}/access", json={})).status_code == 401
    asked = await signed_in("outsider").post(f"{URL}/access", json={})
    assert (asked.json()["status"], asked.json()["open"]) == ("accepted", True)


async def test_access_is_given_without_asking_once(platform: Platform, signed_in: As) -> None:
    await _gated(signed_in, "manual")
    member = signed_in("member")
    assert (await signed_in("viewer").post(f"{URL}/access/grants", json={"person": "li"})).status_code == 403
    given = await member.post(f"{URL}/access/grants", json={"person": "li"})
    assert (given.status_code, given.json()["asked"]) == (201, False)
    again = await member.post(f"{URL}/access/grants", json={"person": "li"})
    assert again.json()["code"] == "access_request_unchanged"


async def test_an_open_repository_asks_nobody(platform: Platform, signed_in: As) -> None:
    await make_repository(platform, "m", "model", "public")
    seen = (await signed_in("").get(f"{URL}/access")).json()
    assert (seen["gate"], seen["open"]) == ("no", True)
    refused = await signed_in("outsider").post(f"{URL}/access", json={})
    assert (refused.status_code, refused.json()["code"]) == (400, "not_gated")


def test_a_form_is_read_from_any_card() -> None:
    assert form_of({"extra_gated_fields": ["a"], "extra_gated_prompt": 3}) == ("", [])
    assert form_of({"extra_gated_fields": {"When": "date_picker", "What": None}})[1] == [
        {"name": "When", "type": "date", "options": []},
        {"name": "What", "type": "text", "options": []},
    ]
    assert gate.router.prefix.endswith("/access")
