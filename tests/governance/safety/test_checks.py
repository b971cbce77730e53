from __future__ import annotations

from pathlib import Path

import pytest

from ceyuan.governance.safety import create_check, find_check
from ceyuan.governance.safety.errors import CheckNotFound, CheckPlanInvalid
from ceyuan.governance.safety.schemas import SafetyPlan
from ceyuan.hub import resolve
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


async def test_a_clean_dataset_passes_and_the_report_is_signed(workshop: Workshop, tmp_path: Path) -> None:
    dataset = await workshop.dataset("clean", CLEAN, tmp_path / "clean")
    check_id = await check(workshop, SafetyPlan(dataset=dataset, texts=30))
    async with workshop.platform.work(await workshop.actor(), write=False) as uow:
        done = await find_check(uow, check_id)
        assert done.passed is True
        assert done.summary is not None
        assert (done.summary["parts"][0]["n"], done.summary["parts"][0]["population"]) == (30, 40)
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
