from __future__ import annotations

import hashlib
import json
import pickle
from urllib.parse import quote

import pytest

from ceyuan.hub.inspection.tasks import inspect
from ceyuan.hub.protocol import repos
from ceyuan.hub.repositories.service import find_repository
from ceyuan.kernel.platform import Platform
from tests.hub.conftest import MEMBER, As
from tests.hub.inspection.test_inspection import Shell
from tests.hub.protocol.world import HubClient


@pytest.fixture
def member(signed_in: As) -> HubClient:
    return HubClient(signed_in("member"))


@pytest.mark.parametrize("word", ["", "outsider"])
async def test_an_outsider_cannot_learn_that_a_private_repository_exists(
    platform: Platform, signed_in: As, member: HubClient, word: str
) -> None:
    await member.create("demo/secret", private=True)
    client = signed_in(word)
    calls = [
        ("GET", "/api/models/demo/{}"),
        ("GET", "/api/models/demo/{}/tree/main"),
        ("GET", "/api/models/demo/{}/refs"),
        ("GET", "/api/models/demo/{}/commits/main"),
        ("GET", "/api/models/demo/{}/xet-read-token/main"),
        ("GET", "/api/models/demo/{}/discussions"),
        ("GET", "/api/models/demo/{}/auth-check"),
        ("GET", "/demo/{}/resolve/main/.gitattributes"),
        ("POST", "/api/models/demo/{}/paths-info/main"),
    ]
    for method, path in calls:
        there = await client.request(method, path.format("secret"), json={"paths": ["a"]})
        absent = await client.request(method, path.format("nothing"), json={"paths": ["a"]})
        assert (there.status_code, there.headers.get("x-error-code")) == (404, "RepoNotFound"), path
        assert there.text == absent.text, path
    listed = await client.get("/api/models")
    assert "secret" not in listed.text


async def test_a_repository_is_created_once_and_says_where_it_is(signed_in: As, member: HubClient) -> None:
    made = await member.create()
    assert made.json()["url"] == "http://testserver/demo/m"
    again = await member.create()
    assert (again.status_code, again.json()["url"]) == (409, "http://testserver/demo/m")
    refused = await HubClient(signed_in("member")).create("other/m")
    assert refused.status_code == 403


async def test_a_repository_is_its_members_own_unless_it_says_otherwise(signed_in: As, member: HubClient) -> None:
    await member.create("demo/quiet")
    await member.create("demo/loud", private=False)
    assert (await signed_in("outsider").get("/api/models/demo/quiet")).status_code == 404
    assert (await signed_in("").get("/api/models/demo/loud")).json()["private"] is False


async def test_a_commit_adds_copies_and_deletes_and_the_tree_shows_it(member: HubClient) -> None:
    await member.create()
    first = await member.commit({"a/b.txt": b"hello", "c.txt": b"world"})
    assert first.json()["success"]
    copy = {"key": "copyFile", "value": {"path": "d.txt", "srcPath": "a/b.txt"}}
    second = await member.commit(delete=("c.txt",), lines=(copy,))
    assert second.status_code == 200, second.text
    tree = (await member.http.get("/api/models/demo/m/tree/main?recursive=1")).json()
    assert [(e["type"], e["path"]) for e in tree] == [
        ("file", ".gitattributes"),
        ("directory", "a"),
        ("file", "a/b.txt"),
        ("file", "d.txt"),
    ]
    history = (await member.http.get("/api/models/demo/m/commits/main")).json()
    assert [c["title"] for c in history] == ["a change", "a change", "initial commit"]


async def test_a_tree_comes_in_pages_whose_link_goes_on(member: HubClient) -> None:
    await member.create()
    await member.commit({f"f{n}/x.txt": b"x" for n in range(5)})
    url, seen = "/api/models/demo/m/tree/main?recursive=1&limit=3", []
    while url:
        answer = await member.http.get(url)
        seen += [entry["path"] for entry in answer.json()]
        url = answer.links.get("next", {}).get("url", "")
    assert seen == [".gitattributes", *(p for n in range(5) for p in (f"f{n}", f"f{n}/x.txt"))]


