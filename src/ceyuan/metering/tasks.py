"""Durable jobs of metering, and what it does again and again."""

from __future__ import annotations

from functools import partial
from typing import Any

from ceyuan.kernel import jobs
from ceyuan.kernel.jobs import JobContext, job
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.bills import due_bills, issue_bill
from ceyuan.metering.books import check_books
from ceyuan.metering.holds import expire_holds
from ceyuan.metering.periods import day_of
from ceyuan.metering.quotas import forget_old_counters
from ceyuan.metering.retry import transact
from ceyuan.metering.settings import MeteringSettings
from ceyuan.metering.wallets import expire_wallets

BOOKS = "metering.check_books"
BILLS = "metering.issue_bills"


@job(BOOKS, title=("核对账簿", "Check the books"), retries=2)
async def check_books_job(context: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Check the books; findings go to the log, the result and the event `metering.books_wrong`."""
    report = await check_books(context.platform)
    for finding in report.findings:
        context.log(f"{finding.rule}: {finding.count}", level="error", rows=finding.rows)
    result = {
        "ok": report.ok,
        "counts": report.counts,
        "findings": [{"rule": f.rule, "count": f.count, "rows": f.rows} for f in report.findings],
    }

    async def tell(uow: UnitOfWork) -> dict[str, Any]:
        await uow.audit("metering.books_checked", context.job_id, None, ok=report.ok, **report.counts)
        if not report.ok:
            rules = [finding.rule for finding in report.findings]
            await uow.publish("metering.books_wrong", job_id=context.job_id, rules=rules)
        return result

    return await context.transaction("tell", tell)


@job(BILLS, title=("出具月度账单", "Issue monthly bills"), retries=2)
async def issue_bills_job(context: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Issue every bill that is due, each in a transaction of its own."""

    async def due() -> list[list[str]]:
        async with context.platform.work(write=False) as uow:
            return [list(pair) for pair in await due_bills(uow)]

    async def issue(uow: UnitOfWork, org_id: str, period: str) -> str:
        return (await issue_bill(uow, org_id, period)).id or ""

    pairs, issued = await context.step("due", due), []
    for number, (org_id, period) in enumerate(pairs):
        name = f"{org_id}:{period}"
        issued.append(await context.transaction(name, partial(issue, org_id=org_id, period=period)))
        context.progress((number + 1) / len(pairs), (f"已出具 {number + 1} 张账单", f"{number + 1} bills issued"))
    return {"bills": issued}


async def sweep(platform: Platform) -> None:
    """Release holds whose time is over, close wallets that ended, forget old counters; a few at a time."""
    while len(await transact(platform, expire_holds)) == 100:
        pass
    while len(await transact(platform, expire_wallets)) == 100:
        pass
    await transact(platform, forget_old_counters)


async def daily(platform: Platform) -> None:
    """Queue the check of the books and the bills that are due, once a day each, whichever process is first."""
    today = day_of(platform.clock.now(), platform.section(MeteringSettings).timezone)

    async def queue(uow: UnitOfWork) -> None:
        await jobs.submit(uow, BOOKS, {}, key=f"{BOOKS}:{today}")
        if await due_bills(uow):
            await jobs.submit(uow, BILLS, {}, key=f"{BILLS}:{today}")

    await transact(platform, queue)
