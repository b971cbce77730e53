from __future__ import annotations

from pathlib import Path

import pytest

from ceyuan.data.reviews import DataReview
from ceyuan.governance.safety import create_check, find_check
from ceyuan.governance.safety.errors import CheckNotFound, CheckPlanInvalid
from ceyuan.governance.safety.reporting import part_by_hand
from ceyuan.governance.safety.schemas import SafetyPlan
from ceyuan.hub import resolve
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.secrets import Signature
from tests.workshop import Workshop

CLEAN = [{"id": f"t{i}", "text": f"第{i}条 用人单位应当按照约定支付劳动报酬。"} for i in range(40)]
DIRTY = {"id": "bad", "text": "长期出售枪支弹药,自制炸弹教程,联系13812345678"}


async def check(workshop: Workshop, plan: SafetyPlan, name: str = "check") -> str:
    async with workshop.platform.work(await workshop.actor()) as uow:
        made = await create_check(uow, org_id=workshop.org, name=name, plan=plan, repository_name=f"lab/{name}")
    job = await workshop.ended(made.job_id)
    assert job.state == "succeeded", job.error
    return made.id


async def reviewed(workshop: Workshop, dataset: str) -> None:
    """A closed review of the dataset, as the data rooms leave it."""
    rate = {"value": 1.0, "low": 0.91, "high": 1.0, "n": 40}
    manual = {"documents": 40, "failed": 0, "disputed": 0, "rate": rate, "needed": 0.96, "met": True, "clauses": {}}
    async with workshop.platform.work(await workshop.actor()) as uow:
        revision = await resolve(uow, dataset)
        now = uow.clock.now()
        facts = {"id": new_id("rvw"), "org_id": workshop.org, "dataset": revision.ref, "node_id": revision.node_id}
        facts |= {"repository": "lab/r", "title": "r", "wanted": 4000, "documents": 40, "seed": "0"}
        facts |= {
            "needed": 0.96,
            "machine_needed": 0.98,
            "passed": True,
            "state": "closed",
            "report": "reports/lab/r@1",
            "signature": "00",
        }
        facts |= {"result": {"manual": manual, "standard": True, "refused_sources": []}, "created_by": "per_li"}
        uow.session.add(DataReview(**facts, creator="li", created_at=now, closed_at=now))


def test_a_review_below_the_standard_is_no_ground_for_an_assessment() -> None:
    manual = {"documents": 4, "failed": 0, "disputed": 0, "rate": {"value": 1.0}, "needed": 0.96, "met": True}
    result = {"manual": manual | {"clauses": {"A.1.a": 1}}, "standard": False, "refused_sources": []}
    part = part_by_hand(result, "reports/lab/r@1", "00")
    assert (part["passed"], part["clauses"]) == (False, {"A.1.a": {"failed": 1, "for_review": 0}})


async def test_a_clean_dataset_passes_and_the_report_is_signed(workshop: Workshop, tmp_path: Path) -> None:
    dataset = await workshop.dataset("clean", CLEAN, tmp_path / "clean")
    await reviewed(workshop, dataset)
    check_id = await check(workshop, SafetyPlan(dataset=dataset, texts=30))
    async with workshop.platform.work(await workshop.actor(), write=False) as uow:
        done = await find_check(uow, check_id)
        assert done.passed is True
        assert done.summary is not None
        assert (done.summary["parts"][0]["n"], done.summary["parts"][0]["population"]) == (30, 40)
        by_hand = done.summary["parts"][1]
        assert (by_hand["part"], by_hand["n"], by_hand["review"]["report"]) == ("corpus by hand", 40, "reports/lab/r@1")
        tree = (await resolve(uow, str(done.report))).tree
        job_id = done.job_id
    assert (await workshop.again(job_id)).state == "succeeded"
    async with workshop.platform.work(await workshop.actor(), write=False) as uow:
        assert (await find_check(uow, check_id)).state == "succeeded", "what has ended is not begun again"
    signature = Signature(str(done.key_id), bytes.fromhex(str(done.signature)))
    assert workshop.platform.vault.verify("safety-report", bytes.fromhex(tree), signature)
    zoe = await workshop.actor("zoe")
    async with workshop.platform.work(zoe, write=False) as uow:
        with pytest.raises(CheckNotFound):
            await find_check(uow, check_id)


@pytest.mark.engine_bound
async def test_a_dirty_dataset_fails_by_clause_and_its_excerpts_hide_identifiers(
    workshop: Workshop, tmp_path: Path
) -> None:
    from sqlalchemy import select

    from ceyuan.governance.safety.tables import SafetyFinding

    dataset = await workshop.dataset("dirty", [*CLEAN[:9], DIRTY], tmp_path / "dirty")
    check_id = await check(workshop, SafetyPlan(dataset=dataset, texts=100))
    async with workshop.platform.work(await workshop.actor(), write=False) as uow:
        done = await find_check(uow, check_id)
        assert done.passed is False
        assert done.summary is not None
        assert set(done.summary["parts"][0]["clauses"]) >= {"A.1.d", "A.1.h", "A.4.f"}
        findings = list(await uow.session.scalars(select(SafetyFinding).where(SafetyFinding.check_id == check_id)))
    assert all("13812345678" not in f.excerpt for f in findings)


@pytest.mark.engine_bound
async def test_the_answers_of_a_served_model_are_checked(workshop: Workshop) -> None:
    workshop.answer("您好,", "很高兴为您服务。")
    check_id = await check(workshop, SafetyPlan(models=["echo"], answers=4))
    async with workshop.platform.work(await workshop.actor(), write=False) as uow:
        done = await find_check(uow, check_id)
        assert done.passed is True
        assert done.summary is not None
        assert done.summary["parts"][0]["n"] == 4


async def test_a_plan_without_anything_to_check_is_refused(workshop: Workshop) -> None:
    with pytest.raises(CheckPlanInvalid):
        async with workshop.platform.work(await workshop.actor()) as uow:
            await create_check(uow, org_id=workshop.org, name="x", plan=SafetyPlan(), repository_name="lab/x")
