"""Bills and the check of the books for people."""

from __future__ import annotations

from ceyuan.kernel import jobs
from ceyuan.kernel.jobs import Job
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import bills, tasks
from ceyuan.metering.access import require_operator, require_overseer, require_reader
from ceyuan.metering.bills import BillView, repository
from ceyuan.metering.bills.tables import Bill


async def list_bills(uow: UnitOfWork, org_id: str | None, period: str | None, paging: PageRequest) -> Rows[Bill]:
    """Bills of one organisation for its maintainers, of all for operators; newest first by default."""
    if org_id is None:
        require_overseer(uow)
    else:
        require_reader(uow, org_id, "maintainer")
    sorts = {"period": Bill.period, "issued_at": Bill.issued_at, "cost_micro": Bill.cost_micro}
    query = repository.listing(org_id, period)
    return await fetch_page(uow.session, query, paging, key=Bill.id, sorts=sorts, default="-period")


async def preview(uow: UnitOfWork, org_id: str, period: str | None) -> BillView:
    """The running month (or another) as a bill would show it, for maintainers."""
    require_reader(uow, org_id, "maintainer")
    return await bills.preview_bill(uow, org_id, period)


async def show_bill(uow: UnitOfWork, bill_id: str) -> BillView:
    """An issued bill with its lines, for maintainers of its organisation and operators."""
    uow.actor.require_known()
    bill = await bills.get_bill(uow, bill_id)
    require_reader(uow, bill.org_id, "maintainer")
    return bill


async def issue(uow: UnitOfWork, org_id: str, period: str) -> BillView:
    """Issue one organisation's bill of a month that is over; only operators may."""
    require_operator(uow)
    return await bills.issue_bill(uow, org_id, period)


async def issue_due(uow: UnitOfWork) -> Job:
    """Queue the job that issues every bill that is due; only operators may."""
    require_operator(uow)
    return await jobs.submit(uow, tasks.BILLS, {})


async def check(uow: UnitOfWork) -> Job:
    """Queue the check of the books; only operators may."""
    require_operator(uow)
    return await jobs.submit(uow, tasks.BOOKS, {})
