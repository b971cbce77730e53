"""Workflows over HTTP: strangers learn nothing, each reader sees what is theirs, a step is taken once."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from ceyuan.kernel.platform import Platform
from ceyuan.kernel.workflow.tables import WorkflowInstance
from tests.kernel.actors import acting
from tests.kernel.workflow.conftest import FORM, Pool, at_review, begin, prepare

BASE = "/api/v1/workflows"


@pytest.fixture
async def live(platform: Platform, pool: Pool) -> Platform:
    prepare(platform, pool)
    return platform


@pytest.fixture
async def instance(live: Platform) -> WorkflowInstance:
    return await begin(live)


async def get(client: httpx.AsyncClient, who: str, path: str, **params: Any) -> Any:
    response = await client.get(f"{BASE}/{path}", params=params, headers=acting(who))
    assert response.status_code == 200, response.text
    return response.json()


async def step(client: httpx.AsyncClient, who: str, path: str, body: Any, **headers: str) -> httpx.Response:
    return await client.post(f"{BASE}/{path}", json=body, headers={**acting(who), **headers})


READS = ["definitions", "definitions/grant", "instances", "tasks", "conflicts"]
OF_INSTANCE = ["", "/diagram", "/history", "/reviewers", "/objections"]


async def test_anonymous_people_must_sign_in(client: httpx.AsyncClient, instance: WorkflowInstance) -> None:
    for path in READS + [f"instances/{instance.id}{suffix}" for suffix in OF_INSTANCE]:
        assert (await client.get(f"{BASE}/{path}")).status_code == 401, path
    response = await client.post(f"{BASE}/instances/{instance.id}/transitions/submit", json={"form": FORM})
    assert response.status_code == 401


async def test_outsiders_find_nothing(client: httpx.AsyncClient, instance: WorkflowInstance) -> None:
    at = f"instances/{instance.id}"
    for suffix in OF_INSTANCE:
        assert (await client.get(f"{BASE}/{at}{suffix}", headers=acting("outsider"))).status_code == 404, suffix
    bodies = {
        "transitions/submit": {"form": FORM},
        "reviewers": {},
        "recusal": {"reason": "x"},
        "objections": {"text": "x"},
    }
    for suffix, body in bodies.items():
        assert (await step(client, "outsider", f"{at}/{suffix}", body)).status_code == 404, suffix
    ballot = await client.put(f"{BASE}/{at}/ballot", json={"vote": "approve"}, headers=acting("outsider"))
    assert ballot.status_code == 404
    assert (await get(client, "outsider", "instances"))["items"] == []
    assert (await step(client, "outsider", "objections/obj_x/answer", {"upheld": True, "text": "x"})).status_code == 404


async def test_a_page_says_what_its_reader_may_do_and_why_not(
    client: httpx.AsyncClient, live: Platform, instance: WorkflowInstance
) -> None:
    other = await begin(live, subject="app_2", documents=0)
    shown = await get(client, "owner", f"instances/{instance.id}")
    ways = {way["name"]: way for way in shown["ways"]}
    assert ways["submit"]["allowed"] is True
    assert ways["submit"]["form"]["properties"]["amount"]["x-title-en"] == "Amount"
    assert ways["withdraw"]["optional"] is True
    refused = {w["name"]: w for w in (await get(client, "member", f"instances/{other.id}"))["ways"]}
    assert list(refused) == ["submit"]
    assert refused["submit"]["reasons"] == [{"zh": "缺少材料", "en": "documents are missing"}]
    assert (await get(client, "officer", f"instances/{instance.id}"))["ways"] == []


async def test_a_step_over_http_is_taken_once_for_a_key(client: httpx.AsyncClient, instance: WorkflowInstance) -> None:
    path = f"instances/{instance.id}/transitions/submit"
    for _ in range(2):
        response = await step(client, "member", path, {"form": FORM, "revision": 0}, **{"Idempotency-Key": "k"})
        assert response.status_code == 200, response.text
        assert (response.json()["state"], response.json()["label_en"]) == ("check", "Submitted")
    assert [move["number"] for move in await get(client, "owner", f"instances/{instance.id}/history")] == [0, 1]


async def test_mistakes_in_a_form_point_at_their_fields(client: httpx.AsyncClient, instance: WorkflowInstance) -> None:
    path = f"instances/{instance.id}/transitions/submit"
    response = await step(client, "owner", path, {"form": {"amount": 1, "purpose": "训练"}})
    assert response.status_code == 422
    problem = response.json()
    assert problem["code"] == "workflow_form_invalid"
    assert {error["field"] for error in problem["errors"]} == {"amount", "agreed"}


async def test_a_refusal_says_why_in_the_readers_language(client: httpx.AsyncClient, live: Platform) -> None:
    instance = await begin(live, documents=0)
    path = f"instances/{instance.id}/transitions/submit"
    response = await step(client, "owner", path, {"form": FORM}, **{"Accept-Language": "zh-CN"})
    assert (response.status_code, response.json()["detail"]) == (409, "缺少材料")


async def test_the_diagram_is_the_one_of_the_instance(client: httpx.AsyncClient, instance: WorkflowInstance) -> None:
    drawn = await get(client, "owner", f"instances/{instance.id}/diagram")
    assert (drawn["name"], drawn["version"]) == ("grant", 1)
    assert {"source": "draft", "target": "check"}.items() <= drawn["edges"][0].items()
    assert {"challenge_bid", "grant", "provider"} <= {d["name"] for d in await get(client, "owner", "definitions")}
    response = await client.get(f"{BASE}/definitions/grant?version=7", headers=acting("owner"))
    assert response.status_code == 404


async def test_lists_show_what_the_reader_may_see(client: httpx.AsyncClient, live: Platform) -> None:
    await begin(live)
    await begin(live, "provider", subject="node_1")

    async def names(who: str, **params: Any) -> set[str]:
        return {item["definition"] for item in (await get(client, who, "instances", **params))["items"]}

    assert await names("owner") == await names("admin") == await names("regulator") == {"grant", "provider"}
    assert await names("officer") == {"grant"}
    assert await names("operator") == {"provider"}
    assert await names("outsider") == set()
    assert await names("owner", definition="grant", state="draft", ended=False) == {"grant"}
    assert await names("owner", ended=True) == set()


async def test_the_to_do_list_holds_what_waits_for_its_reader(client: httpx.AsyncClient, live: Platform) -> None:
    async def tasks(who: str) -> list[str]:
        return [item["subject"] for item in (await get(client, who, "tasks"))["items"]]

    instance = await begin(live)
    assert await tasks("owner") == await tasks("member") == ["app_1"]
    assert await tasks("officer") == []
    reviewed = await at_review(live, subject="app_2")
    assert await tasks("officer") == ["app_2"]
    assert await tasks("owner") == ["app_1"]
    seats = (await get(client, "officer", f"instances/{reviewed.id}/reviewers"))["seats"]
    reviewer = seats[0]["person_id"].removeprefix("per_")
    assert await tasks(reviewer) == ["app_2"]
    cast = await client.put(
        f"{BASE}/instances/{reviewed.id}/ballot", json={"vote": "approve", "comment": "好"}, headers=acting(reviewer)
    )
    assert cast.status_code == 200
    assert await tasks(reviewer) == []
    assert await tasks("admin") == await tasks("outsider") == []
    assert instance.subject == "app_1"


async def test_a_whole_application_over_http(client: httpx.AsyncClient, live: Platform) -> None:
    instance = await begin(live)
    at = f"instances/{instance.id}"
    assert (await step(client, "owner", f"{at}/transitions/submit", {"form": FORM})).status_code == 200
    assert (await step(client, "officer", f"{at}/transitions/accept", {})).status_code == 200
    found = await get(client, "officer", f"{at}/reviewers")
    assert found["complete"] is True
    for seat in found["seats"]:
        who = seat["person_id"].removeprefix("per_")
        assert (await get(client, who, at))["owes_ballot"] is True
        await client.put(f"{BASE}/{at}/ballot", json={"vote": "approve"}, headers=acting(who))
    shown = await get(client, "officer", at)
    assert (shown["outcome"]["approve"], shown["outcome"]["passed"]) == (3, True)
    assert (await get(client, "owner", at))["outcome"] is None
    assert (await step(client, "officer", f"{at}/transitions/pass_", {})).status_code == 200
    shown = await get(client, "outsider", at)
    assert (shown["may_object"], shown["ways"]) == (True, [])
    made = await step(client, "outsider", f"{at}/objections", {"text": "不实"})
    assert made.status_code == 201
    answer = await step(client, "officer", f"objections/{made.json()['id']}/answer", {"upheld": True, "text": "属实"})
    assert answer.json()["upheld"] is True
    final = await step(client, "officer", f"{at}/transitions/uphold", {})
    assert (final.json()["state"], final.json()["kind"]) == ("rejected", "bad")


async def test_conflicts_are_declared_and_withdrawn(client: httpx.AsyncClient, live: Platform) -> None:
    made = await step(client, "reviewer0", "conflicts", {"org_id": "org_a", "reason": "顾问"})
    assert made.status_code == 201
    assert [c["org_id"] for c in await get(client, "reviewer0", "conflicts")] == ["org_a"]
    gone = await client.delete(f"{BASE}/conflicts/org_a", headers=acting("reviewer0"))
    assert gone.status_code == 204
    assert await get(client, "reviewer0", "conflicts") == []


async def test_a_conflict_with_an_organisation_that_is_none_is_refused(
    client: httpx.AsyncClient, live: Platform
) -> None:
    refused = await step(client, "reviewer0", "conflicts", {"org_id": "nobody", "reason": "顾问"})
    assert refused.status_code == 404


async def test_labels_are_for_their_reader(client: httpx.AsyncClient, live: Platform) -> None:
    instance = await begin(live)
    assert (await step(client, "owner", f"instances/{instance.id}/transitions/submit", {"form": FORM})).is_success
    for who, label in (("owner", "Submitted"), ("officer", "Needs screening")):
        assert (await get(client, who, f"instances/{instance.id}"))["label_en"] == label
