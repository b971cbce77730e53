"""Use cases of safety checks."""

from __future__ import annotations

from functools import cache

from ceyuan.governance.detectors import RISKS, Chain
from ceyuan.governance.safety import repository
from ceyuan.governance.safety.errors import CheckNotFound, CheckPlanInvalid
from ceyuan.governance.safety.schemas import InspectedFinding, InspectOut, RiskOut, SafetyPlan
from ceyuan.governance.safety.tables import SafetyCheck
from ceyuan.identity import require_role_in
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.jobs import submit
from ceyuan.kernel.work import UnitOfWork


async def create_check(
    uow: UnitOfWork,
    *,
    org_id: str,
    name: str,
    plan: SafetyPlan,
    repository_name: str,
    key: str | None = None,
    parent_id: str | None = None,
) -> SafetyCheck:
    """Start a check as a job; with the same idempotency `key` the first check is returned."""
    await require_role_in(uow, org_id, "member")
    if plan.dataset is None and not plan.models:
        raise CheckPlanInvalid(
            ("计划中既无数据集也无模型", "the plan names neither a dataset nor a model"),
            hint=("请填写 dataset 或 models", "fill in dataset or models"),
        )
    check_id = new_id("saf")
    job = await submit(
        uow,
        "governance.safety_check",
        {"check_id": check_id, "repository": repository_name},
        org_id=org_id,
        title=(f"安全检测:{name}", f"Safety check: {name}"),
        key=key,
        parent_id=parent_id,
    )
    if job.params["check_id"] != check_id:
        return await repository.get(uow.session, str(job.params["check_id"]))
    check = SafetyCheck(
        id=check_id,
        org_id=org_id,
        name=name,
        plan=plan.model_dump(mode="json"),
        job_id=job.id,
        state="queued",
        passed=None,
        summary=None,
        report=None,
        signature=None,
        key_id=None,
        created_by=uow.actor.id,
        created_at=uow.clock.now(),
        finished_at=None,
    )
    uow.session.add(check)
    await uow.audit("safety_check.start", check.id, org_id, name=name, dataset=plan.dataset, models=plan.models)
    return check


async def find_check(uow: UnitOfWork, check_id: str) -> SafetyCheck:
    """The check if the actor may see it; raises `CheckNotFound`."""
    uow.actor.require_known()
    check = await repository.get(uow.session, check_id)
    if not uow.actor.may(check.org_id) and not uow.actor.has_duty("regulator"):
        raise CheckNotFound()
    return check


@cache
def builtin_chain() -> Chain:
    """The chain of this process."""
    return Chain()


def list_risks() -> list[RiskOut]:
    """The taxonomy, and how many built-in keywords point at each risk."""
    counts = builtin_chain().keywords.coverage()
    return [RiskOut(id=r.id, zh=r.zh, en=r.en, keywords=counts[r.id]) for r in RISKS.values()]


def inspect(text: str) -> InspectOut:
    """What the chain finds in a text."""
    chain = builtin_chain()
    verdict = chain.inspect(text)
    found = [
        InspectedFinding(
            detector=f.detector,
            clause=f.clause,
            start=f.start,
            end=f.end,
            confidence=f.confidence,
            action=f.action,
            detail=f.detail,
        )
        for f in verdict.findings
    ]
    return InspectOut(action=verdict.action, findings=found, masked=chain.mask(text))
