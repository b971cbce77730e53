"""Mixtures and exports as jobs, cards and accounts over HTTP, and who may have them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ceyuan.data.use import BenchmarkItems, BenchmarkSource
from ceyuan.data.use.croissant import croissant
from ceyuan.hub import commit_folder, create_repository, lineage_graph, read_file
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from tests.data.conftest import ACTORS, As
from tests.data.mixing.test_mixing import corpus, some
from tests.data.pipelines.test_pipelines import DATA, started, succeeded
from tests.data.versions.test_publish import collected, run, texts

ITEM = "已知甲乙两地相距三百二十公里，一列货车以每小时八十公里的速度从甲地开往乙地，求需要几小时。"


async def kept(platform: Platform, folder: Path, name: str) -> str:
    async with platform.work(ACTORS["member"]) as uow:
        await create_repository(uow, "dataset", "demo", name)
    return (await commit_folder(platform, f"datasets/demo/{name}", folder, message="k", actor=ACTORS["member"])).ref


@pytest.fixture(scope="session")
def accounted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus as a pipeline leaves it, made once."""
    root = tmp_path_factory.mktemp("accounted")
    run(collected(root / "a", texts(10, 30)), root / "store", root / "out")
    return root / "out"


@pytest.mark.slow
async def test_a_mixture_is_a_revision_without_the_items_that_evaluation_registered(
    platform: Platform, signed_in: As, tmp_path: Path
) -> None:
    async def read(_uow: UnitOfWork) -> list[BenchmarkItems]:
        return [BenchmarkItems("math", ("算术题", "sums"), [("1", ITEM)])]

    platform.hooks[BenchmarkSource] = [BenchmarkSource(read)]
    listed = (await signed_in("viewer").get(f"{DATA}/benchmarks")).json()
    assert listed == [{"name": "math", "title_zh": "算术题", "title_en": "sums", "items": 1}]
    parts = []
    for seed, name in enumerate(("one", "two")):
        made = corpus(tmp_path, name, [*some(seed, 30), f"{some(9, 1)[0]}{ITEM}{some(8, 1)[0]}"])
        parts.append({"dataset": await kept(platform, made.folder, name)})
    body = {"org_id": "org_demo", "parts": parts, "dataset": "demo/mix", "heldout": 0.2}
    result = await succeeded(platform, await started(signed_in, "mixtures", body))
    assert result["counts"]["left_out"] == {"benchmark": 2}
    async with platform.work(ACTORS["member"], write=False) as uow:
        assert "math/1" in (await _left_out(uow, result["revision"]))["of"].to_list()
        graph = await lineage_graph(uow, result["node_id"])
        assert len([one for one in graph.nodes if one.distance == -1]) == 2
    export = {"org_id": "org_demo", "dataset": result["revision"], "form": "webdataset", "target": "demo/mix-tar"}
    exported = await succeeded(platform, await started(signed_in, "exports", export))
    assert exported["documents"] == result["counts"]["documents"]


async def _left_out(uow: UnitOfWork, reference: str) -> pl.DataFrame:
    return pl.read_parquet(await read_file(uow, reference, "left_out.parquet"))


async def test_mixtures_that_cannot_be_made_are_refused_before_a_job_is(
    built: Platform, signed_in: As, tmp_path: Path
) -> None:
    reference = await kept(built, corpus(tmp_path, "one", some(1, 3)).folder, "one")
    body: dict[str, Any] = {"org_id": "org_demo", "parts": [{"dataset": reference}], "dataset": "demo/mix"}
    member = signed_in("member")
    for wrong in (
        body | {"unit": "tokens"},
        body | {"parts": [{"dataset": reference}, {"dataset": "datasets/demo/one"}]},
    ):
        answer = await member.post(f"{DATA}/mixtures", json=wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "mixture_invalid")
    assert (await signed_in("viewer").post(f"{DATA}/mixtures", json=body)).status_code == 403
    assert (await signed_in("outsider").post(f"{DATA}/mixtures", json=body)).status_code == 404
    assert (await signed_in("").get(f"{DATA}/benchmarks")).status_code == 401


async def test_a_corpus_shows_its_croissant_card_and_its_account(
    built: Platform, signed_in: As, accounted: Path
) -> None:
    await kept(built, accounted, "corpus-zh")
    address = f"{DATA}/datasets/demo/corpus-zh"
    card = (await signed_in("viewer").get(f"{address}/croissant")).json()
    assert card["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert card["license"] == ["CC0-1.0"]
    names = {one["@id"] for one in card["distribution"]}
    for records in card["recordSet"]:
        assert {field["source"]["fileObject"]["@id"] for field in records["field"]} <= names
    account = (await signed_in("viewer").get(f"{address}/contributions")).json()
    assert account["valid"]
    assert account["entries"][0]["shares"][0]["share"] == 1.0
    for part in ("croissant", "contributions"):
        assert (await signed_in("outsider").get(f"{address}/{part}")).status_code == 404


def test_each_file_of_a_split_is_a_set_of_records_that_readers_find() -> None:
    def file(split: str, number: int, of: int) -> dict[str, Any]:
        path = f"data/{split}-{number:05}-of-{of:05}.parquet"
        return {"path": path, "split": split, "bytes": 1, "sha256": "0" * 64}

    files = [file("heldout", 0, 1), file("train", 0, 2), file("train", 1, 2)]
    card = croissant("laws", "https://x/datasets/a/laws", "abc", datetime(2026, 1, 2, tzinfo=UTC), {"data": files}, "")
    assert [one["name"] for one in card["recordSet"]] == ["train-00000-of-00002", "train-00001-of-00002", "heldout"]
    read = [{field["source"]["fileObject"]["@id"] for field in one["field"]} for one in card["recordSet"]]
    assert read == [{files[1]["path"]}, {files[2]["path"]}, {files[0]["path"]}]
    assert "version = {abc}" in card["citeAs"]
    media = {"data": files[:1], "media": {"kind": "image"}}
    fields = croissant("i", "https://x", "abc", datetime(2026, 1, 2, tzinfo=UTC), media, "")["recordSet"][0]["field"]
    assert {"file_name", "preview"} <= {one["name"] for one in fields}
    assert "text" not in {one["name"] for one in fields}
