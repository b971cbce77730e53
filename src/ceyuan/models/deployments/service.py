"""Use cases of deployments. Operators decide what runs; whoever may call a model may look at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import select

from ceyuan.compute.pools import all_pools
from ceyuan.compute.tasks import check_task
from ceyuan.hub import Revision, list_files, resolve
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.jobs import submit
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.deployments.errors import DeploymentUnknown, NoModelFile, NoVariant, RollRunning, SeveralProcesses
from ceyuan.models.replicas import REACHED, ReplicaSettings, check_engine, keeper_of, spec_of
from ceyuan.models.serving import Capability, EngineOptions, NewServed, ServedModel, is_released, serve_model
from ceyuan.models.serving.home import living
from ceyuan.models.serving.service import may_see
from ceyuan.models.serving.variants import DeploymentPlan, PoolRun, Scale, Variant, VariantName, plan_of

ROLL = "deployments.roll"


@dataclass(frozen=True, slots=True)
class NewDeployment:
    """A deployment to be: `model` is a revision in the hub, `path` the file in it (empty where it has one GGUF). With
    `pool` its replicas are compute tasks, each of which gets the whole revision; else engines of this process run it.
    """

    name: str
    model: str
    path: str = ""
    title: str = ""
    engine: EngineOptions = field(default_factory=EngineOptions)
    capabilities: Sequence[Capability] = ("chat", "completions")
    scale: Scale = field(default_factory=Scale)
    price_model: str = ""
    visible_to: Sequence[str] | None = None
    pool: PoolRun | None = None


async def _file_of(uow: UnitOfWork, revision: Revision, path: str) -> str:
    """The reference of the file that the engine runs; raises `NoModelFile`."""
    files = [name async for name, _ in list_files(uow, revision.ref)]
    found = [name for name in files if name.endswith(".gguf")] if not path else [name for name in files if name == path]
    if len(found) != 1:
        known = "、".join(name for name in files if name.endswith(".gguf"))[:300] or "-"
        raise NoModelFile(
            (
                f"该版本中有 {len(found)} 个匹配的 GGUF 文件",
                f"the revision has {len(found)} GGUF files that fit",
            ),
            hint=(f"请用 path 指定其一:{known}", f"name one with path: {known}"),
        )
    return f"hub:{revision.ref}:{found[0]}"


async def _variant(
    uow: UnitOfWork, model: str, path: str | None, name: VariantName, number: int, percent: int = 0
) -> Variant:
    """A revision that is to run; without a `path` as a whole."""
    revision = await resolve(uow, model)
    return Variant(
        name=name,
        number=number,
        file=await _file_of(uow, revision, path) if path is not None else "",
        revision=revision.ref,
        node=revision.node_id,
        owner_org_id=revision.org_id,
        released=await is_released(uow, revision.node_id),
        percent=percent,
    )


def _check(wanted: Scale) -> None:
    if wanted.least > wanted.most:
        raise Invalid(("最少副本数不能多于最多副本数", "at least cannot be more than at most"))


async def _check_pool(uow: UnitOfWork, plan: DeploymentPlan, variant: Variant, name: str) -> None:
    """Raise what would keep a replica from ever running, or from being called: `SeveralProcesses`, `Invalid`,
    `TaskImpossible`, `NotIsolated`, ..."""
    if plan.pool is None:
        found = await living(uow)
        if len(found) > 1:
            raise SeveralProcesses(
                (
                    f"{len(found)} 个进程共用数据库({'、'.join(found)}),内置引擎的部署只能在其中一个里运行",
                    f"{len(found)} processes share the database ({', '.join(found)}); embedded engines run in one only",
                ),
                hint=("请指定资源池(pool)", "name a pool: its replicas can be called by every process"),
            )
        return
    check_engine(plan.pool)
    pools = await all_pools(uow.session)
    kind = next((one.kind for one in pools if plan.pool.pool in (one.id, one.name)), None)
    if kind is not None and kind not in REACHED:
        raise Invalid(
            (f"{kind} 资源池中的副本无法直接访问", f"replicas in a pool of the kind {kind} cannot be reached"),
            hint=("请选用本机、SSH 或 Slurm 资源池", f"choose a pool of the kinds {', '.join(REACHED)}"),
        )
    spec = spec_of(uow.platform.section(ReplicaSettings), plan.pool, name, variant)
    keeper = UnitOfWork(uow.platform, uow.session, keeper_of(plan), writes=False)
    await check_task(keeper, plan.pool.org_id, spec)


async def deploy(uow: UnitOfWork, new: NewDeployment) -> ServedModel:
    """Run a revision behind a public name; only operators may. Audited.

    Its file is brought by a job if it is not on this machine, to replicas in a pool by their tasks. A revision that was
    not released is a candidate, which only its owner may call; its owner pays for the replicas. Raises `NoModelFile`,
    what serving raises, for a pool what keeps a task from running there, and without one `SeveralProcesses`.
    """
    uow.actor.require_duty("operator")
    _check(new.scale)
    variant = await _variant(uow, new.model, new.path if new.pool is None else None, "stable", 1)
    pool = new.pool and replace(new.pool, org_id=variant.owner_org_id, trusted=uow.actor.is_admin)
    plan = DeploymentPlan((variant,), new.scale, pool=pool)
    await _check_pool(uow, plan, variant, new.name)
    row = await serve_model(
        uow,
        NewServed(
            name=new.name,
            title=new.title,
            file=variant.file or None,
            revision=None if variant.file else variant.revision,
            engine=new.engine,
            capabilities=new.capabilities,
            price_model=new.price_model,
            visible_to=new.visible_to,
            keep_warm=new.scale.least > 0,
        ),
    )
    row.routing = plan.stored()
    await uow.session.flush()
    await uow.audit("deployment.create", row.id, row.owner_org_id, name=row.name, revision=variant.revision)
    return row


async def see_deployment(uow: UnitOfWork, reference: str, *, lock: bool = False) -> tuple[ServedModel, DeploymentPlan]:
    """A deployment by its id or public name; raises `DeploymentUnknown`."""
    uow.actor.require_known()
    query = select(ServedModel).where((ServedModel.id == reference) | (ServedModel.name == reference))
    row = await uow.session.scalar(query.with_for_update() if lock else query)
    plan = plan_of(row.routing) if row is not None else None
    if row is None or plan is None or not may_see(uow, row):
        raise DeploymentUnknown()
    return row, plan


async def list_deployments(uow: UnitOfWork) -> list[tuple[ServedModel, DeploymentPlan]]:
    """The deployments that the actor may see, by name."""
    uow.actor.require_known()
    rows = await uow.session.scalars(select(ServedModel).order_by(ServedModel.name))
    found = ((row, plan_of(row.routing)) for row in rows if may_see(uow, row))
    return [(row, plan) for row, plan in found if plan is not None]


async def _keep(uow: UnitOfWork, row: ServedModel, plan: DeploymentPlan, action: str, **told: Any) -> ServedModel:
    """Keep a plan: the served model's own columns follow its stable variant."""
    stable = plan.stable
    row.routing, row.file, row.revision = plan.stored(), stable.file or None, stable.revision
    row.owner_org_id, row.model_node, row.released = stable.owner_org_id, stable.node, stable.released
    row.keep_warm, row.updated_at = plan.scale.least > 0, uow.clock.now()
    await uow.session.flush()
    await uow.audit(action, row.id, row.owner_org_id, name=row.name, **told)
    await uow.publish("serving.changed", served_id=row.id, name=row.name, state=row.state)
    return row


