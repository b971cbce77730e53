"""Use cases of studies."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.compute.catalogue import known_accelerator
from ceyuan.compute.twin.errors import StudyInvalid, StudyNotFound, StudyOpen
from ceyuan.compute.twin.fleet import read_fleet
from ceyuan.compute.twin.history import recorded_tasks
from ceyuan.compute.twin.schemas import Recorded, ScenarioIn, StudyPlan, Trace
from ceyuan.compute.twin.tables import TwinStudy
from ceyuan.compute.twin.traces import traced_tasks
from ceyuan.hub import resolve
from ceyuan.identity import get_organisation
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.jobs import submit
from ceyuan.kernel.work import UnitOfWork

JOB_KIND = "compute.twin"
MOST_NODES = 2000
OPEN = frozenset({"queued", "running"})


async def create_study(
    uow: UnitOfWork, org_id: str, name: str, plan: StudyPlan, *, key: str | None = None
) -> TwinStudy:
    """Start a study of an organisation, named by id or name, as a job; with the same idempotency `key` the first one
    is returned.

    Raises `OrganisationNotFound`, and `StudyInvalid` for a scenario that names what is not there, and where there is
    nothing to replay; `TraceInvalid`, and what the hub says of a trace that it does not have.
    """
    org_id = (await get_organisation(uow, org_id)).id
    uow.actor.require_role(org_id, "member")
    if isinstance(plan.workload, Recorded) and plan.workload.everybody:
        uow.actor.require_duty("operator")
    world = await read_fleet(uow, org_id, plan.fleet, plan.links)
    for scenario in plan.scenarios:
        check_scenario(world, scenario)
    await _check_workload(uow, org_id, plan, world)
    if isinstance(plan.workload, Trace):
        await traced_tasks(uow, plan.workload)
        fixed = (await resolve(uow, plan.workload.dataset)).ref
        plan = plan.model_copy(update={"workload": plan.workload.model_copy(update={"dataset": fixed})})
    study_id = new_id("twn")
    job = await submit(
        uow,
        JOB_KIND,
        {"study_id": study_id},
        org_id=org_id,
        title=(f"数字孪生:{name}", f"Digital twin: {name}"),
        key=key,
    )
    if job.params["study_id"] != study_id:
        return await get(uow.session, str(job.params["study_id"]))
    study = TwinStudy(
        id=study_id,
        org_id=org_id,
        name=name,
        plan=plan.model_dump(mode="json"),
        world=world,
        results=[],
        tasks=0,
        job_id=job.id,
        state="queued",
        created_by=uow.actor.id,
        created_at=uow.clock.now(),
        finished_at=None,
    )
    uow.session.add(study)
    await uow.audit("compute_twin.start", study.id, org_id, name=name)
    return study


async def _check_workload(uow: UnitOfWork, org_id: str, plan: StudyPlan, world: dict[str, Any]) -> None:
    if not world["nodes"]:
        raise StudyInvalid(
            ("没有可推演的容量", "there is no capacity to replay on"),
            hint=("请先接入资源池,或改用五区域示例", "connect a pool first, or take the example of five regions"),
        )
    if isinstance(plan.workload, Recorded) and not await recorded_tasks(uow, org_id, plan.workload):
        raise StudyInvalid(
            ("这段时间没有已结束的任务", "no task has ended in that time"),
            hint=("请放宽天数,或改用生成的负载", "take more days, or a made-up workload"),
        )


def check_scenario(world: dict[str, Any], scenario: ScenarioIn) -> None:
    """Raise `StudyInvalid` where a scenario names a place, region or link that there is not."""
    places = {place["name"]: place["region"] for place in world["places"]}
    added = {row.place: row.region for row in scenario.more_nodes}
    regions = {region for region in (*places.values(), *added.values()) if region}
    links = {(link["from"], link["to"]) for link in world["links"]}
    for row in scenario.more_nodes:
        if row.accelerator:
            known_accelerator(row.accelerator)
    unknown = [name for name in scenario.without if name not in places]
    unknown += [one.place for one in scenario.outages if one.place not in {*places, *added}]
    unknown += [name for name in (*scenario.prices, *scenario.carbon) if name not in {*places, *regions}]
    unknown += [f"{one} – {other}" for one, other in scenario.cut if not {(one, other), (other, one)} & links]
    unknown += [name for link in scenario.faster for name in (link.one, link.other) if name not in regions]
    if unknown:
        raise StudyInvalid(
            (f"情景“{scenario.name}”提到了不存在的 {unknown[0]}", f"scenario “{scenario.name}” names {unknown[0]}"),
            hint=(f"资源池:{'、'.join(places) or '无'}", f"there are: {', '.join(places) or 'none'}"),
            field="scenarios",
        )
    nodes = sum(row["count"] for row in world["nodes"]) + sum(row.count for row in scenario.more_nodes)
    if nodes > MOST_NODES:
        raise StudyInvalid(
            (f"一次最多推演 {MOST_NODES} 个节点,共 {nodes} 个", f"{nodes} nodes; at most {MOST_NODES} can be replayed")
        )


async def get(session: AsyncSession, study_id: str, *, lock: bool = False) -> TwinStudy:
    """The study; raises `StudyNotFound`."""
    row = await session.get(TwinStudy, study_id, with_for_update=lock or None)
    if row is None:
        raise StudyNotFound()
    return row


async def find_study(uow: UnitOfWork, study_id: str) -> TwinStudy:
    """The study if the actor may see it; raises `StudyNotFound`."""
    uow.actor.require_known()
    study = await get(uow.session, study_id)
    if not uow.actor.is_admin and not uow.actor.may(study.org_id):
        raise StudyNotFound()
    return study


async def remove_study(uow: UnitOfWork, study_id: str) -> None:
    """Forget a study that has ended; raises `StudyOpen`. Audited."""
    study = await find_study(uow, study_id)
    uow.actor.require_role(study.org_id, "member")
    if study.state in OPEN:
        raise StudyOpen(hint=("请先取消其任务", "cancel its job first"))
    await uow.session.delete(study)
    await uow.audit("compute_twin.remove", study.id, study.org_id, name=study.name)


def visible_to(actor: Actor) -> Select[TwinStudy]:
    """The studies of the actor's organisations; administrators see all."""
    query = select(TwinStudy)
    return query if actor.is_admin else query.where(TwinStudy.org_id.in_(list(actor.roles)))
