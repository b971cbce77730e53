"""Downloads over HTTP."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from itertools import pairwise
from urllib.parse import quote

import httpx
import pytest

from ceyuan.hub.downloads.app import HubDownloads, Target
from ceyuan.hub.downloads.counter import DownloadCounter
from ceyuan.hub.trees import git_blob_oid
from ceyuan.kernel.blobs import BlobCorrupt
from ceyuan.kernel.platform import Platform
from tests.hub.conftest import As, make_repository

REST = "/api/v1/repositories/dataset/demo/corpus"
BASE = "/datasets/demo/corpus/resolve"
BIG = os.urandom(2_500_000)


async def fill(platform: Platform, client: httpx.AsyncClient, visibility: str = "private") -> str:
    await make_repository(platform, visibility=visibility)  # type: ignore[arg-type]
    sha256 = (await client.put(f"{REST}/uploads", content=BIG)).json()["sha256"]
    operations = [
        {"op": "add", "path": "data/big.bin", "sha256": sha256},
        {"op": "write", "path": "页面/index #1?.html", "content": "<script>alert(1)</script>"},
        {"op": "write", "path": "empty", "content": ""},
    ]
    made = await client.post(f"{REST}/commits", json={"message": "m", "operations": operations})
    commit: str = made.json()["commit"]
    return commit


async def test_who_may_not_read_gets_the_answer_of_what_does_not_exist(platform: Platform, signed_in: As) -> None:
    await fill(platform, signed_in("member"))
    for word in ("", "outsider", "scopeless"):
        there = await signed_in(word).get(f"{BASE}/main/data/big.bin")
        absent = await signed_in(word).get("/datasets/demo/nothing/resolve/main/data/big.bin")
        assert (there.status_code, there.text, there.headers) == (absent.status_code, absent.text, absent.headers)
        assert (there.status_code, there.headers["x-error-code"]) == (404, "RepoNotFound")


async def test_a_file_comes_whole_with_what_the_hubs_clients_need(platform: Platform, signed_in: As) -> None:
    commit = await fill(platform, signed_in("member"), "public")
    answer = await signed_in("").get(f"{BASE}/main/data/big.bin")
    assert (answer.status_code, answer.content) == (200, BIG)
    headers = answer.headers
    assert headers["etag"] == headers["x-linked-etag"] == f'"{hashlib.sha256(BIG).hexdigest()}"'
    assert (headers["x-repo-commit"], headers["x-linked-size"]) == (commit, str(len(BIG)))
    assert (headers["accept-ranges"], headers["content-length"]) == ("bytes", str(len(BIG)))
    assert headers["content-disposition"].startswith('attachment; filename="big.bin"')
    assert headers["cache-control"] == "private, no-cache"
    head = await signed_in("").head(f"{BASE}/{commit}/data/big.bin")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(BIG)))
    assert "immutable" in head.headers["cache-control"]


async def test_parts_put_together_are_the_whole(platform: Platform, signed_in: As) -> None:
    client = signed_in("member")
    await fill(platform, client)
    url, cuts = f"{BASE}/main/data/big.bin", [0, 1, 1_048_576, 2_000_001, len(BIG)]
    parts = b""
    for start, end in pairwise(cuts):
        answer = await client.get(url, headers={"Range": f"bytes={start}-{end - 1}"})
        assert (answer.status_code, answer.headers["content-range"]) == (206, f"bytes {start}-{end - 1}/{len(BIG)}")
        parts += answer.content
    assert parts == BIG
    beyond = await client.get(url, headers={"Range": f"bytes={len(BIG)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(BIG)}")
    stale = await client.get(url, headers={"Range": "bytes=0-0", "If-Range": '"old"'})
    assert (stale.status_code, len(stale.content)) == (200, len(BIG))


async def test_what_the_client_has_is_not_sent_again(platform: Platform, signed_in: As) -> None:
    client = signed_in("member")
    await fill(platform, client)
    etag = (await client.head(f"{BASE}/main/empty")).headers["etag"]
    assert etag == f'"{git_blob_oid(b"")}"'
    answer = await client.get(f"{BASE}/main/empty", headers={"If-None-Match": f'W/"x", {etag}'})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    empty = await client.get(f"{BASE}/main/empty")
    assert (empty.status_code, empty.content) == (200, b"")


async def test_a_strangers_page_is_shown_as_text_and_can_run_nothing(platform: Platform, signed_in: As) -> None:
    client = signed_in("member")
    await fill(platform, client)
    answer = await client.get(f"{BASE}/main/{quote('页面/index #1?.html')}")
    assert answer.text == "<script>alert(1)</script>"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["content-disposition"].startswith("inline")
    forced = await client.get(f"{BASE}/main/empty", params={"download": "true"})
    assert forced.headers["content-disposition"].startswith("attachment")


async def test_what_is_missing_is_named_for_people_and_for_the_hubs_clients(platform: Platform, signed_in: As) -> None:
    client = signed_in("member")
    commit = await fill(platform, client)
    for path, code, status in [
        (f"{BASE}/none/empty", "RevisionNotFound", 404),
        (f"{BASE}/main/none", "EntryNotFound", 404),
        (f"{BASE}/main/data", "EntryNotFound", 404),
        (f"{BASE}/main/a%00b", "EntryNotFound", 422),
        ("/demo/corpus/resolve/main/empty", "RepoNotFound", 404),
    ]:
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["x-error-code"]) == (status, code), path
        assert answer.json()["code"]
    missing = await client.get(f"{BASE}/main/none")
    assert (missing.headers["x-repo-commit"], "none" in missing.headers["x-error-message"]) == (commit, True)
    wrong = await client.post(f"{BASE}/main/empty")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD")


async def test_a_branch_with_a_slash_is_named_in_one_segment(platform: Platform, signed_in: As) -> None:
    client = signed_in("member")
    await fill(platform, client)
    await client.post(f"{REST}/refs", json={"kind": "branch", "name": "feature/x"})
    for revision in ("feature/x", "refs/heads/feature/x"):
        assert (await client.get(f"{BASE}/{quote(revision, safe='')}/empty")).status_code == 200


async def test_a_renamed_repository_still_serves_its_old_addresses(platform: Platform, signed_in: As) -> None:
    await fill(platform, signed_in("member"))
    await signed_in("maintainer").post(f"{REST}/move", json={"owner": "demo", "name": "renamed"})
    assert (await signed_in("member").get(f"{BASE}/main/empty")).status_code == 200


async def test_downloads_are_counted_once_and_looks_are_not(platform: Platform, signed_in: As) -> None:
    client = signed_in("member")
    await fill(platform, client)
    url = f"{BASE}/main/data/big.bin"
    await client.head(url)
    await client.get(url)
    await client.get(url, headers={"Range": "bytes=0-99"})
    await client.get(url, headers={"Range": "bytes=100-199"})
    (counter,) = platform.find(DownloadCounter)
    await counter.flush(platform)
    await counter.flush(platform)
    assert (await client.get(REST)).json()["downloads"] == 2
    days = (await client.get(f"{REST}/downloads")).json()
    assert [(d["count"], d["bytes"]) for d in days] == [(2, len(BIG) + 100)]
    assert days[0]["day"] == platform.clock.now().date().isoformat()
    counter.add("rep_gone", platform.clock.now().date() - timedelta(days=1), 5)
    await counter.flush(platform)


async def test_damaged_content_is_never_sent_completely(platform: Platform, signed_in: As) -> None:
    client = signed_in("member")
    await fill(platform, client)
    place = platform.blobs.local_path(hashlib.sha256(BIG).hexdigest())
    assert place is not None
    place.chmod(0o644)
    place.write_bytes(BIG[:-1] + b"?")
    with pytest.raises(BlobCorrupt):
        await client.get(f"{BASE}/main/data/big.bin")
    place.unlink()
    answer = await client.get(f"{BASE}/main/data/big.bin")
    assert (answer.status_code, answer.json()["code"]) == (404, "blob_missing")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/repositories",
        "/console/a/resolve/b/c",
        "/datasets/a/b/tree/main/x",
        "/v1/models/resolve/x/y",
        "/a/b/resolve/c",
    ],
)
def test_other_paths_are_left_to_others(path: str) -> None:
    assert not HubDownloads.serves(path)


def test_an_address_says_kind_owner_name_revision_and_path() -> None:
    assert Target.parse("/a/b/resolve/main/c/d") == Target("model", "a", "b", "main", "c/d")
    assert Target.parse("/models/a/b/resolve/main/c") == Target("model", "a", "b", "main", "c")
    assert Target.parse("/reports/a/b/resolve/x%2Fy/c%20d") == Target("report", "a", "b", "x/y", "c d")
    assert HubDownloads.serves("/datasets/a/b/resolve/main/数据 1.txt")


async def test_a_large_file_is_fetched_from_the_object_store_by_whoever_may_read_it_and_is_no_browser(
    platform: Platform, signed_in: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(platform, signed_in("member"))

    async def address(sha256: str, seconds: int) -> str:
        return f"https://s3.example.cn/{sha256}?expires={seconds}"

    monkeypatch.setattr(platform.blobs.backend, "address", address)
    member, big = signed_in("member"), f"{BASE}/main/data/big.bin"
    moved = await member.get(big, headers={"range": "bytes=1-5"})
    assert (moved.status_code, moved.headers["cache-control"]) == (302, "private, no-store")
    assert moved.headers["location"] == f"https://s3.example.cn/{hashlib.sha256(BIG).hexdigest()}?expires=3600"
    assert (moved.headers["x-repo-commit"], moved.content) == ((await member.head(big)).headers["x-repo-commit"], b"")
    assert (await member.head(big)).status_code == 200
    assert (await member.get(big, headers={"sec-fetch-mode": "cors"})).content == BIG
    assert (await member.get(f"{BASE}/main/empty")).status_code == 200
    assert (await signed_in("outsider").get(big)).status_code == 404
