from __future__ import annotations

from ceyuan.kernel.platform import Platform
from tests.hub.conftest import As, make_repository

COLLECTIONS = "/api/v1/collections"


async def test_a_like_counts_once_and_can_be_taken_back(platform: Platform, signed_in: As) -> None:
    await make_repository(platform, "m", "model", "public")
    url = "/api/v1/repositories/model/demo/m/like"
    assert (await signed_in("").put(url)).status_code == 401
    for _ in range(2):
        assert (await signed_in("outsider").put(url)).json() == {"likes": 1, "liked": True}
    assert (await signed_in("").get(url)).json() == {"likes": 1, "liked": False}
    listed = (await signed_in("").get("/api/v1/repositories?sort=-likes")).json()["items"]
    assert listed[0]["likes"] == 1
    assert (await signed_in("outsider").delete(url)).json() == {"likes": 0, "liked": False}


async def test_likes_of_a_private_repository_do_not_exist_for_others(platform: Platform, signed_in: As) -> None:
    await make_repository(platform, "m", "model")
    for method in ("GET", "PUT", "DELETE"):
        answer = await signed_in("outsider").request(method, "/api/v1/repositories/model/demo/m/like")
        assert answer.status_code == 404


async def test_a_collection_hides_itself_and_its_items_from_those_who_may_not_see_them(
    platform: Platform, signed_in: As
) -> None:
    await make_repository(platform, "open", "model", "public")
    await make_repository(platform, "closed", "model")
    member, outsider = signed_in("member"), signed_in("outsider")
    assert (await outsider.post(COLLECTIONS, json={"owner": "demo", "title": "Ours"})).status_code in (403, 404)
    made = (await member.post(COLLECTIONS, json={"owner": "demo", "title": "Good models"})).json()
    one = f"{COLLECTIONS}/{made['token']}"
    assert (await outsider.get(one)).status_code == 404
    assert (await outsider.get(COLLECTIONS)).json()["items"] == []
    for name in ("open", "closed"):
        put = await member.post(f"{one}/items", json={"kind": "model", "owner": "demo", "name": name, "note": name})
        assert put.status_code == 201
    again = await member.post(f"{one}/items", json={"kind": "model", "owner": "demo", "name": "open"})
    assert again.json()["code"] == "collection_item_exists"
    await member.patch(one, json={"private": False, "title": "Best models"})
    seen = (await outsider.get(one)).json()
    assert (seen["title"], seen["may_change"]) == ("Best models", False)
    assert [item["repository"]["name"] for item in seen["items"]] == ["open"]
    assert (await outsider.delete(one)).status_code in (403, 404)


async def test_items_are_ordered_and_taken_out(platform: Platform, signed_in: As) -> None:
    member = signed_in("member")
    made = (await member.post(COLLECTIONS, json={"owner": "demo", "title": "C"})).json()
    one = f"{COLLECTIONS}/{made['token']}"
    for name in ("a", "b"):
        await make_repository(platform, name, "dataset")
        body = {"kind": "dataset", "owner": "demo", "name": name}
        items = (await member.post(f"{one}/items", json=body)).json()["items"]
    second = f"{one}/items/{items[1]['id']}"
    moved = (await member.patch(second, json={"position": 0})).json()["items"]
    assert [item["repository"]["name"] for item in moved] == ["b", "a"]
    left = (await member.delete(second)).json()["items"]
    assert [item["repository"]["name"] for item in left] == ["a"]
    assert (await member.delete(one)).status_code == 204
    assert (await member.get(one)).json()["code"] == "collection_not_found"
