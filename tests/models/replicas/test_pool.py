"""From a revision of the hub to an endpoint in a pool: real tasks on this machine that run a stand-in server."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ceyuan.models.deployments import service
from tests.models.replicas.conftest import STAND_IN, Scale, Yard


async def test_a_revision_is_served_by_tasks_comes_back_when_killed_and_is_replaced_without_a_failed_call(
    yard: Yard,
) -> None:
    served_id = await yard.deploy()
    # A call that comes before the first replica is up waits for it.
    assert await yard.ask() == (200, "first")
    (replica,) = await yard.ready(served_id)
    task = await yard.task(replica.task_id)
    assert (task.org_id, task.inputs) == (yard.house.org, {"model": yard.revisions["first"]})

    log = (yard.house.platform.data_dir / "compute" / "runs" / str(task.attempt) / "output.log").read_text()
    assert "the key is ***" in log
    assert "KEY" not in str(task.spec["environment"])

    await yard.kill(replica)
    assert await yard.ask() == (200, "first")
    (other,) = await yard.ready(served_id)
    assert other.task_id != replica.task_id
    failed = await yard.until(lambda: yard.replicas(served_id, "failed"))
    assert [(one.task_id, bool(one.last_error)) for one in failed] == [(replica.task_id, True)]

    answers: list[tuple[int, str]] = []
    over = asyncio.Event()

    async def go_on() -> None:
        while not over.is_set():
            answers.append(await yard.ask("20"))

    asking = [asyncio.create_task(go_on()) for _ in range(2)]
    await yard.do(lambda uow: service.bring(uow, served_id, model=yard.revisions["second"]))
    row, plan = await yard.updated(served_id)
    await yard.until(lambda: answers[-1] == (200, "second"))
    await yard.until(lambda: len(yard.replicas(served_id, "ready", "draining", "stopping")) == 1)
    over.set()
    await asyncio.gather(*asking)
    assert {status for status, _ in answers} == {200}
    assert (row.revision, [one.name for one in plan.variants]) == (yard.revisions["second"], ["stable"])

    await yard.do(lambda uow: service.remove(uow, served_id))
    await yard.until(lambda: not yard.directory.engine_states(served_id))
    assert (await yard.task(other.task_id)).state == "cancelled"
    assert (await yard.ask())[0] == 404


@pytest.mark.slow
async def test_a_revision_that_cannot_be_loaded_changes_nothing_and_says_why(yard: Yard) -> None:
    served_id = await yard.deploy()
    await yard.ready(served_id)
    await yard.do(lambda uow: service.bring(uow, served_id, model=yard.revisions["broken"]))
    row, plan = await yard.updated(served_id)
    assert (row.revision, [one.name for one in plan.variants]) == (yard.revisions["first"], ["stable"])
    assert "these weights cannot be loaded" in row.fault
    assert await yard.ask() == (200, "first")


@pytest.mark.slow
async def test_a_canary_answers_its_share_and_a_shadow_gets_copies(yard: Yard) -> None:
    served_id = await yard.deploy()
    await yard.ready(served_id)
    for variant in ("canary", "shadow"):
        await yard.do(
            lambda uow, v=variant: service.bring(uow, served_id, model=yard.revisions["second"], as_=v, percent=50)
        )
        await yard.updated(served_id)
    route = await yard.until(
        lambda: (
            (found := yard.directory.find("lab/big", yard.house.org))
            and found.shadow
            and any(one.variant == "canary" for one in found.replicas)
            and found
        )
    )
    answers = [await yard.ask() for _ in range(24)]
    assert {status for status, _ in answers} == {200}
    assert {word for _, word in answers} == {"first", "second"}
    shadows = yard.house.gateway.forwarder.shadows
    figures = await yard.until(lambda: shadows.figures(route.shadow[0].id))
    await yard.until(lambda: figures.latency)
    await yard.do(lambda uow: service.promote(uow, served_id))
    row, _ = await yard.updated(served_id)
    assert row.revision == yard.revisions["second"]


@pytest.mark.slow
async def test_an_empty_deployment_wakes_for_a_call_follows_the_load_and_sleeps_again(yard: Yard) -> None:
    served_id = await yard.deploy(scale=Scale(0, 2, 50), pool=replace(STAND_IN, concurrency=1))
    assert yard.replicas(served_id) == []
    assert {status for status, _ in await asyncio.gather(*(yard.ask() for _ in range(3)))} == {200}
    over = asyncio.Event()

    async def press() -> None:
        while not over.is_set():
            assert (await yard.ask("200"))[0] == 200

    tasks = [asyncio.create_task(press()) for _ in range(6)]
    await yard.ready(served_id, 2)
    over.set()
    await asyncio.gather(*tasks)
    keeper = yard.pool.keeper
    assert keeper is not None
    keeper._bounds = replace(keeper._bounds, idle_s=0.5)
    await yard.until(lambda: not yard.replicas(served_id))
    assert await yard.ask() == (200, "first")


@pytest.mark.slow
async def test_after_a_kill_the_replicas_are_found_again_and_none_is_started_twice(yard: Yard) -> None:
    served_id = await yard.deploy()
    (before,) = await yard.ready(served_id)
    # What a killed process leaves: tasks that run, rows that tell of them, and nothing in memory.
    await yard.pool.stop()
    again = type(yard.pool)(yard.house.platform)
    assert again.states(served_id) == []
    await again.start()
    again.take([(row, plan) for row, plan in yard.directory.deployed()])
    (found,) = await yard.until(lambda: again.states(served_id))
    await asyncio.sleep(1)
    assert [one.task_id for one in again.states(served_id)] == [before.task_id]
    assert (found.state, found.address) == ("ready", before.address)
    await again.stop()
    await yard.pool.start()
