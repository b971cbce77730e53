"""Reading a repository over HTTP: folders, history, differences."""

from __future__ import annotations

from typing import Any

import httpx

from ceyuan.kernel.platform import Platform
from tests.hub.conftest import As, make_repository

PATH = "/api/v1/repositories/dataset/demo/corpus"


async def commit(client: httpx.AsyncClient, message: str, **files: str | None) -> str:
    """Write (or, with None, delete) files; `__` in a name stands for a slash."""
    operations: list[dict[str, str]] = []
    for name, text in files.items():
        path = name.replace("__", "/")
        operations.append(
            {"op": "delete", "path": path} if text is None else {"op": "write", "path": path, "content": text}
        )
    answer = await client.post(f"{PATH}/commits", json={"message": message, "operations": operations})
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["commit"]
    return made


async def get(client: httpx.AsyncClient, what: str, **params: Any) -> Any:
    return (await client.get(f"{PATH}/{what}", params=params)).json()


async def test_outsiders_read_nothing_of_a_private_repository(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    await commit(signed_in("member"), "m", a="x")
    for word in ("", "outsider"):
        for what in ("tree", "entry?path=a", "card", "commits", "commit", "refs", "downloads", "view?path=a"):
            answer = await signed_in(word).get(f"{PATH}/{what}")
            assert (answer.status_code, answer.json()["code"]) == (404, "repository_not_found"), what
        answer = await signed_in(word).get(f"{PATH}/compare", params={"old": "main", "new": "main"})
        assert answer.status_code == 404


async def test_a_folder_is_listed_page_by_page(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    client = signed_in("viewer")
    files = {f"d__f{n}": str(n) for n in range(5)} | {"a": "1", "d__sub__x": "y", "z": "2"}
    await commit(signed_in("member"), "m", **files)
    tree = await get(client, "tree")
    assert [(e["name"], e["type"], e["files"], e["size"]) for e in tree["items"]] == [
        ("a", "file", 1, 1), ("d", "folder", 6, 6), ("z", "file", 1, 1),
    ]  # fmt: skip
    for recursive, expected in [
        (False, [f"d/f{n}" for n in range(5)] + ["d/sub"]),
        (True, [f"d/f{n}" for n in range(5)] + ["d/sub/x"]),
    ]:
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            params = {"cursor": cursor} if cursor else {}
            page = await get(client, "tree", path="d", recursive=recursive, limit=2, **params)
            seen += [e["path"] for e in page["items"]]
            cursor = page["next"]
        assert seen == expected
    assert (await get(client, "tree", path="none"))["code"] == "entry_not_found"
    assert (await get(client, "tree", path="a"))["code"] == "entry_not_found"
    entry = await get(client, "entry", path="d/sub/x")
    assert (await client.get(entry["url"])).text == "y"
    assert (await get(client, "entry", path="d"))["type"] == "folder"


async def test_history_is_newest_first_and_goes_on_where_it_stopped(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    client = signed_in("member")
    commits = [await commit(client, f"第{n}次\n\n说明", a=str(n)) for n in range(4)]
    first = await get(client, "commits", limit=3)
    assert [c["id"] for c in first["items"]] == commits[:0:-1]
    rest = await get(client, "commits", revision=first["next"])
    assert [c["title"] for c in rest["items"]] == ["第0次", "Create demo/corpus"]
    assert rest["next"] is None
    assert (first["items"][0]["description"], first["items"][0]["author"]) == ("说明", "member")


async def test_the_history_of_a_path_holds_only_what_changed_it(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    client = signed_in("member")
    made = await commit(client, "make", d__a="1")
    await commit(client, "other", b="1")
    changed = await commit(client, "change", d__a="2", b="2")
    gone = await commit(client, "remove", d__a=None)
    for path in ("d/a", "d"):
        assert [c["id"] for c in (await get(client, "commits", path=path))["items"]] == [gone, changed, made]
    page = await get(client, "commits", path="d/a", limit=2)
    assert [c["id"] for c in page["items"]] == [gone, changed]
    assert [c["id"] for c in (await get(client, "commits", path="d/a", revision=page["next"]))["items"]] == [made]
    assert (await get(client, "commits", path="none"))["items"] == []


async def test_two_revisions_differ_by_files_and_lines(platform: Platform, signed_in: As) -> None:
    await make_repository(platform)
    client = signed_in("member")
    old = await commit(client, "1", keep="k", text="one\ntwo\n", gone="bye", d__x="1")
    new = await commit(client, "2", text="one\n二\n", gone=None, d__y="22")
    body = await get(client, "compare", old=old, new=new)
    assert [(c["path"], c["status"], c["old_size"], c["new_size"]) for c in body["items"]] == [
        ("d/y", "added", None, 2), ("gone", "removed", 3, None), ("text", "changed", 8, 8),
    ]  # fmt: skip
    assert (body["added"], body["removed"], body["changed"]) == (1, 1, 1)
    assert (body["added_bytes"], body["removed_bytes"]) == (10, 11)
    assert len((await get(client, "compare", old=old, new=new, limit=1))["items"]) == 1
    diff = (await get(client, "compare/text", old=old, new=new, path="text"))["diff"]
    assert diff == "--- a/text\n+++ b/text\n@@ -1,2 +1,2 @@\n one\n-two\n+二\n"
    added = (await get(client, "compare/text", old=old, new=new, path="d/y"))["diff"]
    assert "+22\n\\ No newline at end of file\n" in added
    assert (await get(client, "compare/text", old=old, new=new, path="none"))["code"] == "entry_not_found"
    big = await commit(client, "3", text="x" * 300_000)
    assert (await get(client, "compare/text", old=new, new=big, path="text"))["diff"] is None
