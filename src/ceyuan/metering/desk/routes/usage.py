"""Routes of usage: lists, charts, exports, posting and reversal."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from fastapi.responses import StreamingResponse

from ceyuan.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page, Rows
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentPlatform, Paging, ReadWork, WriteWork, problems
from ceyuan.metering.access import org_id_of
from ceyuan.metering.desk import usage
from ceyuan.metering.desk.routes.common import READ, READ_ORG, Dimensions, End, OrgRef, Start
from ceyuan.metering.desk.schemas import ReasonIn
from ceyuan.metering.desk.usage import UsageFilter, UsageView
from ceyuan.metering.desk.usage_schemas import PostedOut, ReversalOut, StatPointOut, UsageBatchIn, UsageOut
from ceyuan.metering.errors import BadUsage, EntryReversed
from ceyuan.metering.usage import UsageEvent, reverse_usage
from ceyuan.metering.usage.statistics import Bucket

router = Router(prefix="/api/v1/metering", tags=["metering"])
WalletId = Annotated[str | None, Query(max_length=40, description="only what this wallet paid for")]
EntryId = Annotated[str | None, Query(max_length=40, description="only what stands on this journal entry")]
By = Annotated[
    list[Literal["resource", "model", "token_id", "person_id", "project", "scenario"]],
    Query(max_length=3, description="dimensions to group by"),
]
ByAll = Annotated[
    list[Literal["org_id", "resource", "model", "token_id", "person_id", "project", "scenario"]],
    Query(max_length=3, description="dimensions to group by"),
]


def _out(view: UsageView) -> dict[str, Any]:
    columns = {name: getattr(view.event, name) for name in UsageOut.model_fields if name != "charges"}
    charges = [{"wallet_id": charge.wallet_id, "amount_micro": charge.amount_micro} for charge in view.charges]
    return columns | {"charges": charges}


@router.get("/organisations/{organisation}/usage", response_model=Page[UsageOut], responses=READ_ORG)
async def list_usage(
    organisation: OrgRef,
    uow: ReadWork,
    paging: Paging,
    dimensions: Dimensions,
    start: Start = None,
    end: End = None,
    wallet_id: WalletId = None,
    entry_id: EntryId = None,
) -> Any:
    """List usage events, newest first: all for maintainers, one's own for members."""
    wanted = UsageFilter(dimensions, start, end, wallet_id, entry_id)
    rows = await usage.list_usage(uow, await org_id_of(uow, organisation), wanted, paging)
    return Rows([_out(view) for view in rows.items], rows.next).page(UsageOut)


@router.get("/organisations/{organisation}/usage/statistics", response_model=list[StatPointOut], responses=READ_ORG)
async def get_usage_statistics(
    organisation: OrgRef,
    uow: ReadWork,
    dimensions: Dimensions,
    by: By = [],  # noqa: B006 - FastAPI copies it
    bucket: Annotated[Bucket, Query()] = "day",
    start: Start = None,
    end: End = None,
) -> Any:
    """Sum an organisation's usage by time and dimension, for charts."""
    org_id = await org_id_of(uow, organisation)
    return await usage.chart_usage(uow, org_id, start, end, bucket, by, dimensions)


@router.get(
    "/organisations/{organisation}/usage/export",
    response_class=StreamingResponse,
    responses=READ_ORG | {200: {"content": {"text/csv": {}, "application/x-ndjson": {}}}},
)
async def export_usage(
    organisation: OrgRef,
    uow: ReadWork,
    platform: CurrentPlatform,
    dimensions: Dimensions,
    start: Start = None,
    end: End = None,
    format: Annotated[Literal["csv", "jsonl"], Query()] = "csv",
) -> StreamingResponse:
    """Download usage events as CSV or JSON lines, oldest first."""
    org_id = await org_id_of(uow, organisation)
    wanted = await usage.check_export(uow, org_id, UsageFilter(dimensions, start, end))
    chunks = usage.export_usage(platform, uow.actor, org_id, wanted, as_csv=format == "csv")
    kind = "text/csv; charset=utf-8" if format == "csv" else "application/x-ndjson"
    headers = {"Content-Disposition": f'attachment; filename="usage-{org_id}.{format}"'}
    return StreamingResponse(chunks, media_type=kind, headers=headers)


@router.get("/usage/statistics", response_model=list[StatPointOut], responses=READ)
async def get_platform_statistics(
    uow: ReadWork,
    dimensions: Dimensions,
    by: ByAll = [],  # noqa: B006 - FastAPI copies it
    bucket: Annotated[Bucket, Query()] = "day",
    start: Start = None,
    end: End = None,
) -> Any:
    """Sum the usage of all organisations by time and dimension, for operators."""
    return await usage.chart_usage(uow, None, start, end, bucket, by, dimensions)


@router.get("/usage/{event_id}", response_model=UsageOut, responses=READ)
async def get_usage_event(event_id: str, uow: ReadWork) -> Any:
    """Show one usage event and who paid for it."""
    return _out(await usage.show_usage(uow, event_id))


@router.post(
    "/usage",
    response_model=PostedOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, BadUsage, Invalid),
)
async def post_usage_events(body: UsageBatchIn, uow: WriteWork) -> Any:
    """Post usage from a meter outside the platform, once per key."""
    return await usage.post_measured(uow, [UsageEvent(**event.model_dump()) for event in body.events])


@router.post(
    "/usage/{event_id}/reversal",
    response_model=ReversalOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, NotFound, EntryReversed, Invalid),
)
async def reverse_usage_event(event_id: str, body: ReasonIn, uow: WriteWork) -> Any:
    """Take a use back: its money returns to the balances that paid."""
    return ReversalOut(id=await reverse_usage(uow, event_id, body.reason))
