"""Collecting and cleaning as jobs: what reaches the hub, who may start and read it, and what other thresholds do."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from ceyuan.data.collection import PackageCache, Source, collect
from ceyuan.data.corpus import Inputs, Recipe, build
from ceyuan.data.operators import find as operator
from ceyuan.hub import commit_folder, create_repository, lineage_graph, list_files, read_file, resolve
from ceyuan.kernel.jobs import Job, find
from ceyuan.kernel.platform import Platform
from tests.data.conftest import ACTORS, As
from tests.data.corpus.conftest import records

SOURCES, DATA = "/api/v1/data/sources", "/api/v1/data"


async def source(signed_in: As, folder: Path, key: str = "own", count: int = 60, **more: Any) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.jsonl").write_bytes(b"\n".join(orjson.dumps(record) for record in records(len(key), count)))
    body = {"org_id": "org_demo", "key": key, "kind": "folder", "location": str(folder), "licence": "CC0-1.0", **more}
    answer = await signed_in("operator").post(SOURCES, json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def finished(platform: Platform, job_id: str) -> Job:
    for _ in range(2000):  # a slow machine takes minutes for what takes seconds here
        async with platform.work(ACTORS["member"], write=False) as uow:
            job = await find(uow, job_id)
            if job.state not in ("queued", "running"):
                return job
        await asyncio.sleep(0.15)
    raise AssertionError("the job did not end")


async def started(signed_in: As, path: str, body: dict[str, Any], word: str = "member", **headers: str) -> str:
    answer = await signed_in(word).post(f"{DATA}/{path}", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


async def succeeded(platform: Platform, job_id: str) -> dict[str, Any]:
    job = await finished(platform, job_id)
    assert job.state == "succeeded", job.error
    assert job.result is not None
    return job.result


async def kept(platform: Platform, folder: Path, name: str = "corpus-zh") -> str:
    """Keep a folder as a private dataset of `demo`; its reference."""
    async with platform.work(ACTORS["member"]) as uow:
        await create_repository(uow, "dataset", "demo", name)
    reference = f"datasets/demo/{name}"
    return (await commit_folder(platform, reference, folder, message="keep", actor=ACTORS["member"])).ref


@pytest.fixture(scope="session")
def made_raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection, made once."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "own").mkdir()
    (folder / "own" / "a.jsonl").write_bytes(b"\n".join(orjson.dumps(record) for record in records(0, 60)))
    sources = [Source("own", "folder", str(folder / "own"))]
    collect(folder / "raw", sources, PackageCache(folder / "cache"), lambda message: None)
    return folder / "raw"


@pytest.fixture(scope="session")
def made_corpus(made_raw: Path) -> Path:
    """A corpus' dataset, made once."""
    out = made_raw.parent / "out"
    build(Inputs.of([made_raw]), Recipe(), out, {"zh": "语料", "en": "Corpus"}, lambda message: None)
    return out / "dataset"


async def test_strangers_start_nothing(signed_in: As, built: Platform, tmp_path: Path) -> None:
    source_id = await source(signed_in, tmp_path / "own")
    collect = {"org_id": "org_demo", "sources": [source_id], "dataset": "demo/raw"}
    for path in ("collections", "corpora"):
        assert (await signed_in("").post(f"{DATA}/{path}", json=collect)).status_code == 401
        assert (await signed_in("outsider").post(f"{DATA}/{path}", json=collect)).status_code == 404
        assert (await signed_in("viewer").post(f"{DATA}/{path}", json=collect)).status_code == 403
    theirs = collect | {"org_id": "org_other", "dataset": "other/raw"}
    assert (await signed_in("outsider").post(f"{DATA}/collections", json=theirs)).status_code == 404
    pipeline = {"org_id": "org_demo", "raw": ["datasets/demo/nothing"], "dataset": "demo/corpus"}
    assert (await signed_in("").post(f"{DATA}/pipelines", json=pipeline)).status_code == 401
    assert (await signed_in("member").post(f"{DATA}/pipelines", json=pipeline)).status_code == 404


