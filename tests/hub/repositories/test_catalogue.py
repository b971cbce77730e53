"""Repositories: who may see and change them, their names, moving, deleting, restoring, searching."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from ceyuan.hub import Visibility, create_repository, find_by_reference, inherit_grade, resolve
from ceyuan.hub.errors import ReferenceAmbiguous, RepositoryExists, RepositoryNotFound
from ceyuan.hub.repositories.cards import labels_of
from ceyuan.hub.repositories.service import describe, purge_deleted
from ceyuan.hub.wiring import follow_owner
from ceyuan.kernel.actor import ANONYMOUS
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.errors import Forbidden, NotFound, Unauthenticated
from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Platform
from tests.hub.conftest import MEMBER, OUTSIDER, READER, SCOPELESS, VIEWER, As, make_repository

BASE = "/api/v1/repositories"


async def test_who_may_not_read_a_private_repository_cannot_learn_that_it_exists(
    platform: Platform, signed_in: As
) -> None:
    await make_repository(platform)
    for word in ("", "outsider", "scopeless"):
        await assert_hidden(signed_in(word))


async def assert_hidden(client: httpx.AsyncClient) -> None:
    there = await client.get(f"{BASE}/dataset/demo/corpus")
    absent = await client.get(f"{BASE}/dataset/demo/nothing")
    assert (there.status_code, there.json()) == (absent.status_code, absent.json())
    assert there.status_code == 404
    assert (await client.get(BASE)).json()["items"] == []
    assert (await client.get(f"{BASE}/facets")).json()["owner"] == []
    move = {"owner": "other", "name": "x"}
    for method, path, body in [("PATCH", "", {"description": "x"}), ("DELETE", "", None), ("POST", "/move", move)]:
        answer = await client.request(method, f"{BASE}/dataset/demo/corpus{path}", json=body)
        assert answer.status_code == 404


async def test_nobody_creates_repositories_without_signing_in_or_for_others(platform: Platform) -> None:
    for actor, error in [(ANONYMOUS, Unauthenticated), (OUTSIDER, NotFound), (VIEWER, Forbidden), (READER, Forbidden)]:
        with pytest.raises(error):
            async with platform.work(actor) as uow:
                await create_repository(uow, "dataset", "demo", "corpus")


async def test_visibility_opens_a_repository_step_by_step(platform: Platform, signed_in: As) -> None:
    expected: list[tuple[Visibility, set[str]]] = [("private", {"viewer"}), ("internal", {"viewer", "outsider"})]
    for visibility, seen_by in expected:
        await make_repository(platform, visibility, visibility=visibility)
        found = {
            word
            for word in ("", "outsider", "viewer")
            if (await signed_in(word).get(f"{BASE}/dataset/demo/{visibility}")).status_code == 200
        }
        assert found == seen_by
    await make_repository(platform, "open", visibility="public")
    assert (await signed_in("").get(f"{BASE}/dataset/demo/open")).json()["visibility"] == "public"
    listed = (await signed_in("").get(BASE)).json()["items"]
    assert [row["name"] for row in listed] == ["open"]
    assert (await signed_in("scopeless").get(BASE)).json()["items"] == listed


async def test_a_public_repository_is_not_for_outsiders_to_change(platform: Platform, signed_in: As) -> None:
    await make_repository(platform, visibility="public")
    path = f"{BASE}/dataset/demo/corpus"
    assert (await signed_in("").patch(path, json={"description": "x"})).status_code == 401
    for word in ("outsider", "viewer", "reader"):
        assert (await signed_in(word).patch(path, json={"description": "x"})).status_code == 403
    assert (await signed_in("member").patch(path, json={"description": "x"})).json()["description"] == "x"
    assert (await signed_in("member").patch(path, json={"visibility": "private"})).status_code == 403
    assert (await signed_in("member").delete(path)).status_code == 403
    assert (await signed_in("maintainer").patch(path, json={"visibility": "private"})).status_code == 200


async def test_a_name_is_taken_whatever_its_case(platform: Platform, signed_in: As) -> None:
    await make_repository(platform, "Corpus")
    body = {"kind": "dataset", "owner": "Demo", "name": "corpus"}
    client = signed_in("member")
    again = await client.post(BASE, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "repository_exists")
    assert (await client.post(BASE, json={**body, "exist_ok": True})).json()["name"] == "Corpus"
    assert (await client.get(f"{BASE}/dataset/DEMO/CORPUS")).json()["full_name"] == "demo/Corpus"


async def test_a_name_may_be_borne_by_one_repository_of_each_kind(platform: Platform) -> None:
    dataset = await make_repository(platform, kind="dataset")
    async with platform.work(MEMBER) as uow:
        assert (await find_by_reference(uow, "demo/corpus")).id == dataset.id
    model = await make_repository(platform, kind="model")
    async with platform.work(MEMBER) as uow:
        with pytest.raises(ReferenceAmbiguous):
            await find_by_reference(uow, "demo/corpus")
        assert (await find_by_reference(uow, "models/demo/corpus@main")).id == model.id
        assert (await find_by_reference(uow, f"{dataset.id}@main")).id == dataset.id


async def test_a_new_repository_has_an_empty_first_revision(platform: Platform) -> None:
    await make_repository(platform)
    async with platform.work(MEMBER) as uow:
        revision = await resolve(uow, "datasets/demo/corpus")
        assert (revision.files, revision.bytes) == (0, 0)
        assert await resolve(uow, revision.ref) == revision


async def test_a_moved_repository_is_found_at_its_old_address_until_that_is_taken(
    platform: Platform, signed_in: As
) -> None:
    row = await make_repository(platform)
    client = signed_in("maintainer")
    moved = await client.post(f"{BASE}/dataset/demo/corpus/move", json={"owner": "other", "name": "moved"})
    assert moved.json()["full_name"] == "other/moved"
    assert (await client.get(f"{BASE}/dataset/demo/corpus")).json()["id"] == row.id
    assert (await signed_in("member").get(f"{BASE}/dataset/demo/corpus")).status_code == 404
    other = await make_repository(platform)
    assert (await client.get(f"{BASE}/dataset/demo/corpus")).json()["id"] == other.id
    clash = await client.post(f"{BASE}/dataset/demo/corpus/move", json={"owner": "other", "name": "moved"})
    assert clash.status_code == 409


async def test_a_repository_follows_its_owner_to_a_new_name(platform: Platform) -> None:
    row = await make_repository(platform)
    async with platform.work() as uow:
        await follow_owner(uow, Event("identity.organisation_renamed", {"org_id": "org_demo", "name": "renamed"}))
    async with platform.work(MEMBER) as uow:
        for reference in ("datasets/renamed/corpus", "datasets/demo/corpus"):
            assert (await find_by_reference(uow, reference)).id == row.id


async def test_a_deleted_repository_frees_its_name_and_can_be_restored_for_a_while(
    platform: Platform, signed_in: As
) -> None:
    row = await make_repository(platform)
    client, path = signed_in("maintainer"), f"{BASE}/dataset/demo/corpus"
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 404
    assert [r["id"] for r in (await client.get(BASE, params={"deleted": True})).json()["items"]] == [row.id]
    assert (await signed_in("member").get(BASE, params={"deleted": True})).status_code == 403
    await make_repository(platform)
    blocked = await client.post(f"{BASE}/deleted/{row.id}/restore")
    assert blocked.json()["code"] == "repository_exists"
    await client.post(f"{path}/move", json={"owner": "demo", "name": "second"})
    assert (await signed_in("outsider").post(f"{BASE}/deleted/{row.id}/restore")).status_code == 404
    assert (await client.post(f"{BASE}/deleted/{row.id}/restore")).json()["id"] == row.id
    assert (await client.get(path)).json()["id"] == row.id


async def test_what_was_deleted_long_ago_is_gone_for_good(platform: Platform, signed_in: As) -> None:
    row = await make_repository(platform)
    await signed_in("maintainer").delete(f"{BASE}/dataset/demo/corpus")
    assert await purge_deleted(platform) == 0
    now = platform.clock.now()
    platform.clock = ManualClock(now + timedelta(days=31))
    assert await purge_deleted(platform) == 1
    assert (await signed_in("maintainer").post(f"{BASE}/deleted/{row.id}/restore")).status_code == 404


async def test_repositories_are_found_by_words_labels_and_owner(platform: Platform, signed_in: As) -> None:
    client = signed_in("member")
    declared: list[tuple[str, dict[str, object]]] = [
        ("laws", {"licence": ["MIT"], "language": ["zh"], "tag": ["法律"], "description": "国家法律 26,196 条"}),
        ("poems", {"licence": ["mit"], "language": ["zh", "en"], "tag": ["诗词", "100%"]}),
        ("code", {"licence": ["apache-2.0"], "language": ["en"], "task": ["text-generation"]}),
    ]
    for name, labels in declared:
        answer = await client.post(BASE, json={"kind": "dataset", "owner": "demo", "name": name, **labels})
        assert answer.status_code == 201, answer.text

    async def names(**query: str | list[str]) -> list[str]:
        found = await client.get(BASE, params={"sort": "name", **query})
        return [row["name"] for row in found.json()["items"]]

    assert await names(licence="MIT") == ["laws", "poems"]
    assert await names(language=["zh", "en"]) == ["poems"]
    assert await names(text="法律") == ["laws"]
    assert await names(text="LAWS 26,196") == ["laws"]
    assert await names(text="100%") == ["poems"]
    assert await names(text="1_0") == []
    assert await names(tag="诗词", kind="dataset", owner="demo") == ["poems"]
    assert await names(owner="other") == []
    assert await names(text="a\0b") == []
    facets = (await client.get(f"{BASE}/facets", params={"language": "zh"})).json()
    assert facets["licence"] == [{"value": "mit", "count": 2}]
    assert facets["language"] == [{"value": "zh", "count": 2}, {"value": "en", "count": 1}]


async def test_every_repository_comes_once_whatever_the_order_of_the_pages(platform: Platform, signed_in: As) -> None:
    for number in range(5):
        await make_repository(platform, f"r{number}")
    client = signed_in("member")
    for sort in ("-updated_at", "name", "-downloads", "created_at", "-bytes"):
        seen: list[str] = []
        params: dict[str, str | int] | None = {"limit": 2, "sort": sort}
        while params:
            body = (await client.get(BASE, params=params)).json()
            seen += [row["name"] for row in body["items"]]
            params = {"limit": 2, "sort": sort, "cursor": body["next"]} if body["next"] else None
        assert sorted(seen) == [f"r{number}" for number in range(5)]


async def test_two_who_take_one_name_at_once_get_one_repository(platform: Platform) -> None:
    await make_repository(platform)
    with pytest.raises(RepositoryExists):
        await make_repository(platform)
    async with platform.work(OUTSIDER) as uow:
        with pytest.raises(RepositoryNotFound):
            await find_by_reference(uow, "datasets/demo/corpus")
    async with platform.work(SCOPELESS) as uow:
        with pytest.raises(RepositoryNotFound):
            await find_by_reference(uow, "demo/corpus")


async def test_repositories_are_found_by_grade_and_size_and_a_card_cannot_lower_a_grade(
    platform: Platform, signed_in: As
) -> None:
    await make_repository(platform, "plain")
    await make_repository(platform, "kept")
    member, maintainer = signed_in("member"), signed_in("maintainer")
    assert (await member.patch(f"{BASE}/dataset/demo/kept", json={"grade": ["important"]})).status_code == 403
    changed = await maintainer.patch(f"{BASE}/dataset/demo/kept", json={"grade": ["important"]})
    assert changed.json()["grade"] == ["important"]
    assert (await maintainer.patch(f"{BASE}/dataset/demo/kept", json={"grade": ["secret"]})).status_code == 422
    found = (await member.get(BASE, params={"grade": "important", "size": "under-10MB"})).json()["items"]
    assert [row["name"] for row in found] == ["kept"]
    assert (await member.get(BASE, params={"size": "1GB-10GB"})).json()["items"] == []
    facets = (await member.get(f"{BASE}/facets")).json()
    assert facets["grade"] == [{"value": "important", "count": 1}]
    assert facets["size"] == [{"value": "under-10MB", "count": 2}]


@pytest.mark.parametrize(
    ("declared", "card", "grade"),
    [
        ([], "内部数据", ["internal"]),
        (["core"], "public", ["core"]),
        (["public"], "重要", ["important"]),
        ([], "x", []),
    ],
)
def test_the_stricter_grade_holds(declared: list[str], card: str, grade: list[str]) -> None:
    assert labels_of({"grade": declared}, {"data_grade": card}).grade == grade


@pytest.mark.parametrize(("grade", "widest"), [("internal", "internal"), ("important", "private"), ("core", "private")])
async def test_a_grade_bounds_who_may_see_the_data(platform: Platform, signed_in: As, grade: str, widest: str) -> None:
    await make_repository(platform, "kept")
    maintainer = signed_in("maintainer")
    place = f"{BASE}/dataset/demo/kept"
    opened = await maintainer.patch(place, json={"visibility": "public"})
    assert opened.json()["visibility"] == "public"
    refused = await maintainer.patch(place, json={"grade": [grade]})
    assert (refused.status_code, refused.json()["code"]) == (409, "grade_forbids")
    assert (await maintainer.get(place)).json()["grade"] == []
    together = await maintainer.patch(place, json={"grade": [grade], "visibility": widest})
    assert (together.json()["grade"], together.json()["visibility"]) == ([grade], widest)
    assert (await maintainer.patch(place, json={"visibility": "public"})).json()["code"] == "grade_forbids"
    assert (await maintainer.patch(place, json={"description": "仍可修改"})).status_code == 200
    body = {"kind": "dataset", "owner": "demo", "name": f"new-{grade}", "grade": [grade], "visibility": "public"}
    assert (await maintainer.post(BASE, json=body)).json()["code"] == "grade_forbids"


async def test_what_is_made_of_graded_data_is_graded_as_strictly_and_never_lower(
    platform: Platform, signed_in: As
) -> None:
    maintainer = signed_in("maintainer")
    for name, grade in (("general", "general"), ("core", "core"), ("made", "internal")):
        await make_repository(platform, name)
        await maintainer.patch(f"{BASE}/dataset/demo/{name}", json={"grade": [grade]})
    await maintainer.patch(f"{BASE}/dataset/demo/made", json={"visibility": "internal"})
    for inputs, grade, seen in ((["general"], "internal", "internal"), (["general", "core"], "core", "private")):
        async with platform.work(MEMBER) as uow:
            row = await find_by_reference(uow, "datasets/demo/made")
            await inherit_grade(uow, row, [f"datasets/demo/{name}" for name in inputs])
        shown = (await maintainer.get(f"{BASE}/dataset/demo/made")).json()
        assert (shown["grade"], shown["visibility"]) == ([grade], seen)


async def test_a_card_that_grades_public_data_as_core_closes_it(platform: Platform, signed_in: As) -> None:
    await make_repository(platform, "open", visibility="public")
    async with platform.work(MEMBER) as uow:
        row = await find_by_reference(uow, "datasets/demo/open")
        await describe(uow, row, "---\ndata_grade: 核心\n---\n# 数据\n")
    shown = (await signed_in("member").get(f"{BASE}/dataset/demo/open")).json()
    assert (shown["grade"], shown["visibility"]) == (["core"], "private")
