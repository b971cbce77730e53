from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from dbos import DBOS

from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import Forbidden
from ceyuan.kernel.jobs import ActorResolver, Job, JobContext, repository, service
from ceyuan.kernel.jobs.errors import JobNotFound, JobNotResumable
from ceyuan.kernel.platform import Platform
from ceyuan.server.assembly import running
from tests.identity.actors import People
from tests.kernel.jobs import kinds

ANNA = Actor(kind="person", id="per_anna", label="Anna", roles={"org_a": "member"})
BEN = Actor(kind="person", id="per_ben", label="Ben", roles={"org_a": "viewer"})
ZOE = Actor(kind="person", id="per_zoe", label="Zoe")

assert kinds


class KnownActors:
    """Anna may act; nobody else may any more."""

    async def actor(self, platform: Platform, actor_id: str) -> Actor:
        if actor_id != ANNA.id:
            raise Forbidden()
        return ANNA


@pytest.fixture(autouse=True)
def known_actors(built: Platform) -> None:
    built.hooks[ActorResolver] = [KnownActors()]


async def submit(platform: Platform, kind: str, params: dict[str, Any], key: str | None = None) -> str:
    async with platform.work(ANNA) as uow:
        return (await service.submit(uow, kind, params, org_id="org_a", key=key)).id


async def look(platform: Platform, job_id: str) -> Job:
    async with platform.database.session(write=False) as session:
        return await repository.get(session, job_id)


async def ended(platform: Platform, job_id: str, *, seconds: float = 30) -> Job:
    async with asyncio.timeout(seconds):
        while True:
            job = await look(platform, job_id)
            if job.state not in ("queued", "running"):
                return job
            await asyncio.sleep(0.05)


async def log_of(platform: Platform, job_id: str) -> str:
    async with platform.database.session(write=False) as session:
        return "\n".join(line.message for line in await repository.log_after(session, job_id, 0, 1000))


