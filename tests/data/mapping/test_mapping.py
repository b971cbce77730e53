"""Mapping over HTTP: who may look at a source's columns, and what is proposed, tried and kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ceyuan.hub import commit_folder, create_repository
from ceyuan.kernel.platform import Platform
from tests.data.conftest import ACTORS, As

pytestmark = pytest.mark.engine_bound
URL = "/api/v1/data/sources"


async def registered(signed_in: As, folder: Path) -> str:
    folder.mkdir()
    (folder / "a.csv").write_text("标题,发布日期,正文\n办法,2023年3月5日,自发布之日起施行。\n", "utf-8")
    (folder / "b.csv").write_text("subject,day,story\n规定,2024/1/2,另行通知后执行。\n", "utf-8")
    body = {"org_id": "org_demo", "key": "own", "kind": "folder", "location": str(folder)}
    answer = await signed_in("operator").post(URL, json=body)
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


async def test_only_members_look_at_columns(signed_in: As, tmp_path: Path) -> None:
    address = f"{URL}/{await registered(signed_in, tmp_path / 'own')}/columns"
    preview: dict[str, Any] = {"json": {"text": ["正文"]}}
    for word, status in (("", 401), ("outsider", 404), ("viewer", 403)):
        assert (await signed_in(word).get(address)).status_code == status
        assert (await signed_in(word).post(f"{address}/preview", **preview)).status_code == status


async def test_columns_are_proposed_corrected_tried_and_kept(signed_in: As, tmp_path: Path) -> None:
    source = await registered(signed_in, tmp_path / "own")
    member = signed_in("member")
    found = (await member.get(f"{URL}/{source}/columns")).json()
    assert [one["name"] for one in found["columns"]] == ["标题", "发布日期", "正文", "subject", "day", "story"]
    assert (found["proposal"]["text"], found["proposal"]["title"]) == (["正文"], ["标题"])
    assert found["mapping"] is None

    mapping = {"text": ["正文", "story"], "title": ["标题", "subject"], "time": ["发布日期", "day"], "others": False}
    shown = (await member.post(f"{URL}/{source}/columns/preview", json=mapping)).json()
    assert [(row["title"], row["time"], row["text"]) for row in shown["rows"]] == [
        ("办法", "2023-03-05", "自发布之日起施行。"),
        ("规定", "2024-01-02", "另行通知后执行。"),
    ]
    kept = await member.patch(f"{URL}/{source}", json={"reading": {"mapping": mapping}})
    assert kept.status_code == 200, kept.text
    assert (await member.get(f"{URL}/{source}/columns")).json()["mapping"]["title"] == ["标题", "subject"]


async def test_a_mapping_without_text_and_one_of_a_registered_corpus_are_refused(signed_in: As, tmp_path: Path) -> None:
    source = await registered(signed_in, tmp_path / "own")
    member = signed_in("member")
    assert (await member.post(f"{URL}/{source}/columns/preview", json={"text": []})).status_code == 422
    assert (await member.patch(f"{URL}/{source}", json={"reading": {"mapping": {"text": []}}})).status_code == 422
    laws = {"org_id": "org_demo", "key": "laws", "kind": "package", "location": "china-law"}
    corpus = (await member.post(URL, json=laws)).json()["id"]
    assert (await member.get(f"{URL}/{corpus}/columns")).json()["code"] == "nothing_to_map"
    refused = await member.patch(f"{URL}/{corpus}", json={"reading": {"mapping": {"text": ["正文"]}}})
    assert (refused.status_code, refused.json()["code"]) == (422, "source_invalid")


async def test_a_folder_without_records_says_so(signed_in: As, tmp_path: Path) -> None:
    source = await registered(signed_in, tmp_path / "own")
    for file in (tmp_path / "own").iterdir():
        file.unlink()
    (tmp_path / "own" / "a.txt").write_text("只有文本", "utf-8")
    answer = await signed_in("member").get(f"{URL}/{source}/columns")
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_map")


async def test_columns_of_a_dataset_are_those_of_its_revision(signed_in: As, built: Platform, tmp_path: Path) -> None:
    (tmp_path / "own" / "deep").mkdir(parents=True)
    (tmp_path / "own" / "deep" / "a[1].csv").write_text("标题,正文\n办法,自发布之日起施行。\n", "utf-8")
    (tmp_path / "own" / "README.md").write_text("说明", "utf-8")
    member = ACTORS["member"]
    async with built.work(member, write=True) as uow:
        await create_repository(uow, "dataset", "demo", "records", visibility="private")
    await commit_folder(built, "datasets/demo/records", tmp_path / "own", message="one", actor=member)
    body = {"org_id": "org_demo", "key": "records", "kind": "dataset", "location": "datasets/demo/records"}
    source = (await signed_in("member").post(URL, json=body)).json()["id"]
    found = (await signed_in("member").get(f"{URL}/{source}/columns")).json()
    assert [one["name"] for one in found["files"]] == ["deep/a[1].csv"]
    assert found["proposal"]["text"] == ["正文"]
    assert not list((built.data_dir / "work").glob("map_*"))
