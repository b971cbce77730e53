"""Versions of a corpus in the hub: listed, compared, gone back to; documents found and traced; who may do it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ceyuan.data.history import service
from ceyuan.hub import commit_folder, create_repository, resolve
from ceyuan.kernel.jobs.errors import TimeLimit
from ceyuan.kernel.platform import Platform
from tests.data.conftest import ACTORS, As
from tests.data.versions.test_publish import collected, run, texts

ADDRESS = "/api/v1/data/datasets/demo/corpus-zh"


@pytest.fixture(scope="session")
def two_versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A corpus and its successor, made once: two documents less, one more."""
    root = tmp_path_factory.mktemp("versions")
    now = texts(8, 60)
    run(collected(root / "a", now), root / "store", root / "one")
    del now["0001.txt"], now["0002.txt"]
    now["new.txt"] = "新来的正文，写得足够长，可以留下来，也不会被看作太短。"
    run(
        collected(root / "b", now),
        root / "store",
        root / "two",
        previous=str(root / "one"),
        previous_ref="datasets/demo/corpus-zh@main",
    )
    return root / "one", root / "two"


async def kept(platform: Platform, folders: tuple[Path, Path]) -> list[str]:
    """The folders as successive revisions of a private dataset of `demo`; their commits."""
    async with platform.work(ACTORS["member"]) as uow:
        await create_repository(uow, "dataset", "demo", "corpus-zh")
    made = [
        await commit_folder(platform, "datasets/demo/corpus-zh", one, message=one.name, actor=ACTORS["member"])
        for one in folders
    ]
    return [one.commit for one in made]


async def got(client: Any, path: str, **params: Any) -> Any:
    answer = await client.get(f"{ADDRESS}{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_versions_are_listed_compared_and_gone_back_to(
    built: Platform, signed_in: As, two_versions: tuple[Path, Path]
) -> None:
    first, second = await kept(built, two_versions)
    viewer = signed_in("viewer")
    listed = (await got(viewer, "/versions"))["items"]
    assert [one["commit"] for one in listed] == [second, first]
    assert [one["current"] for one in listed] == [True, False]
    assert listed[0]["change"] == {"put": 1, "deleted": 2, "measured": 1}
    told = await got(viewer, "/versions/diff", earlier=first, later=second)
    assert (told["counts"]["added"], told["counts"]["removed"]) == (1, 2)
    some = await got(viewer, "/versions/diff", earlier=first, later=second, kind="added")
    assert [one["id"] for one in some["documents"]] == ["own/new.txt"]
    wish = {"to": first, "why": "来源撤回"}
    assert (await viewer.post(f"{ADDRESS}/versions/rollback", json=wish)).status_code == 403
    assert (await signed_in("member").post(f"{ADDRESS}/versions/rollback", json=wish)).status_code == 403
    assert (await signed_in("outsider").post(f"{ADDRESS}/versions/rollback", json=wish)).status_code == 404
    done = (await signed_in("maintainer").post(f"{ADDRESS}/versions/rollback", json=wish)).json()
    assert done["restored"] == first
    newest = (await got(viewer, "/versions"))["items"][0]
    assert (newest["restored"], newest["change"], newest["why"]) == (first, None, "来源撤回")
    alone = (await got(viewer, "/versions", limit=1))["items"][0]
    assert first.startswith(alone["restored"])
    async with built.work(ACTORS["member"], write=False) as uow:
        now, then = [await resolve(uow, f"datasets/demo/corpus-zh@{one}") for one in ("main", first)]
    assert now.tree == then.tree
    assert now.commit == done["commit"] not in (first, second)


