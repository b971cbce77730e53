"""Whole turns of the loop over a folder, on a platform that serves."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from benchmarks.platform.turn import PLAN, write_source

from ceyuan.cli.loop import plan_of
from ceyuan.identity import ensure_first_admin, first_admin_actor
from ceyuan.kernel import jobs
from ceyuan.kernel.jobs import Job, repository
from ceyuan.kernel.platform import Platform
from ceyuan.server.run import StopServing, serve
from ceyuan.server.settings import ServerSettings
from tests.models.training.conftest import needs_torch


async def submit_turn(platform: Platform, source: Path) -> str:
    async with platform.work() as uow:
        await ensure_first_admin(uow)
        actor = await first_admin_actor(uow)
    async with platform.work(actor) as uow:
        return (await jobs.submit(uow, "loop.run", plan_of(source, False, **PLAN))).id


async def look(platform: Platform, job_id: str) -> Job:
    async with platform.database.session(write=False) as session:
        return await repository.get(session, job_id)


async def ended(platform: Platform, job_id: str) -> Job:
    while (job := await look(platform, job_id)).state in ("queued", "running"):
        await platform.jobs.changed(job_id, timeout_s=0.5)
    return job


async def cancelled_while_training(platform: Platform, job_id: str) -> None:
    """Let the turn come as far as the training, stop it, and take it up again."""
    while (await look(platform, job_id)).progress < 0.2:
        await asyncio.sleep(0.1)
    async with platform.work() as uow:
        actor = await first_admin_actor(uow)
    async with platform.work(actor) as uow:
        await jobs.cancel(uow, job_id)
    assert (await ended(platform, job_id)).state == "cancelled"
    async with platform.work(actor) as uow:
        await jobs.resume(uow, job_id)


@needs_torch
@pytest.mark.timeout(600)
def test_a_stopped_turn_goes_on_and_a_second_one_over_the_same_folder_finds_all_it_needs(tmp_path: Path) -> None:
    write_source(tmp_path / "texts", 7)
    made: list[dict[str, Any]] = []

    async def first(platform: Platform, _origin: str) -> None:
        job_id = await submit_turn(platform, tmp_path / "texts")
        await cancelled_while_training(platform, job_id)
        made.append({"state": (job := await ended(platform, job_id)).state, "error": job.error, **(job.result or {})})
        raise StopServing

    async def second(platform: Platform, _origin: str) -> None:
        job = await ended(platform, await submit_turn(platform, tmp_path / "texts"))
        made.append({"state": job.state, "error": job.error, **(job.result or {})})
        raise StopServing

    for turn in (first, second):
        asyncio.run(serve(ServerSettings(data_dir=tmp_path / "data", port=0), ready=turn))
    one, two = made
    assert (one["state"], two["state"]) == ("succeeded", "succeeded"), made
    assert two["model"] == one["model"], "the same texts make the same model"
    assert one["release"] == two["release"] == "released"
    assert one["release_id"] == two["release_id"]
    assert one["incident"]
    assert one["voucher_id"] != two["voucher_id"]
