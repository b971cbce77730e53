"""What metering does by the clock and on events: CPU time of jobs, daily jobs, sweeps, notices, exports."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from ceyuan import metering
from ceyuan.identity import ExportFile
from ceyuan.identity.notices.tables import Notice
from ceyuan.identity.people.accounts import add_person
from ceyuan.kernel import jobs
from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.events import Event
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.jobs import Job
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import tasks, telling
from ceyuan.metering.belongings import MeteringOrganisationData, MeteringPersonalData
from ceyuan.metering.ledger.tables import LedgerAccount
from ceyuan.metering.usage.jobs import on_job_finished
from ceyuan.metering.usage.tables import UsageRow
from ceyuan.server.assembly import running
from tests.metering.bench import YUAN, Bench


def finished(bench: Bench, job_id: str, *, run: int = 1, cpu: float | None = 1.0, **more: Any) -> Event:
    data = {"job_id": job_id, "kind": "data.pipeline", "state": "succeeded", "org_id": bench.org, "run": run}
    return Event("job.finished", data | {"cpu_seconds": cpu, "wall_seconds": 9.0, "created_by": "per_x"} | more)


async def cpu_seconds(bench: Bench) -> list[str]:
    async def read(uow: UnitOfWork) -> list[str]:
        query = select(UsageRow.quantity).where(UsageRow.org_id == bench.org).order_by(UsageRow.id)
        return [str(quantity) for quantity in await uow.session.scalars(query)]

    return await bench.do(read)


async def hear(bench: Bench, event: Event) -> None:
    await bench.do(lambda uow: on_job_finished(uow, event))


async def test_a_finished_job_s_cpu_time_is_posted_once(bench: Bench) -> None:
    job = new_id("job")
    for _ in range(2):
        await hear(bench, finished(bench, job, cpu=2.34567))
    assert await cpu_seconds(bench) == ["2.346"]


async def test_a_resumed_job_posts_only_what_its_new_run_used(bench: Bench) -> None:
    job = new_id("job")
    await hear(bench, finished(bench, job, run=1, cpu=2.0, state="failed"))
    await hear(bench, finished(bench, job, run=3, cpu=5.5))
    assert await cpu_seconds(bench) == ["2", "3.5"]


@pytest.mark.parametrize("idle", [{"cpu": None}, {"cpu": 0.0}, {"org_id": None}, {"cpu": 0.0001}])
async def test_a_job_that_used_nothing_or_is_the_platform_s_own_posts_nothing(
    bench: Bench, idle: dict[str, Any]
) -> None:
    await hear(bench, finished(bench, new_id("job"), **idle))
    assert await cpu_seconds(bench) == []


async def test_the_platform_hears_of_finished_jobs(house: Platform, bench: Bench) -> None:
    event = finished(bench, new_id("job"), cpu=4.0)
    async with house.work(SYSTEM) as uow:
        await uow.publish(event.topic, **event.data)
    await house.dispatcher.drain()
    assert await cpu_seconds(bench) == ["4"]


async def ended(platform: Platform, job_id: str) -> Job:
    async with asyncio.timeout(60):
        while True:
            async with platform.work(SYSTEM, write=False) as uow:
                job = await jobs.find(uow, job_id)
                if job.state not in ("queued", "running"):
                    return job
            await asyncio.sleep(0.1)


async def queued(platform: Platform, kind: str) -> list[Job]:
    async with platform.work(SYSTEM, write=False) as uow:
        return list(await uow.session.scalars(select(Job).where(Job.kind == kind).order_by(Job.created_at.desc())))


async def test_the_daily_jobs_check_the_books_and_issue_bills_once(alone: Bench) -> None:
    await alone.post(alone.use(3))
    alone.clock.advance(timedelta(days=18))
    for _ in range(2):
        await tasks.daily(alone.platform)
    (bills,), (books,) = await queued(alone.platform, tasks.BILLS), await queued(alone.platform, tasks.BOOKS)
    async with running(alone.platform):
        issued, checked = await ended(alone.platform, bills.id), await ended(alone.platform, books.id)
    assert issued.state == "succeeded", issued.error
    assert len((issued.result or {})["bills"]) == 1
    assert (checked.result or {})["ok"], checked.result


async def test_a_wrong_book_is_told(alone: Bench) -> None:
    await alone.top_up(5)
    change = update(LedgerAccount).where(LedgerAccount.owner == alone.org)
    await alone.do(lambda uow: uow.session.execute(change.values(balance_micro=LedgerAccount.balance_micro + 1)))
    async with running(alone.platform):
        async with alone.platform.work(SYSTEM) as uow:
            job_id = (await jobs.submit(uow, tasks.BOOKS, {})).id
        job = await ended(alone.platform, job_id)
    assert job.result is not None
    assert {finding["rule"] for finding in job.result["findings"]} == {
        "balance_differs",
        "running_balance_differs",
        "books_not_zero",
    }
    assert "balance_differs" in (await alone.told("metering.books_wrong"))[-1]["rules"]


async def test_a_sweep_closes_what_ended(house: Platform, bench: Bench) -> None:
    await bench.top_up(YUAN)
    hold = await bench.hold(5, expires_at=bench.clock.now() + timedelta(hours=1))
    wallet = await bench.wallet(100, days=1)
    bench.clock.advance(timedelta(days=2))
    await tasks.sweep(house)
    assert (await bench.do(lambda uow: metering.get_hold(uow, hold.id))).state == "expired"
    assert (await bench.do(lambda uow: metering.get_wallet(uow, wallet.id))).state == "expired"


@pytest.fixture
async def owner(house: Platform, bench: Bench) -> str:
    """The id of a person who owns the bench's organisation."""
    name = f"p{bench.org[-10:]}"
    async with house.work(SYSTEM) as uow:
        person = await add_person(uow, name=name, display_name=name, email=None, password_hash=None)
    bench.org = person.org_id
    return person.id


