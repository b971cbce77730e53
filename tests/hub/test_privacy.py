"""A person's name goes on request, history keeps its hashes; an organisation takes its records along."""

from __future__ import annotations

import json

from ceyuan.hub import commit_folder, resolve
from ceyuan.hub.commits.refs import resolve_commit
from ceyuan.hub.privacy import ERASED, HubOrganisationData, HubPersonalData
from ceyuan.hub.repositories.service import find_by_reference
from ceyuan.identity import ExportFile
from ceyuan.kernel.platform import Platform
from tests.hub.conftest import MEMBER, make_repository


def read(file: ExportFile) -> list[dict[str, object]]:
    assert isinstance(file.content, bytes)
    found: list[dict[str, object]] = json.loads(file.content)
    return found


async def test_names_are_handed_out_and_erased_while_history_stays(platform: Platform, tmp_path) -> None:  # type: ignore[no-untyped-def]
    await make_repository(platform)
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a").write_text("1")
    revision = await commit_folder(platform, "demo/corpus", tmp_path / "x", message="m", actor=MEMBER)
    async with platform.work(write=False) as uow:
        files = {file.path: file async for file in HubPersonalData().export(uow, MEMBER.id)}
    assert [row["name"] for row in read(files["repositories.json"])] == ["corpus"]
    assert {row["author"] for row in read(files["commits.json"])} == {MEMBER.label}
    for _ in range(2):
        async with platform.work() as uow:
            await HubPersonalData().erase(uow, MEMBER.id)
    async with platform.work(write=False) as uow:
        row = await find_by_reference(uow, "demo/corpus")
        commit = await resolve_commit(uow, row, None)
        assert (row.creator, commit.author, commit.author_id) == (ERASED, ERASED, MEMBER.id)
        assert await resolve(uow, revision.ref) == revision


async def test_an_organisation_takes_its_records_along(platform: Platform) -> None:
    row = await make_repository(platform)
    async with platform.work(write=False) as uow:
        files = [file async for file in HubOrganisationData().export(uow, "org_demo")]
        assert [file async for file in HubOrganisationData().export(uow, "org_other")] == []
    assert [file.path for file in files] == [f"dataset/demo/corpus-{row.id}.json"]
    assert isinstance(files[0].content, bytes)
    content = json.loads(files[0].content)
    assert list(content["refs"]) == ["refs/heads/main"]
