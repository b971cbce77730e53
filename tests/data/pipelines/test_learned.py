"""Models that a recipe's operators read come from the hub, at a fixed revision, and from nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ceyuan.data.operators import models, train_quality
from ceyuan.data.pipelines.learned import FOLDER_VARIABLE
from ceyuan.hub import commit_folder, create_repository, local_snapshot
from ceyuan.kernel.platform import Platform
from tests.data.conftest import ACTORS, As
from tests.data.pipelines.test_pipelines import DATA, kept, made_raw, started, succeeded

assert made_raw  # a fixture
GOOD = [f"各级人民政府应当加强对第{n}项工作的领导，保障公民的合法权益。" for n in range(40)]
BAD = [f"点击领取{n}优惠券加微信秒杀包邮日赚千元真人棋牌" for n in range(40)]


async def judge(platform: Platform, folder: Path, name: str = "judge") -> str:
    """A repository of `demo` with a model of quality; the model's SHA-256."""
    folder.mkdir()
    sha256 = train_quality(GOOD, BAD, folder / "quality.npz")
    async with platform.work(ACTORS["member"]) as uow:
        await create_repository(uow, "model", "demo", name)
    await commit_folder(platform, f"models/demo/{name}", folder, message="k", actor=ACTORS["member"])
    return sha256


def recipe(**parameters: Any) -> dict[str, Any]:
    return {"steps": [{"operator": "quality", "parameters": parameters}]}


def test_engine_and_platform_name_the_folder_of_models_alike() -> None:
    assert models._FOLDER == FOLDER_VARIABLE


@pytest.mark.engine_bound
async def test_a_run_measures_by_a_model_of_the_hub_and_tells_its_revision(
    platform: Platform, signed_in: As, made_raw: Path, tmp_path: Path
) -> None:
    await kept(platform, made_raw, "raw")
    sha256 = await judge(platform, tmp_path / "judge")
    body = {"org_id": "org_demo", "raw": ["datasets/demo/raw"], "dataset": "demo/judged"}
    job = await started(signed_in, "pipelines", body | {"recipe": recipe(model="models/demo/judge")})
    made = await succeeded(platform, job)
    found = await local_snapshot(platform, made["revision"], tmp_path / "made", actor=ACTORS["member"])
    assert pl.read_parquet(tmp_path / "made" / "statistics.parquet")["quality"].null_count() == 0
    manifest = (await signed_in("member").get(f"{DATA}/datasets/demo/judged/manifest")).json()
    told = manifest["recipe"]["steps"][0]["parameters"]
    assert told["model"].startswith("models/demo/judge@")
    assert told["sha256"] == sha256
    assert found is not None


async def test_a_path_of_the_server_or_a_model_that_is_not_there_is_refused_before_a_job(
    built: Platform, signed_in: As, made_raw: Path, tmp_path: Path
) -> None:
    await kept(built, made_raw, "raw")
    sha256 = await judge(built, tmp_path / "judge")
    body = {"org_id": "org_demo", "raw": ["datasets/demo/raw"], "dataset": "demo/judged"}
    path = recipe(model=str(tmp_path / "judge" / "quality.npz"), sha256=sha256)
    other = recipe(model="models/demo/judge", sha256="0" * 64)
    missing = {"steps": [{"operator": "perplexity", "parameters": {"model": "models/demo/judge"}}]}
    for wrong in (path, other, missing, recipe()):
        answer = await signed_in("member").post(f"{DATA}/pipelines", json=body | {"recipe": wrong})
        assert (answer.status_code, answer.json()["code"]) == (422, "recipe_invalid"), answer.text
    theirs = body | {"org_id": "org_other", "dataset": "other/judged", "recipe": recipe(model="models/demo/judge")}
    assert (await signed_in("outsider").post(f"{DATA}/pipelines", json=theirs)).status_code == 404