async def test_what_is_missing_is_named_in_the_words_of_the_clients(member: HubClient) -> None:
    await member.create()
    for path, code in (
        ("/api/models/demo/m/tree/main/nothing", "EntryNotFound"),
        ("/api/models/demo/m/tree/nowhere", "RevisionNotFound"),
        ("/api/models/demo/nothing", "RepoNotFound"),
        ("/api/models/nothing", "RepoNotFound"),
        ("/api/spaces/demo/m", "RepoNotFound"),
        ("/demo/m/resolve/main/nothing", "EntryNotFound"),
    ):
        answer = await member.http.get(path)
        assert (answer.status_code, answer.headers["x-error-code"]) == (404, code), path


async def test_of_two_commits_on_one_parent_one_wins_and_the_other_is_told(member: HubClient) -> None:
    await member.create()
    head = (await member.http.get("/api/models/demo/m")).json()["sha"]
    assert (await member.commit({"a": b"1"}, parent=head)).status_code == 200
    late = await member.commit({"a": b"2"}, parent=head)
    assert (late.status_code, late.json()["code"]) == (412, "parent_moved")


async def test_preupload_says_how_each_file_comes_and_what_is_there_or_ignored(member: HubClient) -> None:
    await member.create()
    await member.commit({".gitignore": b"*.log\n!keep.log\nbuild/\n", "a.txt": b"a"})
    files = [
        {"path": path, "size": size, "sample": ""}
        for path, size in (
            ("a.txt", 1),
            ("m.safetensors", 9),
            ("x.log", 1),
            ("keep.log", 1),
            ("build/y", 1),
            ("e.bin", 0),
        )
    ]
    answer = (await member.http.post("/api/models/demo/m/preupload/main", json={"files": files})).json()
    found = {f["path"]: (f["uploadMode"], f["shouldIgnore"], f["oid"] is not None) for f in answer["files"]}
    assert found == {
        "a.txt": ("regular", False, True),
        "m.safetensors": ("lfs", False, False),
        "x.log": ("regular", True, False),
        "keep.log": ("regular", False, False),
        "build/y": ("regular", True, False),
        "e.bin": ("regular", False, False),
    }


BROKEN = [
    b"not json",
    b'{"key": "file", "value": {"path": "a", "content": "%%%", "encoding": "base64"}}',
    b'{"key": "file", "value": {"path": 5}}',
    b'{"key": "lfsFile", "value": {"path": "a", "algo": "md5", "oid": "x"}}',
    b'{"key": "explode", "value": {}}',
    b'{"key": 3, "value": {}}',
    b"[1]",
]


async def test_a_broken_commit_is_a_bad_request(member: HubClient) -> None:
    await member.create()
    for body in BROKEN:
        answer = await member.http.post("/api/models/demo/m/commit/main", content=body)
        assert answer.status_code == 400, (body, answer.text)
        assert answer.headers["x-error-message"]


async def test_paths_that_no_file_system_holds_safely_are_refused(member: HubClient) -> None:
    await member.create()
    for path in ("../x", "a/../b", "/etc/passwd", ".git/config", "a\\b", "x" * 300):
        assert (await member.commit({path: b"x"})).status_code == 422, path
    assert len((await member.http.get("/api/models/demo/m/tree/main")).json()) == 1


async def test_content_that_was_not_uploaded_here_cannot_be_committed_by_its_hash(
    signed_in: As, member: HubClient
) -> None:
    await member.create("demo/secret", private=True)
    answer = await member.commit({"weights.bin": b"private weights"}, repo="models/demo/secret")
    assert answer.status_code == 200
    entry = (await member.http.get("/api/models/demo/secret/tree/main")).json()[1]
    thief = HubClient(signed_in("outsider"))
    await thief.create("other/mine")
    stolen = await thief.commit(lfs={"w.bin": entry["lfs"]["oid"]}, repo="models/other/mine")
    assert (stolen.status_code, stolen.json()["code"]) == (422, "upload_missing")


async def test_search_filters_sorts_and_pages(member: HubClient) -> None:
    for number in range(5):
        name = f"demo/m{number}"
        await member.create(name)
        card = f"---\nlicense: mit\ntags: [t{number % 2}]\nlanguage: zh\n---\n# M{number}\n".encode()
        await member.commit({"README.md": card}, repo=f"models/{name}")
    found = (await member.http.get("/api/models?filter=t1&author=demo&sort=createdAt")).json()
    assert [m["id"] for m in found] == ["demo/m3", "demo/m1"]
    assert (await member.http.get("/api/models?filter=license:mit,zh&search=m4")).json()[0]["id"] == "demo/m4"
    page = await member.http.get("/api/models?limit=2&sort=id&direction=1")
    rest = await member.http.get(page.links["next"]["url"])
    assert [m["id"] for m in page.json() + rest.json()] == [f"demo/m{n}" for n in range(4)]


