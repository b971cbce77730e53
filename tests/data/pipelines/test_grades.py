"""Grades of sources: who sets them, and that whatever is made of a source is graded and seen accordingly."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ceyuan.data.pipelines import tasks as pipelines
from ceyuan.data.use import tasks as use
from ceyuan.hub.repositories.cards import GRADES
from ceyuan.kernel.platform import Platform
from tests.data.conftest import As
from tests.data.pipelines.test_pipelines import DATA, SOURCES, kept, source, started, succeeded

HUB = "/api/v1/repositories/dataset/demo"


async def collected(platform: Platform, signed_in: As, sources: list[str], name: str = "raw", **more: Any) -> None:
    body = {"org_id": "org_demo", "sources": sources, "dataset": f"demo/{name}", **more}
    await succeeded(platform, await started(signed_in, "collections", body))


async def of_dataset(signed_in: As, name: str) -> tuple[list[str], str]:
    answer = await signed_in("member").get(f"{HUB}/{name}")
    assert answer.status_code == 200, answer.text
    return answer.json()["grade"], answer.json()["visibility"]


async def test_a_source_is_graded_and_found_by_its_grade(signed_in: As, tmp_path: Path) -> None:
    plain = await source(signed_in, tmp_path / "plain", "plain")
    for grade in GRADES:
        made = await source(signed_in, tmp_path / grade, grade, grade=grade)
        shown = (await signed_in("member").get(f"{SOURCES}/{made}")).json()
        assert shown["grade"] == grade
        found = (await signed_in("member").get(SOURCES, params={"grade": grade})).json()["items"]
        assert [one["id"] for one in found] == [made]
    assert (await signed_in("member").get(f"{SOURCES}/{plain}")).json()["grade"] == ""
    wrong = await signed_in("member").patch(f"{SOURCES}/{plain}", json={"grade": "secret"})
    assert wrong.status_code == 422


async def test_members_grade_higher_and_maintainers_also_lower(signed_in: As, tmp_path: Path) -> None:
    address = f"{SOURCES}/{await source(signed_in, tmp_path / 'own', grade='internal')}"
    assert (await signed_in("viewer").patch(address, json={"grade": "core"})).status_code == 403
    assert (await signed_in("member").patch(address, json={"grade": "important"})).json()["grade"] == "important"
    for lower in ("general", ""):
        assert (await signed_in("member").patch(address, json={"grade": lower})).status_code == 403
    assert (await signed_in("member").get(address)).json()["grade"] == "important"
    assert (await signed_in("member").patch(address, json={"title": "x"})).json()["grade"] == "important"
    for lower in ("general", ""):
        assert (await signed_in("maintainer").patch(address, json={"grade": lower})).json()["grade"] == lower


@pytest.mark.engine_bound
async def test_a_dataset_is_graded_as_its_strictest_source_and_closed_to_whom_that_forbids(
    platform: Platform, signed_in: As, tmp_path: Path
) -> None:
    general = await source(signed_in, tmp_path / "general", "general", grade="general")
    internal = await source(signed_in, tmp_path / "internal", "internal", grade="internal")
    await collected(platform, signed_in, [general], "open", visibility="public")
    assert await of_dataset(signed_in, "open") == (["general"], "public")
    await collected(platform, signed_in, [general, internal], "open")
    assert await of_dataset(signed_in, "open") == (["internal"], "internal")
    asked = await signed_in("maintainer").patch(f"{HUB}/open", json={"visibility": "public"})
    assert (asked.status_code, asked.json()["code"]) == (409, "grade_forbids")


@pytest.mark.engine_bound
async def test_what_was_made_of_a_source_is_graded_with_it_and_never_lower_again(
    platform: Platform, signed_in: As, tmp_path: Path
) -> None:
    made = await source(signed_in, tmp_path / "own", grade="public")
    other = await source(signed_in, tmp_path / "other", "other", grade="public")
    await collected(platform, signed_in, [made], visibility="public")
    await collected(platform, signed_in, [other], "else", visibility="public")
    plan = {"org_id": "org_demo", "raw": ["datasets/demo/raw"], "dataset": "demo/clean", "visibility": "public"}
    await succeeded(platform, await started(signed_in, "pipelines", plan))
    assert await of_dataset(signed_in, "clean") == (["public"], "public")
    await signed_in("member").patch(f"{SOURCES}/{made}", json={"grade": "important"})
    for name in ("raw", "clean"):
        assert await of_dataset(signed_in, name) == (["important"], "private")
    assert await of_dataset(signed_in, "else") == (["public"], "public")
    await signed_in("maintainer").patch(f"{SOURCES}/{made}", json={"grade": "public"})
    await collected(platform, signed_in, [made])
    assert await of_dataset(signed_in, "raw") == (["important"], "private")


@pytest.mark.engine_bound
async def test_what_is_being_made_while_its_source_is_graded_is_graded_with_it(
    platform: Platform, signed_in: As, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await source(signed_in, tmp_path / "own", grade="public")
    await collected(platform, signed_in, [made], visibility="public")

    def graded_before_it_is_published(tasks: ModuleType, grade: str) -> None:
        publish = tasks._publish

        async def late(*given: Any) -> dict[str, str]:
            answer = await signed_in("member").patch(f"{SOURCES}/{made}", json={"grade": grade})
            assert answer.status_code == 200, answer.text
            return await publish(*given)  # type: ignore[no-any-return]

        monkeypatch.setattr(tasks, "_publish", late)

    graded_before_it_is_published(pipelines, "internal")
    plan = {"org_id": "org_demo", "raw": ["datasets/demo/raw"], "dataset": "demo/clean", "visibility": "public"}
    await succeeded(platform, await started(signed_in, "pipelines", plan))
    assert await of_dataset(signed_in, "clean") == (["internal"], "internal")
    graded_before_it_is_published(use, "important")
    plan = {"org_id": "org_demo", "dataset": "datasets/demo/clean", "target": "demo/out", "visibility": "internal"}
    await succeeded(platform, await started(signed_in, "exports", plan | {"form": "jsonl"}))
    assert await of_dataset(signed_in, "out") == (["important"], "private")


async def test_what_would_show_graded_data_to_too_many_is_refused_before_it_begins(
    platform: Platform, signed_in: As, tmp_path: Path
) -> None:
    core = await source(signed_in, tmp_path / "core", "core", grade="core")
    (tmp_path / "held").mkdir()
    (tmp_path / "held" / "a.txt").write_text("正文", "utf-8")
    corpus = await kept(platform, tmp_path / "held")
    await signed_in("maintainer").patch(f"{HUB}/corpus-zh", json={"grade": ["important"]})
    asked: dict[str, dict[str, Any]] = {
        "collections": {"sources": [core], "dataset": "demo/new"},
        "corpora": {"sources": [core], "dataset": "demo/new"},
        "pipelines": {"raw": [corpus], "dataset": "demo/new"},
        "exports": {"dataset": corpus, "target": "demo/new", "form": "jsonl"},
        "mixtures": {"parts": [{"dataset": corpus, "weight": 1}], "dataset": "demo/new", "budget": 1000},
    }
    for path, wanted in asked.items():
        body = wanted | {"org_id": "org_demo", "visibility": "internal"}
        answer = await signed_in("member").post(f"{DATA}/{path}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "grade_forbids"), (path, answer.text)
        assert answer.json()["hint"]
    assert (await signed_in("member").get("/api/v1/jobs")).json()["items"] == []
