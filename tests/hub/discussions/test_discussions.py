from __future__ import annotations

import pytest

from ceyuan.kernel.platform import Platform
from tests.hub.conftest import As, make_repository
from tests.hub.protocol.world import HubClient

TALKS = "/api/v1/repositories/{}/demo/{}/discussions"


@pytest.mark.parametrize("word", ["", "outsider"])
async def test_discussions_of_a_private_repository_do_not_exist_for_others(
    platform: Platform, signed_in: As, word: str
) -> None:
    await make_repository(platform)
    url = TALKS.format("dataset", "corpus")
    client = signed_in(word)
    for method, path in (("GET", url), ("POST", url), ("GET", f"{url}/1"), ("POST", f"{url}/1/merge")):
        answer = await client.request(method, path, json={"title": "let me in"} if path == url else {})
        assert answer.status_code in (401, 404), (path, answer.text)


async def test_a_thread_is_opened_answered_renamed_and_closed_by_its_people(platform: Platform, signed_in: As) -> None:
    await make_repository(platform, "corpus", "report", "public")
    url = TALKS.format("report", "corpus")
    guest, member = signed_in("outsider"), signed_in("member")
    made = await guest.post(url, json={"title": "What is row 3?", "text": "It **looks** odd"})
    assert made.status_code == 201
    assert (made.json()["number"], made.json()["pull_request"]) == (1, False)
    said = (await member.post(f"{url}/1/comments", json={"text": "A heading"})).json()
    assert (await guest.patch(f"{url}/1/comments/{said['id']}", json={"text": "no"})).status_code == 403
    assert (await guest.patch(f"{url}/1", json={"title": "What is line 3?"})).status_code == 200
    assert (await signed_in("viewer").post(f"{url}/1/status", json={"status": "closed"})).status_code == 403
    assert (await member.delete(f"{url}/1/comments/{said['id']}")).status_code == 204
    await member.post(f"{url}/1/status", json={"status": "closed", "text": "done"})
    shown = (await signed_in("").get(f"{url}/1")).json()
    assert (shown["status"], shown["may_comment"], shown["may_change"]) == ("closed", False, False)
    assert [(event["kind"], event["data"].get("text")) for event in shown["events"]] == [
        ("comment", "It **looks** odd"),
        ("comment", ""),
        ("title-change", None),
        ("comment", "done"),
        ("status-change", None),
    ]
    assert (await guest.get(f"{url}?status=open")).json() == {"items": [], "total": 0}


async def test_a_pull_request_from_a_branch_shows_its_changes_and_is_merged(signed_in: As) -> None:
    http = signed_in("member")
    client = HubClient(http)
    await client.create()
    await client.commit({"a.txt": b"one\n"})
    repository = "/api/v1/repositories/model/demo/m"
    await http.post(f"{repository}/refs", json={"kind": "branch", "name": "fix", "revision": "main"})
    await client.commit({"a.txt": b"two\n"}, revision="fix")
    await client.commit({"b.txt": b"else\n"})
    url = TALKS.format("model", "m")
    made = await http.post(url, json={"title": "Say two", "pull_request": True, "source": "fix"})
    assert (made.status_code, made.json()["status"]) == (201, "draft")
    pull = (await http.get(f"{url}/1")).json()
    assert (pull["pull"]["base"], pull["pull"]["conflicts"], pull["may_merge"]) == ("main", [], True)
    sides = {"old": pull["pull"]["start"], "new": pull["pull"]["head"]}
    changed = (await http.get(f"{repository}/compare", params=sides)).json()["items"]
    assert [(item["path"], item["status"]) for item in changed] == [("a.txt", "changed")]
    merged = await http.post(f"{url}/1/merge", json={"text": "thanks"})
    assert (merged.status_code, merged.json()["status"], merged.json()["may_merge"]) == (200, "merged", False)
    assert (await http.get("/demo/m/resolve/main/a.txt")).text == "two\n"
    again = await http.post(f"{url}/1/merge", json={})
    assert (again.status_code, again.json()["code"]) == (409, "discussion_closed")


async def test_a_pull_request_that_both_sides_changed_is_not_merged(signed_in: As) -> None:
    http = signed_in("member")
    client = HubClient(http)
    await client.create()
    url = TALKS.format("model", "m")
    await http.post(url, json={"title": "Mine", "pull_request": True})
    await client.commit({"a.txt": b"theirs"})
    await client.commit({"a.txt": b"mine"}, revision="refs%2Fpr%2F1")
    assert (await http.get(f"{url}/1")).json()["pull"]["conflicts"] == ["a.txt"]
    refused = await http.post(f"{url}/1/merge", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "merge_conflict")
