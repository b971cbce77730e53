"""Schedules begin what a person could, at their times, once, with that person's rights of the moment."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from ceyuan.data.schedules.service import begin_due
from ceyuan.data.schedules.tables import DataSchedule
from ceyuan.kernel.jobs import Job
from ceyuan.kernel.platform import Platform
from tests.data.conftest import As

URL = "/api/v1/data/schedules"


async def body(signed_in: As, folder: Path, **more: Any) -> dict[str, Any]:
    source = {"org_id": "org_demo", "key": "own", "kind": "folder", "location": str(folder)}
    made = await signed_in("operator").post("/api/v1/data/sources", json=source)
    params = {"sources": [made.json()["id"]], "dataset": "demo/raw"}
    known = {"org_id": "org_demo", "name": "夜间采集", "kind": "collect", "params": params}
    return known | {"cron": "30 2 * * *", **more}


async def due(built: Platform) -> None:
    async with built.work() as uow:
        past = uow.clock.now() - timedelta(minutes=1)
        await uow.session.execute(update(DataSchedule).values(next_at=past))


async def jobs(built: Platform) -> list[str]:
    async with built.work(write=False) as uow:
        return list(await uow.session.scalars(select(Job.state).where(Job.kind == "data.collect")))


async def test_strangers_make_and_see_no_schedule(signed_in: As, tmp_path: Path) -> None:
    wanted = await body(signed_in, tmp_path)
    assert (await signed_in("").post(URL, json=wanted)).status_code == 401
    assert (await signed_in("outsider").post(URL, json=wanted)).status_code == 404
    assert (await signed_in("viewer").post(URL, json=wanted)).status_code == 403
    made = (await signed_in("member").post(URL, json=wanted)).json()
    address = f"{URL}/{made['id']}"
    assert (await signed_in("outsider").get(address)).status_code == 404
    assert (await signed_in("outsider").get(URL)).json()["items"] == []
    assert (await signed_in("outsider").patch(address, json={"paused": True})).status_code == 404
    assert (await signed_in("viewer").delete(address)).status_code == 403
    assert (await signed_in("viewer").get(address)).json()["cron"] == "30 2 * * *"


async def test_what_is_due_begins_once_and_not_again_while_it_goes_on(
    signed_in: As, built: Platform, tmp_path: Path
) -> None:
    made = (await signed_in("member").post(URL, json=await body(signed_in, tmp_path))).json()
    await begin_due(built)
    assert await jobs(built) == []
    await due(built)
    await begin_due(built)
    await begin_due(built)
    assert len(await jobs(built)) == 1
    shown = (await signed_in("member").get(f"{URL}/{made['id']}")).json()
    assert shown["last_job"].startswith("job_")
    assert shown["next_at"] > shown["last_at"]
    async with built.work() as uow:
        await uow.session.execute(update(Job).values(state="running"))
    await due(built)
    await begin_due(built)
    assert len(await jobs(built)) == 1


async def test_a_paused_schedule_begins_nothing_and_goes_on_when_told(
    signed_in: As, built: Platform, tmp_path: Path
) -> None:
    member = signed_in("member")
    address = f"{URL}/{(await member.post(URL, json=await body(signed_in, tmp_path))).json()['id']}"
    assert (await member.patch(address, json={"paused": True})).json()["next_at"] is None
    await begin_due(built)
    assert await jobs(built) == []
    assert (await member.patch(address, json={"paused": False, "cron": "@daily"})).json()["next_at"] is not None
    assert (await member.delete(address)).status_code == 204
    assert (await member.get(address)).status_code == 404


async def test_what_cannot_begin_says_why_and_waits_for_its_next_time(
    signed_in: As, built: Platform, tmp_path: Path
) -> None:
    wanted = await body(signed_in, tmp_path)
    made = (await signed_in("member").post(URL, json=wanted)).json()
    source = wanted["params"]["sources"][0]
    await signed_in("maintainer").delete(f"/api/v1/data/sources/{source}?confirm=own")
    await due(built)
    await begin_due(built)
    shown = (await signed_in("member").get(f"{URL}/{made['id']}")).json()
    assert shown["last_error"]
    assert shown["next_at"] is not None
    assert await jobs(built) == []


async def test_times_and_parameters_are_checked(signed_in: As, tmp_path: Path) -> None:
    wanted = await body(signed_in, tmp_path)
    for change in ({"cron": "61 * * * *"}, {"zone": "Mars/Base"}, {"params": {"dataset": "demo/raw"}}):
        answer = await signed_in("member").post(URL, json=wanted | change)
        assert (answer.status_code, answer.json()["code"]) == (422, "schedule_invalid")
    chinese = {"Accept-Language": "zh"}
    for cron, word in (("* 25 * * *", "小时"), ("* * 31 2 *", "该月"), ("* * * *", "五个字段"), ("* * * 13 *", "月")):
        told = await signed_in("member").post(URL, json=wanted | {"cron": cron}, headers=chinese)
        assert word in told.json()["detail"]
        assert "Bad" not in told.json()["detail"]


async def test_a_schedule_is_begun_by_hand_once_at_a_time_and_keeps_its_times(
    signed_in: As, built: Platform, tmp_path: Path
) -> None:
    wanted = await body(signed_in, tmp_path)
    made = (await signed_in("member").post(URL, json=wanted)).json()
    place = f"{URL}/{made['id']}"
    assert (await signed_in("").post(f"{place}/run")).status_code == 401
    assert (await signed_in("outsider").post(f"{place}/run")).status_code == 404
    assert (await signed_in("viewer").post(f"{place}/run")).status_code == 403
    begun = await signed_in("member").post(f"{place}/run")
    assert begun.status_code == 202
    shown = (await signed_in("member").get(place)).json()
    assert (shown["last_job"], shown["next_at"]) == (begun.json()["job_id"], made["next_at"])
    again = await signed_in("member").post(f"{place}/run")
    assert (again.status_code, again.json()["code"]) == (409, "schedule_goes_on")
    assert len(await jobs(built)) == 1


async def test_schedules_are_found_by_the_source_that_they_collect(signed_in: As, tmp_path: Path) -> None:
    wanted = await body(signed_in, tmp_path)
    made = (await signed_in("member").post(URL, json=wanted)).json()
    source_id = wanted["params"]["sources"][0]
    for query, found in ((source_id, [made["id"]]), ("src_none", []), (source_id[:-1], []), ("%", [])):
        rows = (await signed_in("member").get(URL, params={"source_id": query})).json()["items"]
        assert [one["id"] for one in rows] == found


async def test_of_the_times_that_passed_while_the_platform_was_down_one_begins(
    signed_in: As, built: Platform, tmp_path: Path
) -> None:
    made = (await signed_in("member").post(URL, json=await body(signed_in, tmp_path, cron="@hourly"))).json()
    async with built.work() as uow:
        long_ago = uow.clock.now() - timedelta(days=3)
        await uow.session.execute(update(DataSchedule).values(next_at=long_ago))
    await begin_due(built)
    await begin_due(built)
    assert len(await jobs(built)) == 1
    assert (await signed_in("member").get(f"{URL}/{made['id']}")).json()["next_at"] == made["next_at"]