async def scale(uow: UnitOfWork, reference: str, wanted: Scale) -> ServedModel:
    """Say how many replicas may run, and when one more is started; only operators may. Audited."""
    uow.actor.require_duty("operator")
    _check(wanted)
    row, plan = await see_deployment(uow, reference, lock=True)
    return await _keep(uow, row, replace(plan, scale=wanted), "deployment.scale", least=wanted.least, most=wanted.most)


async def bring(
    uow: UnitOfWork,
    reference: str,
    *,
    model: str,
    path: str = "",
    as_: Literal["next", "canary", "shadow"] = "next",
    percent: int = 0,
) -> ServedModel:
    """Bring another revision in, by a job: it is loaded first and takes its part only when it is ready. `next` takes
    the place of the stable one, `canary` answers `percent` of the calls, `shadow` gets copies of them. Only operators
    may. Audited. Raises `RollRunning`, `NoModelFile`."""
    uow.actor.require_duty("operator")
    row, plan = await see_deployment(uow, reference, lock=True)
    if plan.find("next") is not None or (as_ != "next" and plan.find(as_) is not None):
        raise RollRunning(hint=("请等待其完成或先撤销", "wait until it is done, or withdraw it first"))
    variant = await _variant(uow, model, path if plan.pool is None else None, as_, plan.made + 1)
    await _check_pool(uow, plan, variant, row.name)
    job = await submit(
        uow,
        ROLL,
        {"served_id": row.id, "number": variant.number, "percent": percent},
        org_id=row.owner_org_id,
        title=(f"更新部署 {row.name}", f"Update the deployment {row.name}"),
    )
    row.job_id = job.id
    return await _keep(
        uow,
        row,
        plan.with_variant(variant),
        "deployment.bring",
        revision=variant.revision,
        variant=as_,
        percent=percent,
    )


