import asyncio
import json
from typing import Any

import httpx
import psutil
import pytest

from ceyuan.hub import lineage_graph, list_files, read_file, resolve
from ceyuan.kernel import jobs
from ceyuan.kernel.platform import Platform
from ceyuan.models.trainings import curve
from tests.models.training.conftest import TINY, needs_torch
from tests.models.trainings.conftest import ACTORS, As, ended, request

pytestmark = needs_torch
RUNS = "/api/v1/training/runs"
LONGER = {"steps": 500, "checkpoint_every": 20, "evaluate_every": 100}


async def started(client: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(RUNS, json=body)
    assert answer.status_code == 201, answer.text
    run: dict[str, Any] = answer.json()
    return run


class TooLate(Exception):
    """The run was over before it could be disturbed."""


async def seen_training(client: httpx.AsyncClient, run_id: str, after: int = 0) -> int:
    """The newest step of the curve, as soon as there is one after this step; raises `TooLate`."""
    while True:
        points = (await client.get(f"{RUNS}/{run_id}/points", params={"after": after})).json()
        run = (await client.get(f"{RUNS}/{run_id}")).json()
        newest: int = points[-1]["step"] if points else 0
        if run["state"] not in ("queued", "running") or newest >= LONGER["steps"]:
            await run_over(client, run_id)
            raise TooLate
        if points:
            return newest
        await asyncio.sleep(0.05)


async def run_over(client: httpx.AsyncClient, run_id: str) -> None:
    while (await client.get(f"{RUNS}/{run_id}")).json()["state"] in ("queued", "running"):
        await asyncio.sleep(0.05)


async def disturbed(client: httpx.AsyncClient, platform: Platform, body: dict[str, Any]) -> dict[str, Any]:
    """A run that was stopped in the middle, went on, and was killed; raises `TooLate`."""
    run = await started(client, body)
    seen = await seen_training(client, run["id"])
    stopped = (await client.post(f"{RUNS}/{run['id']}/cancel")).json()
    if (state := (await ended(platform, stopped["job_id"])).state) == "succeeded":
        raise TooLate
    assert state == "cancelled"
    assert (await client.get(f"{RUNS}/{run['id']}")).json()["state"] == "cancelled"

    seen = (await client.get(f"{RUNS}/{run['id']}/points", params={"after": seen - 1})).json()[-1]["step"]
    await client.post(f"{RUNS}/{run['id']}/resume")
    await seen_training(client, run["id"], seen)
    for child in psutil.Process().children():
        if "ceyuan.models.training.process:main" in child.cmdline():
            child.kill()
    if (state := (await ended(platform, run["job_id"])).state) == "succeeded":
        raise TooLate
    assert state == "failed"
    assert (await client.get(f"{RUNS}/{run['id']}")).json()["state"] == "failed"
    return run


async def test_who_is_not_signed_in_sees_and_starts_nothing(signed_in: As, dataset: str) -> None:
    client = signed_in("")
    assert (await client.get(RUNS)).status_code == 401
    assert (await client.post(RUNS, json=request(dataset))).status_code == 401


async def test_a_viewer_may_not_start_a_run_and_an_outsider_learns_nothing(signed_in: As, dataset: str) -> None:
    assert (await signed_in("viewer").post(RUNS, json=request(dataset))).status_code == 403
    assert (await signed_in("outsider").post(RUNS, json=request(dataset))).status_code == 404


async def test_a_run_makes_a_model_revision_whose_curve_and_card_can_be_read(
    platform: Platform, signed_in: As, dataset: str
) -> None:
    client = signed_in("member")
    run = await started(client, request(dataset))
    job = await ended(platform, run["job_id"])
    assert job.state == "succeeded", job.error
    assert job.result is not None
    done = (await client.get(f"{RUNS}/{run['id']}")).json()
    assert done["state"] == "succeeded"
    assert done["dataset"] == dataset
    assert done["revision"] == job.result["model"]
    assert done["summary"]["perplexity"]["low"] < done["summary"]["perplexity"]["high"]
    points = (await client.get(f"{RUNS}/{run['id']}/points")).json()
    assert [p["step"] for p in points if p["heldout_loss"] is not None] == [6, 12, 18, 24]
    assert points == sorted(points, key=lambda point: point["step"])
    assert (await client.get(f"{RUNS}/{run['id']}/points?after=20")).json() == [p for p in points if p["step"] > 20]
    async with platform.work(ACTORS["member"], write=False) as uow:
        names = {path async for path, _ in list_files(uow, done["revision"])}
        manifest = json.loads(await read_file(uow, done["revision"], "manifest.json"))
    assert {"model.safetensors", "mini-zh-f32.gguf", "README.md", "curves.json", "tokenizer.json"} <= names
    assert manifest["content_hash"] == job.result["content_hash"]


async def test_an_outsider_cannot_see_or_stop_a_run(platform: Platform, signed_in: As, dataset: str) -> None:
    run = await started(signed_in("member"), request(dataset))
    outsider = signed_in("outsider")
    for answer in (
        await outsider.get(f"{RUNS}/{run['id']}"),
        await outsider.get(f"{RUNS}/{run['id']}/points"),
        await outsider.post(f"{RUNS}/{run['id']}/cancel"),
        await outsider.post(f"{RUNS}/{run['id']}/resume"),
    ):
        assert answer.status_code == 404
    assert (await outsider.get(RUNS)).json()["items"] == []
    assert [item["id"] for item in (await signed_in("viewer").get(RUNS)).json()["items"]] == [run["id"]]
    await signed_in("member").post(f"{RUNS}/{run['id']}/cancel")
    await ended(platform, run["job_id"])


async def test_wrong_requests_are_refused_before_a_job_is_made(signed_in: As, dataset: str) -> None:
    client = signed_in("member")
    codes = [
        (request(dataset, steps=0), 422, "training_recipe_invalid"),
        (request(dataset, colour="red"), 422, "training_recipe_invalid"),
        (request("datasets/demo/nothing"), 404, None),
        (request("what"), 422, None),
    ]
    for body, status, code in codes:
        answer = await client.post(RUNS, json=body)
        assert answer.status_code == status, answer.text
        assert code is None or answer.json()["code"] == code
    assert (await client.get(RUNS)).json()["items"] == []
    assert (await client.get("/api/v1/jobs", params={"kind": "models.train"})).json()["items"] == []


async def test_the_same_request_twice_is_one_run(platform: Platform, signed_in: As, dataset: str) -> None:
    client = signed_in("member")
    headers = {"Idempotency-Key": "once"}
    one, two = [(await client.post(RUNS, json=request(dataset), headers=headers)).json()["id"] for _ in range(2)]
    assert one == two
    run = (await client.post(f"{RUNS}/{one}/cancel")).json()
    await ended(platform, run["job_id"])


@pytest.mark.engine_bound
async def test_a_stopped_and_a_killed_run_go_on_to_the_model_of_an_undisturbed_one(
    platform: Platform, signed_in: As, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curve, "FLUSH_S", 0.05)  # so that the run is seen while it is at work
    client = signed_in("member")
    async with platform.work(ACTORS["member"]) as uow:  # as another job would ask for it
        params = {"dataset": dataset, "model": "demo/quiet", "recipe": {**TINY, **LONGER}}
        undisturbed = await jobs.submit(uow, "models.train", params, org_id="org_demo")
    quiet = await ended(platform, undisturbed.id)
    assert quiet.state == "succeeded", quiet.error
    assert quiet.result is not None
    for _ in range(5):  # on a machine that stands still a run may be over before anybody looks
        try:
            run = await disturbed(client, platform, request(dataset, "demo/quiet", **LONGER))
            break
        except TooLate:
            continue
    else:
        pytest.fail("five runs were over before they could be disturbed")

    assert (await client.post(f"{RUNS}/{run['id']}/resume")).json()["state"] == "queued"
    done = await ended(platform, run["job_id"])
    assert done.state == "succeeded", done.error
    assert done.result is not None
    assert done.result["content_hash"] == quiet.result["content_hash"]
    assert done.result["model"] == quiet.result["model"], "the same content makes no new revision"
    async with platform.work(ACTORS["member"], write=False) as uow:
        made, source = await resolve(uow, "models/demo/quiet"), await resolve(uow, dataset)
        drawn = await lineage_graph(uow, made.node_id)
    assert made.node_id in done.outputs
    assert {node.key for node in drawn.nodes} == {made.node_id, source.node_id}
    assert not (platform.data_dir / "work" / run["job_id"]).exists()


async def test_the_default_recipe_is_told_with_its_ranges(signed_in: As) -> None:
    told = (await signed_in("").get("/api/v1/training/recipe")).json()
    assert told["recipe"]["steps"] >= told["bounds"]["steps"][0]
    assert told["parameters"] > 1_000_000
    assert set(told["shape_bounds"]) == set(told["recipe"]["shape"])
