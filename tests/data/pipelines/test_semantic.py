"""Semantic duplicates as jobs: the run's process reaches the gateway by its socket, as the organisation it is for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from ceyuan.data.pipelines import Embedder
from ceyuan.hub import read_file
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.platform import Platform
from tests.data.conftest import ACTORS, As
from tests.data.corpus.test_semantic_run import embedded_alone, rows
from tests.data.pipelines.test_pipelines import SOURCES, finished, started, succeeded

RECIPE = {"duplicates": {"near": False, "semantic": {"model": "m-1", "threshold": 0.85}}}


class NoFunds(CeyuanError):
    status = 402
    code = "no_funds"
    title = ("余额不足", "No funds left")


class Models:
    """A gateway with one embedding model; it writes down who asked for what."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.keys: list[str] = []
        self.poor = False

    def offers(self, platform: Platform, org_id: str, model: str) -> bool:
        return (org_id, model) == ("org_demo", "m-1")

    async def embed(
        self, platform: Platform, actor: Actor, org_id: str, document: Mapping[str, Any], repeat_key: str
    ) -> dict[str, Any]:
        if self.poor:
            raise NoFunds(hint=("请充值", "top up"))
        self.keys.append(repeat_key)
        self.asked += [(actor.id, org_id, text) for text in document["input"]]
        vectors = [embedded_alone(text, 48)[0].tolist() for text in document["input"]]
        return {"data": [{"index": at, "embedding": vector} for at, vector in enumerate(vectors)]}


@pytest.fixture
def models(platform: Platform) -> Models:
    made = Models()
    platform.hooks[Embedder] = [made]
    return made


async def registered(signed_in: As, folder: Path, **more: Any) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.jsonl").write_bytes(b"\n".join(orjson.dumps(row) for row in rows(30)))
    body = {"org_id": "org_demo", "key": "own", "kind": "folder", "location": str(folder), "licence": "CC0-1.0", **more}
    answer = await signed_in("operator").post(SOURCES, json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def counted(platform: Platform, result: dict[str, Any]) -> dict[str, Any]:
    async with platform.work(ACTORS["member"], write=False) as uow:
        manifest = orjson.loads(await read_file(uow, result["revision"], "manifest.json"))
    found: dict[str, Any] = manifest["counts"]["semantic"]
    return found


async def test_a_run_asks_the_gateway_for_its_organisation_and_nothing_twice(
    signed_in: As, platform: Platform, models: Models, tmp_path: Path
) -> None:
    source = await registered(signed_in, tmp_path / "own")
    body = {"org_id": "org_demo", "sources": [source], "dataset": "demo/zh", "recipe": RECIPE}
    result = await succeeded(platform, await started(signed_in, "corpora", body))
    counts = await counted(platform, result)
    assert counts["duplicates"] > 5
    assert counts["vectors"] == counts["documents"] == len(models.asked) == len(set(models.asked))
    assert {asked[:2] for asked in models.asked} == {(ACTORS["member"].id, "org_demo")}
    assert len(set(models.keys)) == len(models.keys)
    before = len(models.asked)
    with (tmp_path / "own" / "a.jsonl").open("ab") as file:
        file.write(
            b"\n" + orjson.dumps({"text": "新来的一篇文章，讲的是从前有座山，山上有座庙，庙里有个老和尚在说故事。"})
        )
    again = await succeeded(platform, await started(signed_in, "corpora", body))
    assert len(models.asked) == before + 1
    assert (await counted(platform, again))["vectors"] == counts["vectors"] + 1


async def test_a_model_that_is_not_served_is_refused_before_anything_runs(
    signed_in: As, platform: Platform, models: Models, tmp_path: Path
) -> None:
    source = await registered(signed_in, tmp_path / "own")
    recipe = {"duplicates": {"semantic": {"model": "m-2"}}}
    body = {"org_id": "org_demo", "sources": [source], "dataset": "demo/zh", "recipe": recipe}
    answer = await signed_in("member").post("/api/v1/data/corpora", json=body)
    assert answer.status_code == 422
    assert answer.json()["code"] == "recipe_invalid"
    assert "m-2" in answer.json()["detail"]
    assert models.asked == []


async def test_what_the_gateway_refuses_is_the_jobs_last_word(
    signed_in: As, platform: Platform, models: Models, tmp_path: Path
) -> None:
    models.poor = True
    source = await registered(signed_in, tmp_path / "own")
    body = {"org_id": "org_demo", "sources": [source], "dataset": "demo/zh", "recipe": RECIPE}
    job = await finished(platform, await started(signed_in, "corpora", body))
    assert job.state == "failed"
    words = orjson.dumps(job.error).decode()
    assert "top up" in words
    assert "请充值" in words


async def test_vectors_of_a_source_need_no_model(signed_in: As, platform: Platform, tmp_path: Path) -> None:
    source = await registered(signed_in, tmp_path / "own", reading={"vector_field": "embedding"})
    recipe = {"duplicates": {"near": False, "semantic": {"threshold": 0.85}}}
    body = {"org_id": "org_demo", "sources": [source], "dataset": "demo/zh", "recipe": recipe}
    result = await succeeded(platform, await started(signed_in, "corpora", body))
    assert (await counted(platform, result))["duplicates"] > 5
    shown = await signed_in("member").get("/api/v1/data/datasets/demo/zh/drop-reasons")
    reasons = {row["reason"]: (row["zh"], row["en"]) for row in shown.json()["reasons"]}
    assert "意思相同" in reasons["semantic_duplicate"][0]