async def take_part(uow: UnitOfWork, served_id: str, number: int, percent: int) -> str:
    """A revision is ready: `next` becomes the stable one, the others get their share. Returns the variant's name."""
    row, plan = await see_deployment(uow, served_id, lock=True)
    found = next((one for one in plan.variants if one.number == number), None)
    if found is None or found.name == "stable":
        return "gone"
    plan = plan.promoted("next") if found.name == "next" else plan.with_variant(replace(found, percent=percent))
    row.fault = None
    await _keep(uow, row, plan, "deployment.ready", revision=found.revision, variant=found.name)
    return found.name


async def give_up(uow: UnitOfWork, served_id: str, number: int, fault: str) -> None:
    """A revision could not be loaded: the deployment goes on as before and says why."""
    row, plan = await see_deployment(uow, served_id, lock=True)
    found = next((one for one in plan.variants if one.number == number), None)
    if found is not None and found.name != "stable":
        row.fault = fault[:500]
        await _keep(uow, row, plan.without(found.name), "deployment.failed", revision=found.revision)


async def promote(uow: UnitOfWork, reference: str) -> ServedModel:
    """Let the canary answer all calls; only operators may. Audited. Raises `NoVariant`."""
    uow.actor.require_duty("operator")
    row, plan = await see_deployment(uow, reference, lock=True)
    canary = plan.find("canary")
    if canary is None or not canary.percent:
        raise NoVariant(hint=("灰度版本就绪后才能转正", "a canary can be promoted once it is ready"))
    return await _keep(uow, row, plan.promoted("canary"), "deployment.promote", revision=canary.revision)


async def set_share(uow: UnitOfWork, reference: str, variant: Literal["canary", "shadow"], percent: int) -> ServedModel:
    """Give a canary or shadow another share, or end it with 0; only operators may. Audited. Raises `NoVariant`."""
    uow.actor.require_duty("operator")
    row, plan = await see_deployment(uow, reference, lock=True)
    found = plan.find(variant)
    if found is None:
        raise NoVariant()
    plan = plan.with_variant(replace(found, percent=percent)) if percent else plan.without(variant)
    return await _keep(uow, row, plan, "deployment.share", variant=variant, percent=percent)


async def remove(uow: UnitOfWork, reference: str) -> None:
    """Run a deployment no longer: its replicas finish their calls and end. Only operators may. Audited."""
    uow.actor.require_duty("operator")
    row, _ = await see_deployment(uow, reference, lock=True)
    await uow.session.delete(row)
    await uow.session.flush()
    await uow.audit("deployment.remove", row.id, row.owner_org_id, name=row.name)
    await uow.publish("serving.changed", served_id=row.id, name=row.name, state="removed")
