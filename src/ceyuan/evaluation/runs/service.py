"""Use cases of evaluation runs."""

from __future__ import annotations

from ceyuan.evaluation.items import all_families, generate
from ceyuan.evaluation.runs import repository
from ceyuan.evaluation.runs.errors import PlanInvalid, RunNotFound
from ceyuan.evaluation.runs.schemas import EvaluationPlan, FamilyOut
from ceyuan.evaluation.runs.tables import EvaluationRun
from ceyuan.identity import require_role_in
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.jobs import submit
from ceyuan.kernel.work import UnitOfWork


def check_plan(plan: EvaluationPlan) -> None:
    """Raise `PlanInvalid` for a plan that measures nothing or names an unknown family."""
    if not plan.models and not plan.perplexity:
        raise PlanInvalid(
            ("计划中没有要评测的模型", "the plan measures no model"),
            hint=("请填写 models 或 perplexity", "fill in models or perplexity"),
        )
    known = all_families()
    unknown = sorted(set(plan.families or []) - set(known))
    if unknown:
        raise PlanInvalid(
            (f"未知的题目类别:{'、'.join(unknown)}", f"unknown families: {', '.join(unknown)}"),
            hint=(f"可用类别:{'、'.join(sorted(known))}", f"known families: {', '.join(sorted(known))}"),
        )


async def create_run(
    uow: UnitOfWork,
    *,
    org_id: str,
    name: str,
    plan: EvaluationPlan,
    repository_name: str,
    key: str | None = None,
    parent_id: str | None = None,
) -> EvaluationRun:
    """Start a run as a job; with the same idempotency `key` the first run is returned."""
    await require_role_in(uow, org_id, "member")
    check_plan(plan)
    run_id = new_id("evl")
    job = await submit(
        uow,
        "evaluation.run",
        {"run_id": run_id, "repository": repository_name},
        org_id=org_id,
        title=(f"评测:{name}", f"Evaluation: {name}"),
        key=key,
        parent_id=parent_id,
    )
    if job.params["run_id"] != run_id:
        return await repository.get(uow.session, str(job.params["run_id"]))
    run = EvaluationRun(
        id=run_id,
        org_id=org_id,
        name=name,
        plan=plan.model_dump(mode="json"),
        job_id=job.id,
        state="queued",
        summary=None,
        report=None,
        created_by=uow.actor.id,
        created_at=uow.clock.now(),
        finished_at=None,
    )
    uow.session.add(run)
    await uow.audit("evaluation.start", run.id, org_id, name=name, models=plan.models)
    return run


async def find_run(uow: UnitOfWork, run_id: str) -> EvaluationRun:
    """The run if the actor may see it; raises `RunNotFound`."""
    run = await repository.get(uow.session, run_id)
    uow.actor.require_known()
    if not uow.actor.may(run.org_id) and not uow.actor.has_duty("evaluator"):
        raise RunNotFound()
    return run


def list_families() -> list[FamilyOut]:
    """The families of generated items, each with an example."""
    examples = {item.family: item for item in generate(1, seed=1)}
    return [
        FamilyOut(
            name=f.name,
            label_zh=f.label_zh,
            label_en=f.label_en,
            example=examples[f.name].prompt,
            expected=examples[f.name].answers[0],
        )
        for f in sorted(all_families().values(), key=lambda f: f.name)
    ]