async def test_branches_tags_and_squashing(signed_in: As, member: HubClient) -> None:
    await member.create()
    await member.commit({"a": b"1"})
    http = member.http
    assert (await http.post("/api/models/demo/m/branch/dev", json={})).status_code == 200
    assert (await http.post("/api/models/demo/m/branch/dev", json={})).status_code == 409
    assert (await http.post("/api/models/demo/m/tag/main", json={"tag": "v1"})).status_code == 200
    await member.commit({"b": b"2"}, revision="dev")
    refs = (await http.get("/api/models/demo/m/refs")).json()
    assert [r["name"] for r in refs["branches"]] == ["dev", "main"]
    assert [r["name"] for r in refs["tags"]] == ["v1"]
    diff = await http.get("/api/models/demo/m/compare/main..dev")
    assert "+++ b/b" in diff.text
    squashed = await signed_in("maintainer").post("/api/models/demo/m/super-squash/dev", json={"message": "one"})
    assert squashed.status_code == 200
    assert [c["title"] for c in (await http.get("/api/models/demo/m/commits/dev")).json()] == ["one"]
    assert (await http.delete("/api/models/demo/m/branch/dev")).status_code == 200


async def test_a_pull_request_is_proposed_and_merged_and_conflicts_are_named(signed_in: As, member: HubClient) -> None:
    await member.create(private=False)
    await member.commit({"a.txt": b"one\n"})
    guest = HubClient(signed_in("outsider"))
    opened = await guest.commit({"a.txt": b"two\n"}, query="?create_pr=1")
    assert opened.json()["pullRequestUrl"].endswith("/demo/m/discussions/1")
    shown = (await member.http.get("/api/models/demo/m/discussions/1?diff=1")).json()
    assert (shown["isPullRequest"], shown["filesWithConflicts"]) == (True, [])
    assert "+two" in shown["diff"]
    assert (await guest.http.post("/api/models/demo/m/discussions/1/merge")).status_code == 403
    assert (await member.http.post("/api/models/demo/m/discussions/1/merge")).status_code == 200
    assert (await member.http.get("/demo/m/resolve/main/a.txt")).text == "two\n"
    late = await guest.commit({"a.txt": b"three\n"}, query="?create_pr=1")
    assert late.status_code == 200
    await member.commit({"a.txt": b"four\n"})
    refused = await member.http.post("/api/models/demo/m/discussions/2/merge")
    assert (refused.status_code, refused.json()["files"]) == (409, ["a.txt"])


async def test_an_outsider_cannot_commit_nor_speak_in_a_private_repository(signed_in: As, member: HubClient) -> None:
    await member.create(private=False)
    guest = HubClient(signed_in("outsider"))
    assert (await guest.commit({"x": b"1"})).status_code == 403
    said = await guest.http.post("/api/models/demo/m/discussions", json={"title": "hello there", "description": "x"})
    assert said.status_code == 200
    assert (await signed_in("").post("/api/models/demo/m/discussions", json={"title": "hello"})).status_code == 401


async def test_a_card_is_checked_before_it_is_uploaded(member: HubClient) -> None:
    answer = await member.http.post("/api/validate-yaml", json={"content": "---\na: [1\n---\n", "repoType": "model"})
    assert answer.status_code == 400
    assert answer.json()["errors"]


async def test_a_visibility_and_a_gate_are_changed_by_maintainers_only(signed_in: As, member: HubClient) -> None:
    await member.create(private=False)
    assert (await member.http.put("/api/models/demo/m/settings", json={"private": True})).status_code == 403
    keeper = signed_in("maintainer")
    changed = await keeper.put("/api/models/demo/m/settings", json={"private": False, "gated": "manual"})
    assert changed.status_code == 200
    shown = (await signed_in("outsider").get("/api/models/demo/m")).json()
    assert (shown["private"], shown["gated"]) == (False, "manual")
    blocked = await signed_in("outsider").get("/demo/m/resolve/main/.gitattributes")
    assert (blocked.status_code, blocked.headers["x-error-code"]) == (403, "GatedRepo")
    token = await signed_in("outsider").get("/api/models/demo/m/xet-read-token/main")
    assert token.headers["x-error-code"] == "GatedRepo"
    assert (await member.http.get("/demo/m/resolve/main/.gitattributes")).status_code == 200


