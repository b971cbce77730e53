"""Routes of bills and the check of the books."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from fastapi import Query, Request
from fastapi.responses import Response

from ceyuan.kernel.errors import Forbidden, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, language_of, problems
from ceyuan.metering.access import org_id_of
from ceyuan.metering.desk import bills
from ceyuan.metering.desk.routes.common import READ, READ_ORG, OrgRef
from ceyuan.metering.desk.usage_schemas import BillDetail, BillIssueIn, BillOut, JobStarted
from ceyuan.metering.errors import PeriodOpen
from ceyuan.metering.exports import bill_csv

router = Router(prefix="/api/v1/metering", tags=["metering"])
Period = Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}$", description="such as 2026-11")]


@router.get("/organisations/{organisation}/bills", response_model=Page[BillOut], responses=READ_ORG)
async def list_organisation_bills(organisation: OrgRef, uow: ReadWork, paging: Paging, period: Period = None) -> Any:
    """List an organisation's bills, newest first."""
    return (await bills.list_bills(uow, await org_id_of(uow, organisation), period, paging)).page(BillOut)


@router.get("/organisations/{organisation}/bills/preview", response_model=BillDetail, responses=READ_ORG)
async def preview_bill(organisation: OrgRef, uow: ReadWork, period: Period = None) -> Any:
    """Show the running month as a bill would."""
    return await bills.preview(uow, await org_id_of(uow, organisation), period)


@router.get("/bills", response_model=Page[BillOut], responses=READ)
async def list_bills(uow: ReadWork, paging: Paging, period: Period = None) -> Any:
    """List the bills of all organisations, for operators."""
    return (await bills.list_bills(uow, None, period, paging)).page(BillOut)


@router.post(
    "/bills",
    response_model=BillDetail,
    status_code=201,
    responses=READ_ORG | problems(PeriodOpen),
)
async def issue_bill(body: BillIssueIn, uow: WriteWork) -> Any:
    """Issue one organisation's bill of a month that is over."""
    return await bills.issue(uow, await org_id_of(uow, body.org_id), body.period)


@router.post("/bills/due", response_model=JobStarted, status_code=202, responses=problems(Unauthenticated, Forbidden))
async def issue_due_bills(uow: WriteWork) -> JobStarted:
    """Start the job that issues every bill that is due."""
    return JobStarted(job_id=(await bills.issue_due(uow)).id)


@router.get("/bills/{bill_id}", response_model=BillDetail, responses=READ)
async def get_bill(bill_id: str, uow: ReadWork) -> Any:
    """Show a bill with its lines."""
    return await bills.show_bill(uow, bill_id)


@router.get(
    "/bills/{bill_id}/export",
    response_class=Response,
    responses=READ | {200: {"content": {"text/csv": {}, "application/json": {}}}},
)
async def export_bill(
    bill_id: str,
    request: Request,
    uow: ReadWork,
    format: Annotated[Literal["csv", "json"], Query()] = "csv",
) -> Response:
    """Download a bill as CSV (in the language of the request) or JSON."""
    bill = await bills.show_bill(uow, bill_id)
    headers = {"Content-Disposition": f'attachment; filename="{bill.number}.{format}"'}
    if format == "csv":
        return Response(bill_csv(bill, language_of(request)), media_type="text/csv; charset=utf-8", headers=headers)
    body = BillDetail.model_validate(bill, from_attributes=True).model_dump(mode="json")
    return Response(orjson.dumps(body, option=orjson.OPT_INDENT_2), media_type="application/json", headers=headers)


@router.post("/books/check", response_model=JobStarted, status_code=202, responses=problems(Unauthenticated, Forbidden))
async def check_books(uow: WriteWork) -> JobStarted:
    """Start the job that computes every balance again and compares."""
    return JobStarted(job_id=(await bills.check(uow)).id)
