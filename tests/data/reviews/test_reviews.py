"""A review in the platform: drawn and inspected as a job, judged blind by two, signed, replayed; who may do what."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ceyuan.data.reviews import repository, tasks
from ceyuan.hub import commit_folder, create_repository
from ceyuan.kernel.platform import Platform
from ceyuan.server.assembly import running
from tests.data.conftest import ACTORS, As
from tests.data.pipelines.test_pipelines import SOURCES, finished, source, succeeded
from tests.data.versions.test_publish import collected, run, texts

REVIEWS = "/api/v1/data/reviews"


@pytest.fixture(scope="session")
def small_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("reviewed")
    run(collected(root / "a", texts(9, 30)), root / "store", root / "out")
    return root / "out"


async def begun(platform: Platform, signed_in: As, corpus: Path, **more: Any) -> dict[str, Any]:
    async with platform.work(ACTORS["member"]) as uow:
        await create_repository(uow, "dataset", "demo", "corpus-zh")
    await commit_folder(platform, "datasets/demo/corpus-zh", corpus, message="made", actor=ACTORS["member"])
    body = {"org_id": "org_demo", "dataset": "datasets/demo/corpus-zh", "report": "demo/review", "documents": 4}
    answer = await signed_in("member").post(REVIEWS, json=body | more)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


async def test_a_review_runs_from_the_draw_to_the_signed_report_that_can_be_replayed(
    platform: Platform, signed_in: As, small_corpus: Path
) -> None:
    made = await begun(platform, signed_in, small_corpus)
    await succeeded(platform, made["job_id"])
    address = f"{REVIEWS}/{made['id']}"
    first, second = signed_in("member"), signed_in("operator")
    seen = (await first.get(address)).json()
    assert (seen["state"], seen["documents"], seen["settled"]) == ("open", 4, 0)
    assert seen["machine"]["documents"] > 4
    found = (await first.get(f"{address}/findings", params={"limit": 3})).json()
    failing = (await first.get(f"{address}/findings", params={"fails": True})).json()
    assert len(found["items"]) == min(3, found["total"])
    assert all(one["fails"] for one in failing["items"])
    assert failing["total"] <= found["total"]
    assert (await signed_in("outsider").get(f"{address}/findings")).status_code == 404
    assert (await signed_in("maintainer").post(f"{address}/close")).json()["code"] == "review_incomplete"
    for reviewer in (first, second):
        queue = (await reviewer.get(f"{address}/queue")).json()
        assert queue["waiting"] == len(queue["items"]) == 4
        assert "verdict" not in queue["items"][0]
        given = [{"number": one["number"], "verdict": "pass"} for one in queue["items"]]
        taken = await reviewer.post(f"{address}/votes", json={"votes": given})
        assert taken.status_code == 200, taken.text
        again = await reviewer.post(f"{address}/votes", json={"votes": given[:1]})
        assert (again.status_code, again.json()["code"]) == (409, "vote_refused")
    late = await signed_in("maintainer").post(f"{address}/votes", json={"votes": given[:1]})
    assert late.json()["code"] == "vote_refused"
    closing = (await signed_in("maintainer").post(f"{address}/close")).json()
    result = await succeeded(platform, closing["job_id"])
    done = (await first.get(address)).json()
    assert (done["state"], done["passed"], done["report"]) == ("closed", result["passed"], result["report"])
    assert done["result"]["manual"]["rate"]["value"] == 1.0
    replayed = (await signed_in("viewer").post(f"{address}/replay")).json()
    assert replayed == {"sample_same": True, "result_same": True, "signature_valid": True}


async def test_a_review_whose_report_could_not_be_written_can_be_closed_again(
    platform: Platform, signed_in: As, small_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await begun(platform, signed_in, small_corpus, documents=1)
    await succeeded(platform, made["job_id"])
    address = f"{REVIEWS}/{made['id']}"
    for reviewer in ("member", "operator"):
        vote = {"votes": [{"number": 0, "verdict": "pass"}]}
        assert (await signed_in(reviewer).post(f"{address}/votes", json=vote)).status_code == 200

    async def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(tasks, "ask_engine", full)
        closing = (await signed_in("maintainer").post(f"{address}/close")).json()
        assert (await finished(platform, closing["job_id"])).state == "failed"
    assert (await signed_in("member").get(address)).json()["state"] == "open"
    closing = (await signed_in("maintainer").post(f"{address}/close")).json()
    await succeeded(platform, closing["job_id"])
    assert (await signed_in("member").get(address)).json()["state"] == "closed"


@pytest.mark.parametrize(("begins", "ends"), [("preparing", "failed"), ("closing", "open")])
async def test_a_review_whose_job_is_cancelled_before_it_begins_is_let_go(
    built: Platform, signed_in: As, small_corpus: Path, begins: str, ends: str
) -> None:
    made = await begun(built, signed_in, small_corpus)
    address = f"{REVIEWS}/{made['id']}"
    jobs = [made["job_id"]]
    if begins == "closing":
        async with built.work(ACTORS["member"]) as uow:
            (await repository.get(uow.session, made["id"], lock=True)).state = "open"
        jobs.append((await signed_in("maintainer").post(f"{address}/close")).json()["job_id"])
    assert (await signed_in("member").get(address)).json()["state"] == begins
    for job_id in jobs:
        assert (await signed_in("maintainer").post(f"/api/v1/jobs/{job_id}/cancel")).status_code == 200
    async with running(built):
        for _ in range(2000):
            shown = (await signed_in("member").get(address)).json()["state"]
            if shown != begins:
                break
            await asyncio.sleep(0.05)
    assert shown == ends


async def test_strangers_see_no_review_and_viewers_judge_nothing(
    built: Platform, signed_in: As, small_corpus: Path
) -> None:
    made = await begun(built, signed_in, small_corpus)
    address = f"{REVIEWS}/{made['id']}"
    assert (await signed_in("").get(address)).status_code == 401
    assert (await signed_in("outsider").get(address)).status_code == 404
    assert (await signed_in("outsider").get(REVIEWS)).json()["items"] == []
    assert (await signed_in("viewer").get(address)).json()["state"] == "preparing"
    vote = {"votes": [{"number": 0, "verdict": "pass"}]}
    assert (await signed_in("viewer").post(f"{address}/votes", json=vote)).status_code == 403
    early = await signed_in("member").post(f"{address}/votes", json=vote)
    assert (early.status_code, early.json()["code"]) == (409, "review_not_open")
    mute = {"votes": [{"number": 0, "verdict": "fail"}]}
    assert (await signed_in("member").post(f"{address}/votes", json=mute)).status_code == 422
    body = {"org_id": "org_demo", "dataset": "datasets/demo/corpus-zh", "report": "demo/review"}
    assert (await signed_in("viewer").post(REVIEWS, json=body)).status_code == 403


@pytest.mark.slow
async def test_a_source_is_assessed_before_it_is_collected(platform: Platform, signed_in: As, tmp_path: Path) -> None:
    source_id = await source(signed_in, tmp_path / "own")
    address = f"{SOURCES}/{source_id}"
    assert (await signed_in("viewer").post(f"{address}/assess")).status_code == 403
    started = (await signed_in("member").post(f"{address}/assess", params={"documents": 20})).json()
    found = await succeeded(platform, started["job_id"])
    shown = (await signed_in("member").get(address)).json()["assessment"]
    assert (shown["documents"], shown["refused"]) == (20, found["refused"])