async def test_a_corpus_is_a_revision_with_card_manifest_and_lineage_and_the_same_again(
    platform: Platform, signed_in: As, tmp_path: Path
) -> None:
    source_id = await source(signed_in, tmp_path / "own")
    title = {"zh": "演示语料", "en": "Demo corpus"}
    body = {"org_id": "org_demo", "sources": [source_id], "dataset": "demo/corpus-zh", "title": title}
    result = await succeeded(platform, await started(signed_in, "corpora", body))
    async with platform.work(ACTORS["member"], write=False) as uow:
        revision = await resolve(uow, "datasets/demo/corpus-zh")
        assert revision.ref == result["revision"]
        paths = {path async for path, _ in list_files(uow, revision.ref)}
        assert {"README.md", "manifest.json", "statistics.parquet", "data/train-00000-of-00001.parquet"} <= paths
        assert "run.json" not in paths
        assert "# 演示语料" in (await read_file(uow, revision.ref, "README.md")).decode()
        graph = await lineage_graph(uow, revision.node_id)
        kinds = [(placed.distance, placed.row.kind, placed.row.label) for placed in graph.nodes if placed.row]
        assert (-2, "source", "own") in kinds
        assert [distance for distance, kind, _ in kinds if kind == "dataset"] == [-1, 0]
        forward = await lineage_graph(uow, f"source:{source_id}")
        assert max(placed.distance for placed in forward.nodes) == 2
    total = result["counts"]["total"]
    assert 0 < total["kept"] < total["documents"] == result["collected"]["documents"]
    shown = (await signed_in("member").get(f"{SOURCES}/{source_id}")).json()
    assert shown["documents"] == total["documents"]
    assert shown["collected_at"] is not None
    again = {
        "org_id": "org_demo",
        "raw": [result["collected"]["revision"]],
        "dataset": "demo/corpus-zh",
        "title": title,
    }
    repeated = await succeeded(platform, await started(signed_in, "pipelines", again))
    assert repeated["revision"] == result["revision"]
    assert repeated["content_sha256"] == result["content_sha256"]
    assert not list((platform.data_dir / "work").glob("job_*"))


async def test_findings_are_read_by_those_who_may_read_the_dataset(
    built: Platform, signed_in: As, made_corpus: Path
) -> None:
    await kept(built, made_corpus)
    address = f"{DATA}/datasets/demo/corpus-zh"
    viewer = signed_in("viewer")
    manifest = (await viewer.get(f"{address}/manifest")).json()
    assert len(manifest["content_sha256"]) == 64
    reasons = (await viewer.get(f"{address}/drop-reasons")).json()
    assert {"too_short", "exact_duplicate"} <= {row["reason"] for row in reasons["reasons"]}
    assert "too_short" in (await viewer.get(f"{address}/samples")).json()["dropped"]
    assert "characters" in (await viewer.get(f"{address}/distributions")).json()["general"]
    for part in ("manifest", "drop-reasons", "samples", "distributions"):
        assert (await signed_in("outsider").get(f"{address}/{part}")).status_code == 404
        assert (await signed_in("").get(f"{address}/{part}")).status_code == 404


async def test_a_dataset_that_no_pipeline_made_has_no_findings(built: Platform, signed_in: As, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("正文", "utf-8")
    (tmp_path / "manifest.json").write_text("[]", "utf-8")
    await kept(built, tmp_path)
    for part in ("manifest", "drop-reasons", "samples", "distributions"):
        answer = await signed_in("member").get(f"{DATA}/datasets/demo/corpus-zh/{part}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_a_corpus")


async def test_other_thresholds_are_tried_at_once(built: Platform, signed_in: As, made_corpus: Path) -> None:
    revision = await kept(built, made_corpus)
    address = f"{DATA}/datasets/demo/corpus-zh/recut"
    change = {"thresholds": {"general": {"too_short": {"at_least": 100}}}}
    told = (await signed_in("viewer").post(address, json=change)).json()
    assert told["revision"] == revision
    assert told["domains"]["general"]["kept_then"] < told["domains"]["general"]["kept_now"]
    assert {one["reason"]: one["at_least"] for one in told["filters"]["general"]}["too_short"] == 20
    assert (await signed_in("outsider").post(address, json=change)).status_code == 404
    wrong = await signed_in("viewer").post(address, json={"thresholds": {"general": {"ugly": {"at_least": 1}}}})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "thresholds_invalid")
    assert not list((built.data_dir / "work").glob("cut_*"))