async def test_the_hash_of_a_gated_file_does_not_open_it(signed_in: As, member: HubClient) -> None:
    await member.create(private=False)
    await member.commit({"w.bin": b"gated weights"})
    await signed_in("maintainer").put("/api/models/demo/m/settings", json={"gated": "manual"})
    guest = HubClient(signed_in("outsider"))
    tree = (await guest.http.get("/api/models/demo/m/tree/main")).json()
    await guest.create("other/mine")
    taken = await guest.commit(lfs={"w.bin": tree[1]["lfs"]["oid"]}, repo="models/other/mine")
    assert (taken.status_code, taken.json()["code"]) == (422, "upload_missing")


async def test_a_list_of_files_is_whole_or_left_to_the_tree(member: HubClient, monkeypatch: pytest.MonkeyPatch) -> None:
    await member.create()
    await member.commit({f"{n}.txt": b"x" for n in range(4)})
    url = "/api/models/demo/m"
    listed = {each["rfilename"] for each in (await member.http.get(url)).json()["siblings"]}
    assert {f"{n}.txt" for n in range(4)} <= listed
    monkeypatch.setattr(repos, "MAX_SIBLINGS", 3)
    assert (await member.http.get(url)).json()["siblings"] == []


async def test_a_refused_name_is_not_called_missing_when_it_is_written(member: HubClient) -> None:
    await member.create()
    refused = await member.commit({"a//b": b"x"})
    assert (refused.status_code, "x-error-code" in refused.headers) == (422, False)
    read = await member.http.get("/demo/m/resolve/main/a//b")
    assert (read.status_code, read.headers["x-error-code"]) == (422, "EntryNotFound")


async def test_a_refusal_shows_names_in_every_script(member: HubClient) -> None:
    await member.create()
    await member.commit({"策源é.txt": b"x"})
    refused = await member.commit({"策源É.txt": b"x"})
    assert refused.json()["error"] == '"策源é.txt" and "策源É.txt" differ only in case or normalisation'
    assert "x-error-message" not in refused.headers


async def test_a_listing_says_what_the_scanners_found(platform: Platform, member: HubClient) -> None:
    await member.create()
    await member.commit({"a.pkl": pickle.dumps(Shell()), "b.pkl": pickle.dumps([1]), "c.zip": b"c"})
    tree = "/api/models/demo/m/tree/main?expand=1"
    fresh = {e["path"]: e["securityFileStatus"]["status"] for e in (await member.http.get(tree)).json()}
    assert fresh["b.pkl"] == "queued"
    async with platform.work(MEMBER, write=False) as uow:
        row = await find_repository(uow, "model", "demo", "m")
    assert row.head_commit is not None
    await inspect(platform, row.id, row.head_commit)
    seen = {e["path"]: e["securityFileStatus"]["status"] for e in (await member.http.get(tree)).json()}
    assert (seen["a.pkl"], seen["b.pkl"], seen["c.zip"]) == ("unsafe", "safe", "unscanned")
    info = (await member.http.get("/api/models/demo/m?securityStatus=1")).json()["securityRepoStatus"]
    assert info == {"scansDone": True, "filesWithIssues": [{"path": "a.pkl", "level": "unsafe"}]}


async def test_a_list_of_collections_leaves_their_numbers_to_the_client(member: HubClient) -> None:
    made = (await member.http.post("/api/collections", json={"title": "Mine", "namespace": "demo"})).json()
    (listed,) = (await member.http.get("/api/collections?owner=demo")).json()
    assert (made["position"], "position" in listed) == (0, False)


def _tensors(**shapes: tuple[str, list[int]]) -> bytes:
    header = json.dumps(
        {name: {"dtype": dtype, "shape": shape, "data_offsets": [0, 0]} for name, (dtype, shape) in shapes.items()}
    ).encode()
    return len(header).to_bytes(8, "little") + header


