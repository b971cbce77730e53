"""Studies of the twin over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Header, Query, Response

from ceyuan.compute.catalogue.errors import AcceleratorUnknown
from ceyuan.compute.tasks.admitting import RULES
from ceyuan.compute.twin import rules, service
from ceyuan.compute.twin.comparing import best_by_figure
from ceyuan.compute.twin.errors import StudyInvalid, StudyNotFound, StudyOpen, TraceInvalid
from ceyuan.compute.twin.export import series_csv, totals_csv
from ceyuan.compute.twin.fleet import read_fleet
from ceyuan.compute.twin.schemas import FleetIn, FleetOut, RuleOut, StudyIn, StudyOut, StudyRow
from ceyuan.compute.twin.tables import TwinStudy
from ceyuan.kernel.errors import Forbidden, Invalid, MissingExtra, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page, fetch_page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1/compute/twin", tags=["compute twin"])


@router.get(
    "/fleet", response_model=FleetOut, responses=problems(Unauthenticated, Forbidden, NotFound, MissingExtra, Invalid)
)
async def read_twin_fleet(
    uow: ReadWork,
    org_id: Annotated[str, Query(max_length=40)],
    kind: Annotated[Literal["pools", "offers", "ring"], Query()] = "pools",
    seed: Annotated[int, Query(ge=0, le=2**31)] = 1,
    accelerators: Annotated[int, Query(ge=8, le=1024)] = 64,
) -> Any:
    """Show the capacity that a study would start from, with what is assumed of it."""
    uow.actor.require_role(org_id, "member")
    world = await read_fleet(uow, org_id, FleetIn(kind=kind, seed=seed, accelerators=accelerators), [])
    links = [
        {"from_region": link["from"], "to_region": link["to"], "gbps": link["gbps"], "yuan_per_gb": link["price"]}
        for link in world["links"]
    ]
    return {"places": world["places"], "nodes": world["nodes"], "links": links}


@router.get("/rule", response_model=RuleOut, responses=problems(Unauthenticated))
async def read_placing_rule(uow: ReadWork) -> Any:
    """Show the rule by which seats are chosen, and the replay of late tasks that it rests on."""
    uow.actor.require_known()
    held = await rules.latest(uow)
    if held is None or held.result is None:
        return RuleOut(rule=RULES[0], rules=list(RULES), job_id=None, chosen_at=None, tasks=0, figures=[])
    return RuleOut(rules=list(RULES), job_id=held.id, chosen_at=held.finished_at, **held.result)


@router.post(
    "/studies",
    response_model=StudyOut,
    status_code=201,
    responses=problems(
        Unauthenticated, Forbidden, NotFound, StudyInvalid, TraceInvalid, AcceleratorUnknown, MissingExtra, Invalid
    ),
)
async def start_twin_study(
    body: StudyIn, uow: WriteWork, idempotency_key: Annotated[str | None, Header(max_length=100)] = None
) -> Any:
    """Replay a workload under scenarios, as a job; nothing of the real queue changes."""
    uow.actor.require_known()
    key = f"twin/{uow.actor.id}/{idempotency_key}" if idempotency_key else None
    return _shown(await service.create_study(uow, body.org_id, body.name, body.plan, key=key))


@router.get("/studies", response_model=Page[StudyRow], responses=problems(Unauthenticated, Invalid))
async def list_twin_studies(
    uow: ReadWork,
    paging: Paging,
    state: Annotated[str | None, Query(max_length=20)] = None,
    org_id: Annotated[str | None, Query(max_length=40)] = None,
) -> Any:
    """List the studies of the caller's organisations."""
    uow.actor.require_known()
    query = service.visible_to(uow.actor)
    for column, value in ((TwinStudy.state, state), (TwinStudy.org_id, org_id)):
        if value:
            query = query.where(column == value)
    sorts = {"created_at": TwinStudy.created_at, "name": TwinStudy.name}
    rows = await fetch_page(uow.session, query, paging, key=TwinStudy.id, sorts=sorts, default="-created_at")
    names = ("id", "org_id", "name", "tasks", "job_id", "state", "created_at", "finished_at")
    items = [
        StudyRow(**{name: getattr(row, name) for name in names}, scenarios=[s["name"] for s in row.plan["scenarios"]])
        for row in rows.items
    ]
    return Page[StudyRow](items=items, next=rows.next)


@router.get("/studies/{study_id}", response_model=StudyOut, responses=problems(Unauthenticated, StudyNotFound))
async def get_twin_study(study_id: str, uow: ReadWork) -> Any:
    """Show a study with what came of its scenarios."""
    return _shown(await service.find_study(uow, study_id))


def _shown(study: TwinStudy) -> dict[str, Any]:
    columns = {column.key: getattr(study, column.key) for column in TwinStudy.__table__.columns}
    return columns | {"best": best_by_figure(study.results)}


@router.get(
    "/studies/{study_id}/export",
    response_class=Response,
    responses=problems(Unauthenticated, StudyNotFound, Invalid),
)
async def export_twin_study(
    study_id: str, uow: ReadWork, what: Annotated[Literal["totals", "series"], Query()] = "totals"
) -> Response:
    """Give the scenarios' figures (`totals`) or their courses over time (`series`) as CSV."""
    study = await service.find_study(uow, study_id)
    text = totals_csv(study) if what == "totals" else series_csv(study)
    headers = {"Content-Disposition": f'attachment; filename="{study.id}-{what}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


@router.delete(
    "/studies/{study_id}", status_code=204, responses=problems(Unauthenticated, Forbidden, StudyNotFound, StudyOpen)
)
async def remove_twin_study(study_id: str, uow: WriteWork) -> None:
    """Forget a study that has ended."""
    await service.remove_study(uow, study_id)