async def test_the_version_of_a_time_is_found(built: Platform, signed_in: As, two_versions: tuple[Path, Path]) -> None:
    first, second = await kept(built, two_versions)
    viewer = signed_in("viewer")
    times = {one["commit"]: one["created_at"] for one in (await got(viewer, "/versions"))["items"]}
    assert (await got(viewer, "/versions/at", when=times[second]))["commit"] == second
    early = await viewer.get(f"{ADDRESS}/versions/at", params={"when": "2001-01-01T00:00:00Z"})
    assert (early.status_code, early.json()["code"]) == (404, "version_not_found")
    naive = await viewer.get(f"{ADDRESS}/versions/at", params={"when": "2030-01-01T00:00:00"})
    assert naive.status_code == 422
    assert first != second


async def test_documents_are_found_by_what_became_of_them_and_traced_through_versions(
    built: Platform, signed_in: As, two_versions: tuple[Path, Path]
) -> None:
    first, second = await kept(built, two_versions)
    viewer = signed_in("viewer")
    dropped = await got(viewer, "/documents", state="dropped", reason="too_short")
    assert dropped["total"] == len(dropped["documents"]) > 0
    assert all(one["text"] is None for one in dropped["documents"])
    shown = (await got(viewer, "/documents", state="kept"))["documents"][0]
    holding = await got(viewer, "/documents", text=shown["text"][5:40])
    assert shown["id"] in [one["id"] for one in holding["documents"]]
    facets = (await got(viewer, "/documents", limit=1))["facets"]
    assert sum(one["documents"] for one in facets["domain"]) == 59
    short = {"value": "too_short", "names": ["过短", "too short"], "documents": dropped["total"]}
    assert short in facets["reason"]
    assert facets["field"] == facets["form"] == []
    for field, words in (("law", "operator field"), ("no_such", "there are: government, law")):
        refused = await viewer.get(f"{ADDRESS}/documents", params={"field": field}, headers={"accept-language": "en"})
        assert (refused.status_code, refused.json()["code"]) == (422, "class_invalid")
        assert words in refused.json()["detail"]
    found = await got(viewer, "/documents", text="new.txt")
    assert found["documents"][0]["text"].startswith("新来的正文")
    way = (await got(viewer, "/documents/trace", id="own/new.txt"))["trace"]
    assert [one["state"] for one in way["history"]] == ["kept", "absent"]
    gone = (await got(viewer, "/documents/trace", id="own/0001.txt"))["trace"]
    assert (gone["state"], gone["tombstone"]["last"]) == ("absent", "datasets/demo/corpus-zh@main")
    unknown = await viewer.get(f"{ADDRESS}/documents/trace", params={"id": "own/never"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "document_not_found")
    assert (await signed_in("outsider").get(f"{ADDRESS}/documents")).status_code == 404
    assert (await signed_in("").get(f"{ADDRESS}/versions")).status_code == 404
    assert not list((built.data_dir / "work").glob("look_*"))
    assert len({first, second}) == 2


async def test_an_engine_that_comes_to_its_limit_is_not_told_as_a_fault_of_what_was_asked(
    built: Platform, signed_in: As, two_versions: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    await kept(built, two_versions)

    async def too_long(*_: Any) -> None:
        raise TimeLimit(30)

    monkeypatch.setattr(service, "ask_engine", too_long)
    for path, params in (("/documents", {"field": "law"}), ("/documents/trace", {"id": "own/new.txt"})):
        answer = await signed_in("viewer").get(f"{ADDRESS}{path}", params=params)
        assert (answer.status_code, answer.json()["code"]) == (500, "time_limit")


async def test_a_corpus_is_studied_by_source_duplicates_and_correlation(
    built: Platform, signed_in: As, two_versions: tuple[Path, Path]
) -> None:
    await kept(built, two_versions)
    found = await got(signed_in("viewer"), "/analysis", floor=0.99)
    assert found["sources"][0]["documents"] == 59
    assert {"low"} <= {one["kind"] for one in found["alarms"]}
    assert found["clusters"][0]["members"] >= found["clusters"][-1]["members"] >= 1
    assert sum(one["groups"] for one in found["duplicates"]) >= len(found["clusters"])
    assert len(found["correlation"]["values"]) == len(found["correlation"]["names"])
    assert (await signed_in("outsider").get(f"{ADDRESS}/analysis")).status_code == 404