async def test_an_anonymous_caller_sees_no_jobs(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/jobs")).status_code == 401


async def test_a_run_that_the_engine_begins_in_another_event_loop_goes_to_the_platforms(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    loops = []

    async def execute(job_id: str, run: int) -> str:
        loops.append(asyncio.get_running_loop())
        return f"{job_id}.{run}"

    monkeypatch.setattr(platform.jobs, "execute", execute)
    assert await platform.jobs.execute_at_home("job_a", 1) == "job_a.1"
    elsewhere = platform.jobs.execute_at_home("job_b", 2)
    assert await asyncio.to_thread(asyncio.run, elsewhere) == "job_b.2"
    assert loops == [asyncio.get_running_loop()] * 2


async def test_jobs_of_several_kinds_are_listed_together(
    client: httpx.AsyncClient, platform: Platform, tmp_path: Path
) -> None:
    people = People(platform)
    await people.add("root", admin=True)
    headers = {"Authorization": f"Bearer {await people.token('root', '*')}"}
    await submit(platform, "test.append", {"out": str(tmp_path / "out")})
    for wanted, count in ((["test.append", "other"], 1), (["other"], 0)):
        answer = await client.get("/api/v1/jobs", params={"kind": wanted}, headers=headers)
        assert len(answer.json()["items"]) == count, answer.text


async def test_an_outsider_does_not_learn_of_a_job(platform: Platform, tmp_path: Path) -> None:
    job_id = await submit(platform, "test.append", {"out": str(tmp_path / "out")})
    async with platform.work(ZOE, write=False) as uow:
        with pytest.raises(JobNotFound):
            await service.find(uow, job_id)


@pytest.mark.engine_bound
async def test_without_a_sign_in_a_job_that_is_there_and_one_that_is_not_look_alike(
    client: httpx.AsyncClient, platform: Platform, tmp_path: Path
) -> None:
    job_id = await submit(platform, "test.append", {"out": str(tmp_path / "out")})
    for path in (job_id, "job_none", f"{job_id}/events", "job_none/events"):
        assert (await client.get(f"/api/v1/jobs/{path}")).status_code == 401


async def test_a_job_runs_its_steps_and_keeps_its_log_and_result(platform: Platform, tmp_path: Path) -> None:
    job_id = await submit(platform, "test.append", {"out": str(tmp_path / "out")})
    job = await ended(platform, job_id)
    assert (job.state, job.result, job.progress) == ("succeeded", {"last": "three"}, 1.0)
    assert (tmp_path / "out").read_text() == "one\ntwo\n"
    assert "one is done" in await log_of(platform, job_id)


async def test_the_same_key_submits_one_job(platform: Platform, tmp_path: Path) -> None:
    params = {"out": str(tmp_path / "out")}
    first = await submit(platform, "test.append", params, key="k")
    assert await submit(platform, "test.append", params, key="k") == first


async def test_a_cancelled_job_stops_and_a_resumed_one_repeats_no_finished_step(
    platform: Platform, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    job_id = await submit(platform, "test.append", {"out": str(tmp_path / "out"), "gate": str(gate)})
    while not (tmp_path / "out").exists():
        await asyncio.sleep(0.02)
    async with platform.work(ANNA) as uow:
        await service.cancel(uow, job_id)
    assert (await ended(platform, job_id)).state == "cancelled"
    gate.touch()
    async with platform.work(ANNA) as uow:
        await service.resume(uow, job_id)
    assert (await ended(platform, job_id)).state == "succeeded"
    assert (tmp_path / "out").read_text() == "one\ntwo\n"


async def test_a_cancel_waits_for_what_the_job_has_to_clean_up(platform: Platform, tmp_path: Path) -> None:
    job_id = await submit(platform, "test.slow_to_stop", {"out": str(tmp_path / "out")})
    while not (tmp_path / "out").exists():
        await asyncio.sleep(0.02)
    async with platform.work(ANNA) as uow:
        await service.cancel(uow, job_id)
    for _ in range(10):  # other jobs come and go meanwhile
        await platform.jobs.nudge()
        await asyncio.sleep(0.05)
    assert (await ended(platform, job_id)).state == "cancelled"
    assert (tmp_path / "out").read_text() == "begun\ncleaned up\n"


async def test_a_log_that_could_not_be_written_is_written_later(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = await submit(platform, "test.append", {"out": str(tmp_path / "out"), "gate": str(tmp_path / "gate")})
    while "one is done" not in await log_of(platform, job_id):
        await asyncio.sleep(0.02)
    context = JobContext(platform, await look(platform, job_id), ANNA)
    context.log("kept for later")
    context.add_cost(7)
    with monkeypatch.context() as broken:
        broken.setattr(platform, "work", lambda *_a, **_k: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            await context.flush()
    await context.flush()
    await context.flush()
    assert (await log_of(platform, job_id)).count("kept for later") == 1
    assert (await look(platform, job_id)).cost_micro == 7
    (tmp_path / "gate").touch()
    await ended(platform, job_id)


async def test_a_viewer_may_not_cancel(platform: Platform, tmp_path: Path) -> None:
    job_id = await submit(platform, "test.append", {"out": str(tmp_path / "out"), "gate": str(tmp_path / "g")})
    async with platform.work(BEN) as uow:
        with pytest.raises(Forbidden):
            await service.cancel(uow, job_id)
    async with platform.work(ANNA) as uow:
        await service.cancel(uow, job_id)
    await ended(platform, job_id)


async def test_a_succeeded_job_cannot_be_resumed(platform: Platform, tmp_path: Path) -> None:
    job_id = await submit(platform, "test.append", {"out": str(tmp_path / "out")})
    await ended(platform, job_id)
    with pytest.raises(JobNotResumable):
        async with platform.work(ANNA) as uow:
            await service.resume(uow, job_id)


@pytest.mark.engine_bound
async def test_a_failure_is_tried_again_and_the_last_one_is_told(platform: Platform, tmp_path: Path) -> None:
    job_id = await submit(platform, "test.fail", {"out": str(tmp_path / "out"), "needs": 2})
    assert (await ended(platform, job_id)).state == "succeeded"
    hopeless = await submit(platform, "test.fail", {"out": str(tmp_path / "out2"), "needs": 99})
    job = await ended(platform, hopeless)
    assert job.state == "failed"
    assert "not yet" in (job.error or {})["message"][1]
    assert (tmp_path / "out2").read_text() == "try\n" * 3


@pytest.mark.engine_bound
async def test_a_heavy_part_reports_from_its_own_process(platform: Platform) -> None:
    job_id = await submit(platform, "test.process", {"entry": "double", "value": 21})
    job = await ended(platform, job_id)
    assert job.result == {"value": 42}
    assert job.cpu_seconds > 0
    log = await log_of(platform, job_id)
    assert "half" in log
    assert "a stray line" in log


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"entry": "sleep", "time_s": 0.5}, "time_limit"),
        ({"entry": "grow", "memory_mb": 150}, "memory_limit"),
        ({"entry": "raise_value_error"}, "job_failed"),
        ({"entry": "vanish"}, "job_failed"),
    ],
)
@pytest.mark.engine_bound
async def test_a_heavy_part_that_goes_wrong_says_why(platform: Platform, params: dict[str, Any], code: str) -> None:
    job = await ended(platform, await submit(platform, "test.process", params))
    assert job.state == "failed"
    assert (job.error or {})["code"] == code


async def test_a_parent_waits_for_its_child_and_tells_the_childs_failure(platform: Platform, tmp_path: Path) -> None:
    params = {"kind": "test.append", "params": {"out": str(tmp_path / "out")}}
    good = await ended(platform, await submit(platform, "test.parent", params))
    assert good.result == {"last": "three"}
    bad = await ended(
        platform,
        await submit(platform, "test.parent", {"kind": "test.process", "params": {"entry": "raise_value_error"}}),
    )
    assert bad.state == "failed"
    assert "the seventh row is empty" in (bad.error or {})["message"][1]


async def test_a_job_of_somebody_who_may_no_longer_act_fails_and_says_so(platform: Platform, tmp_path: Path) -> None:
    async with platform.work(BEN) as uow:
        job_id = (await service.submit(uow, "test.append", {"out": str(tmp_path / "out")}, org_id="org_a")).id
    job = await ended(platform, job_id)
    assert (job.state, (job.error or {})["code"]) == ("failed", "forbidden")


async def test_cancelling_a_parent_stops_its_child_and_resuming_it_goes_on_with_both(
    platform: Platform, tmp_path: Path
) -> None:
    gate, out = tmp_path / "gate", tmp_path / "out"
    inner = {"out": str(out), "gate": str(gate)}
    job_id = await submit(platform, "test.parent", {"kind": "test.append", "params": inner})
    while not out.exists():
        await asyncio.sleep(0.02)
    async with platform.work(ANNA) as uow:
        await service.cancel(uow, job_id)
    parent = await ended(platform, job_id)
    async with platform.database.session(write=False) as session:
        child = await repository.by_key(session, f"{job_id}/inner")
    assert child is not None
    assert (parent.state, (await ended(platform, child.id)).state) == ("cancelled", "cancelled")
    gate.touch()
    async with platform.work(ANNA) as uow:
        await service.resume(uow, job_id)
    assert (await ended(platform, job_id)).state == "succeeded"
    assert out.read_text() == "one\ntwo\n", "the child repeated no finished step"


async def test_a_parent_resumed_while_its_child_still_stops_goes_on_with_both(
    platform: Platform, tmp_path: Path
) -> None:
    inner = {"out": str(tmp_path / "out")}
    job_id = await submit(platform, "test.parent", {"kind": "test.slow_to_stop", "params": inner})
    while not (tmp_path / "out").exists():
        await asyncio.sleep(0.02)
    async with platform.work(ANNA) as uow:
        await service.cancel(uow, job_id)
    assert (await ended(platform, job_id)).state == "cancelled"
    async with platform.database.session(write=False) as session:
        child = await repository.by_key(session, f"{job_id}/inner")
    assert child is not None
    assert child.state == "running", "it still cleans up"
    async with platform.work(ANNA) as uow:
        await service.resume(uow, job_id)
    job = await ended(platform, job_id)
    assert (job.state, job.result) == ("succeeded", {"again": True}), job.error
    assert (tmp_path / "out").read_text() == "begun\ncleaned up\n"


async def test_an_orphan_that_was_taken_up_meanwhile_gets_no_second_run(built: Platform) -> None:
    async with built.work(ANNA) as uow:
        job = await service.submit(uow, "test.append", {}, org_id="org_a")
        now = uow.clock.now()
        assert await repository.claim(uow.session, job.id, job.run, "before", now, now)
    later = now + timedelta(seconds=1)
    async with built.work(ANNA) as uow:
        lost = [(found.id, found.run) for found in await repository.orphaned(uow.session, later)]
        assert lost == [(job.id, job.run)]
        assert await repository.claim(uow.session, *lost[0], "recovered", later, later + timedelta(seconds=30))
        assert not await repository.requeue_orphan(uow.session, *lost[0], later)
    found = await look(built, job.id)
    assert (found.run, found.state, found.lease_owner) == (job.run, "running", "recovered")


async def test_a_job_whose_process_is_gone_gets_a_new_run_when_its_lease_is_over(
    built: Platform, tmp_path: Path
) -> None:
    async with built.work(ANNA) as uow:
        job = await service.submit(uow, "test.append", {"out": str(tmp_path / "out")}, org_id="org_a")
        now = uow.clock.now()
        assert await repository.claim(uow.session, job.id, job.run, "elsewhere", now, now - timedelta(seconds=1))
        await repository.change_if_open(uow.session, job.id, job.run, handed_run=job.run)
    async with running(built):
        done = await ended(built, job.id)
    assert (done.state, done.run) == ("succeeded", job.run + 1)


async def test_a_job_taken_up_while_the_platform_stops_is_left_as_it_is(
    built: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, stopping, loop = asyncio.Event(), asyncio.Event(), asyncio.get_running_loop()

    class Slow(KnownActors):
        async def actor(self, platform: Platform, actor_id: str) -> Actor:
            reached.set()
            await stopping.wait()
            return await super().actor(platform, actor_id)

    async def let_it_go_on() -> None:
        stopping.set()
        await asyncio.sleep(0.2)

    def destroy(**more: Any) -> None:
        asyncio.run_coroutine_threadsafe(let_it_go_on(), loop).result(30)
        original(**more)

    original = DBOS.destroy
    monkeypatch.setattr(DBOS, "destroy", destroy)
    built.hooks[ActorResolver] = [Slow()]
    async with running(built):
        job_id = await submit(built, "test.append", {"out": str(tmp_path / "out")})
        async with asyncio.timeout(30):
            await reached.wait()
    assert not (tmp_path / "out").exists()
    left = await look(built, job_id)
    assert (left.state, left.run, left.error) == ("running", 1, None)


async def test_workers_that_rest_are_called_for_each_job_and_when_a_place_is_free(
    built: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not built.database.url.startswith("sqlite"):
        pytest.skip("where other processes hand runs over too, workers do not rest")
    monkeypatch.setattr("ceyuan.kernel.jobs.runner._REST_S", 3600.0)
    more_than_at_once = 18
    async with running(built):
        jobs = [
            await submit(built, "test.append", {"out": str(tmp_path / f"{number}")})
            for number in range(more_than_at_once)
        ]
        assert {(await ended(built, job)).state for job in jobs} == {"succeeded"}


async def test_what_a_child_costs_shows_on_those_above_it(built: Platform) -> None:
    async with built.work(ANNA) as uow:
        above = await service.submit(uow, "test.parent", {}, org_id="org_a")
        middle = await service.submit(uow, "test.parent", {}, org_id="org_a", parent_id=above.id)
        child = await service.submit(uow, "test.append", {}, org_id="org_a", parent_id=middle.id)
    async with built.work(ANNA) as uow:
        await service.charge(uow, child.id, 5)
        await service.charge(uow, middle.id, 2)
    assert [(await look(built, job.id)).cost_micro for job in (above, middle, child)] == [7, 7, 5]