async def notices(bench: Bench, person: str) -> list[tuple[str, str, str]]:
    async def read(uow: UnitOfWork) -> list[tuple[str, str, str]]:
        query = select(Notice).where(Notice.person_id == person).order_by(Notice.id)
        return [(row.kind, row.body_zh, row.body_en) for row in await uow.session.scalars(query)]

    return await bench.do(read)


MESSAGES: dict[str, dict[str, Any]] = {
    "metering.balance_low": {"balance_micro": 1_500_000, "threshold_micro": 2_000_000},
    "metering.credit_exhausted": {"balance_micro": -5},
    "metering.quota_notice": {
        "subject_kind": "org", "subject": "x", "metric": "money", "window": "day", "amount": "100", "used": "101",
    },
    "metering.quota_exhausted": {
        "subject_kind": "org", "subject": "x", "metric": "tokens", "window": "minute", "amount": "10", "used": "10",
    },
    "metering.bill_issued": {"period": "2026-11", "bill_id": "bill_x", "payable_micro": 7},
}  # fmt: skip


@pytest.mark.parametrize("topic", MESSAGES)
async def test_events_become_notices_in_both_languages(bench: Bench, owner: str, topic: str) -> None:
    event = Event(topic, MESSAGES[topic] | {"org_id": bench.org})
    await bench.do(lambda uow: telling.HANDLERS[topic](uow, event))
    ((kind, zh, en),) = await notices(bench, owner)
    assert kind == topic
    assert zh
    assert en
    assert zh != en


async def test_an_exhausted_wallet_is_named_in_its_notice(house: Platform, bench: Bench, owner: str) -> None:
    await bench.wallet(1_000)
    await bench.post(bench.use(2))
    await house.dispatcher.drain()
    kinds = [kind for kind, _, _ in await notices(bench, owner)]
    assert "metering.wallet_exhausted" in kinds


async def _files(files: Any) -> dict[str, bytes]:
    out = {}
    async for file in files:
        assert isinstance(file, ExportFile)
        content = file.content
        out[file.path] = content if isinstance(content, bytes) else b"".join([chunk async for chunk in content])
    return out


async def test_an_organisation_takes_its_books_along(bench: Bench) -> None:
    await bench.top_up(YUAN)
    await bench.wallet(500)
    await bench.post(bench.use(3, person_id="per_x", evidence={"why": "test"}))
    bench.clock.advance(timedelta(days=20))
    await bench.do(lambda uow: metering.issue_bill(uow, bench.org, "2026-11"))

    async def export(uow: UnitOfWork) -> dict[str, bytes]:
        return await _files(MeteringOrganisationData().export(uow, bench.org))

    files = await bench.do(export)
    assert json.loads(files["balance.json"])["general_micro"] == YUAN - 2500
    (event,) = [json.loads(line) for line in files["usage.jsonl"].splitlines()]
    assert (event["quantity"], event["evidence"]) == ("3", {"why": "test"})
    assert any(path.startswith("bills/CY-202611-") for path in files)
    assert sum(row["amount_micro"] for row in json.loads(files["postings.json"])) == 0


async def test_a_person_takes_their_use_along_and_leaves_a_pseudonym(bench: Bench) -> None:
    person = new_id("per")
    await bench.post(bench.use(3, person_id=person))

    async def export(uow: UnitOfWork) -> dict[str, bytes]:
        return await _files(MeteringPersonalData().export(uow, person))

    before = await bench.do(export)
    await bench.do(lambda uow: MeteringPersonalData().erase(uow, person))
    assert len(json.loads(before["usage.json"])) == 1
    assert await bench.do(export) == before