async def test_a_models_parameters_are_counted_over_all_of_its_safetensors(member: HubClient) -> None:
    await member.create()
    first = _tensors(a=("F32", [2, 3]), b=("BF16", [10]))
    second = _tensors(c=("F32", [4]))
    await member.commit({"model-00001-of-00002.safetensors": first, "model-00002-of-00002.safetensors": second})
    for path in ("", "/revision/main", "?expand=safetensors"):
        info = (await member.http.get(f"/api/models/demo/m{path}")).json()
        assert info["safetensors"] == {"parameters": {"F32": 10, "BF16": 10}, "total": 20}, path
    assert "safetensors" not in (await member.http.get("/api/models/demo/m?expand=likes")).json()


async def test_a_model_of_which_a_part_cannot_be_read_tells_no_parameters(member: HubClient) -> None:
    await member.create()
    assert "safetensors" not in (await member.http.get("/api/models/demo/m")).json()
    await member.commit({"a.safetensors": _tensors(a=("F32", [2])), "b.safetensors": b"no tensors at all"})
    assert "safetensors" not in (await member.http.get("/api/models/demo/m")).json()


async def test_large_files_are_listed_with_the_change_that_brought_them(signed_in: As, member: HubClient) -> None:
    await member.create(private=True)
    data = b"weights " * 200
    (found,) = (await member.batch(data)).json()["objects"]
    assert (await member.http.put(found["actions"]["upload"]["href"], content=data)).status_code == 200
    oid = hashlib.sha256(data).hexdigest()
    await member.commit({"small.txt": b"small"}, lfs={"a/weights.bin": oid})
    await member.commit({"later.txt": b"later"})
    history = (await member.http.get("/api/models/demo/m/commits/main")).json()
    (listed,) = (await member.http.get("/api/models/demo/m/lfs-files")).json()
    assert listed == {
        **{"fileOid": oid, "oid": oid, "filename": "a/weights.bin", "size": len(data), "ref": "main"},
        "pushedAt": history[1]["date"],
    }
    assert (await signed_in("outsider").get("/api/models/demo/m/lfs-files")).status_code == 404


async def test_large_files_that_only_other_branches_hold_are_listed_behind_those_of_the_default_one(
    member: HubClient,
) -> None:
    await member.create()
    oids = {}
    for name in ("a", "b", "c"):
        data = name.encode() * 5000
        (found,) = (await member.batch(data)).json()["objects"]
        assert (await member.http.put(found["actions"]["upload"]["href"], content=data)).status_code == 200
        oids[name] = hashlib.sha256(data).hexdigest()
    await member.commit({}, lfs={"a.bin": oids["a"]})
    for branch in ("same", "tests/one", "zwei"):
        assert (
            await member.http.post(f"/api/models/demo/m/branch/{quote(branch, safe='')}", json={})
        ).status_code == 200
    await member.commit({}, lfs={"b.bin": oids["b"]}, revision="tests%2Fone")
    await member.commit({"note.txt": b"small"}, lfs={"a.bin": oids["c"]}, revision="zwei")
    listed, link = [], "/api/models/demo/m/lfs-files"
    while link:
        answer = await member.http.get(link)
        listed += [(one["filename"], one["ref"], one["oid"]) for one in answer.json()]
        link = answer.links.get("next", {}).get("url", "")
    assert listed == [
        ("a.bin", "main", oids["a"]),
        ("b.bin", "tests/one", oids["b"]),
        ("a.bin", "zwei", oids["c"]),
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "its first line is its header"),
        (b'{"key": "header", "value": {"summary": "x"}}\n{bad', "line 2 of the commit is not valid JSON"),
        (b'{"key": "header", "value": {"summary": "x"}}\n\n[]', "line 2 of the commit must be"),
        (b"\xff\xfe", "line 1 of the commit is not valid JSON"),
    ],
)
async def test_a_commit_that_cannot_be_read_is_refused_with_its_line(
    member: HubClient, body: bytes, words: str
) -> None:
    await member.create()
    answer = await member.http.post(
        "/api/models/demo/m/commit/main", content=body, headers={"content-type": "application/x-ndjson"}
    )
    assert answer.status_code == 400
    assert words in answer.headers["x-error-message"]