async def test_recipes_are_described_in_both_languages(built: Platform, signed_in: As) -> None:
    assert (await signed_in("").get(f"{DATA}/recipes/defaults")).status_code == 401
    told = (await signed_in("member").get(f"{DATA}/recipes/defaults")).json()
    assert told["recipe"]["duplicates"]["threshold"] == 0.7
    assert told["domains"]["law"] == ["法律法规", "law and regulation"]
    assert "properties" in told["schema"]
    operators = {one["name"]: one for one in told["operators"]}
    assert operators["normalise"]["always"]
    assert operators["repetition"]["identity"] == operator("repetition").identity
    assert operators["perplexity"]["identity"] is None
    assert (operators["links"]["modality"], operators["links"]["writes"]) == ("text", ["links", "links_share"])
    assert operators["image_blur"]["modality"] == "image"
    assert all(one["cost"] > 0 and one["schema"]["type"] == "object" for one in operators.values())


async def test_a_wrong_recipe_is_refused_with_the_place_of_the_fault_before_a_job_is_made(
    built: Platform, signed_in: As, made_raw: Path
) -> None:
    await kept(built, made_raw, "raw")
    body = {"org_id": "org_demo", "raw": ["datasets/demo/raw"], "dataset": "demo/bad"}
    steps = [{"operator": "no_such"}]
    for recipe, word in (({"form": "NFX"}, "form"), ({"steps": steps}, "no_such")):
        answer = await signed_in("member").post(f"{DATA}/pipelines", json=body | {"recipe": recipe})
        assert (answer.status_code, answer.json()["code"]) == (422, "recipe_invalid")
        assert word in answer.json()["detail"]
    assert (await signed_in("outsider").post(f"{DATA}/pipelines", json=body)).status_code == 404


@pytest.mark.engine_bound
async def test_a_corpus_is_asked_in_sql_and_nothing_else_can_be_seen(
    built: Platform, signed_in: As, made_corpus: Path
) -> None:
    revision = await kept(built, made_corpus)
    address = f"{DATA}/datasets/demo/corpus-zh/query"
    viewer = signed_in("viewer")
    joined = "statistics s LEFT JOIN documents d USING (id)"
    sql = f"SELECT s.reason IS NULL AS kept, count(d.id) AS n FROM {joined} GROUP BY 1"
    told = (await viewer.post(address, json={"sql": sql})).json()
    assert told["revision"] == revision
    assert dict(map(tuple, told["rows"]))[False] == 0 < dict(map(tuple, told["rows"]))[True]
    few = (await viewer.post(address, json={"sql": "SELECT id, split FROM documents", "limit": 1})).json()
    assert few["truncated"]
    assert few["rows"][0][1] in ("train", "heldout")
    for wrong in (
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY documents TO 'x.csv'",
        "SELECT 1; SELECT 2",
        "INSTALL httpfs",
        "SELECT nothing FROM documents",
    ):
        answer = await viewer.post(address, json={"sql": wrong})
        assert (answer.status_code, answer.json()["code"]) == (422, "query_invalid"), wrong
    assert (await signed_in("outsider").post(address, json={"sql": sql})).status_code == 404
    assert not list((built.data_dir / "work").glob("sql_*"))


async def test_a_recipe_of_data_juicer_is_read_with_what_differs(built: Platform, signed_in: As) -> None:
    theirs = "process:\n- fix_unicode_mapper:\n- text_length_filter: {min_len: 10}\n- no_such_mapper:\n"
    told = (await signed_in("member").post(f"{DATA}/recipes/import", json={"yaml": theirs})).json()
    assert told["left_out"] == ["no_such_mapper"]
    assert told["recipe"]["steps"][0]["operator"] == "repair_mojibake"
    wrong = await signed_in("member").post(f"{DATA}/recipes/import", json={"yaml": "a: ["})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "recipe_invalid")
    assert (await signed_in("").post(f"{DATA}/recipes/import", json={"yaml": theirs})).status_code == 401


@pytest.mark.engine_bound
async def test_an_optional_source_that_is_gone_is_skipped_and_a_required_one_fails_clearly(
    platform: Platform, signed_in: As, tmp_path: Path
) -> None:
    good = await source(signed_in, tmp_path / "good", "good")
    gone = await source(signed_in, tmp_path / "gone", "gone", reading={"required": False})
    needed = await source(signed_in, tmp_path / "needed", "needed")
    (tmp_path / "good" / "b.pdf").write_bytes(b"no PDF")
    for name in ("gone", "needed"):
        (tmp_path / name / "a.jsonl").unlink()
    body = {"org_id": "org_demo", "sources": [good, gone], "dataset": "demo/raw"}
    job = await finished(platform, await started(signed_in, "collections", body))
    assert job.result is not None
    assert [one["key"] for one in job.result["skipped"]] == ["gone"]
    assert job.result["sources"] == [good]
    shown = (await signed_in("member").get(f"{SOURCES}/{good}")).json()
    assert (shown["rejected"], shown["fetched"]["unreadable"]) == (1, {"fake_extension": 1})
    assert [(one["where"], one["reason"]) for one in shown["fetched"]["examples"]] == [("b.pdf", "fake_extension")]
    log = (await signed_in("member").get(f"/api/v1/jobs/{job.id}/log")).json()
    assert "set aside: b.pdf: fake_extension" in [line["message"] for line in log if line["level"] == "warning"]
    assert "未收入：b.pdf：内容与扩展名不符" in [(line["data"] or {}).get("zh") for line in log]
    failed = await finished(platform, await started(signed_in, "collections", body | {"sources": [needed]}))
    assert failed.error is not None
    assert "没有文件" in failed.error["message"][0]


@pytest.mark.engine_bound
async def test_a_dataset_of_the_hub_is_a_source(platform: Platform, signed_in: As, made_corpus: Path) -> None:
    await kept(platform, made_corpus)
    async with platform.work(ACTORS["member"], write=False) as uow:
        read = await resolve(uow, "datasets/demo/corpus-zh")
    body = {"org_id": "org_demo", "key": "again", "kind": "dataset", "location": "datasets/demo/corpus-zh"}
    made = await signed_in("member").post(SOURCES, json=body | {"reading": {"limit": 10}})
    collect = {"org_id": "org_demo", "sources": [made.json()["id"]], "dataset": "demo/copy"}
    result = await succeeded(platform, await started(signed_in, "collections", collect))
    assert result["documents"] == 10
    async with platform.work(ACTORS["member"], write=False) as uow:
        graph = await lineage_graph(uow, result["node_id"])
    assert read.node_id in {placed.key for placed in graph.nodes}


async def test_a_repeated_request_starts_one_job(platform: Platform, signed_in: As, tmp_path: Path) -> None:
    source_id = await source(signed_in, tmp_path / "own", count=5)
    body = {"org_id": "org_demo", "sources": [source_id], "dataset": "demo/raw"}
    ids = [await started(signed_in, "collections", body, **{"Idempotency-Key": "once"}) for _ in range(2)]
    assert ids[0] == ids[1]
    assert (await finished(platform, ids[0])).state == "succeeded"
    params = (await finished(platform, ids[0])).params
    assert json.loads(json.dumps(params))["dataset"] == "demo/raw"
