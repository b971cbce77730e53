from __future__ import annotations

import pytest

from ceyuan.evaluation.items import generate
from ceyuan.evaluation.runs import create_run, find_run
from ceyuan.evaluation.runs.benchmarks import benchmark_items
from ceyuan.evaluation.runs.errors import PlanInvalid, RunNotFound
from ceyuan.evaluation.runs.schemas import EvaluationPlan
from ceyuan.hub import read_file
from ceyuan.kernel.errors import NotFound
from tests.workshop import Workshop

PLAN = EvaluationPlan(models=["echo"], families=["largest_choice"], per_family=3, seed=7)


async def test_an_outsider_learns_of_no_run_and_starts_none(workshop: Workshop) -> None:
    async with workshop.platform.work(await workshop.actor("li")) as uow:
        run = await create_run(uow, org_id=workshop.org, name="run", plan=PLAN, repository_name="lab/eval")
    zoe = await workshop.actor("zoe")
    async with workshop.platform.work(zoe, write=False) as uow:
        with pytest.raises(RunNotFound):
            await find_run(uow, run.id)
    with pytest.raises(NotFound):
        async with workshop.platform.work(zoe) as uow:
            await create_run(uow, org_id=workshop.org, name="run", plan=PLAN, repository_name="lab/eval")
    await workshop.ended(run.job_id)


async def test_a_run_asks_every_item_grades_it_and_keeps_a_report_with_intervals(workshop: Workshop) -> None:
    items = generate(3, seed=7, families=["largest_choice"])
    workshop.answer(items[0].answers[0])
    right = sum(i.answers[0] == items[0].answers[0] for i in items)
    async with workshop.platform.work(await workshop.actor()) as uow:
        run = await create_run(uow, org_id=workshop.org, name="run", plan=PLAN, repository_name="lab/eval", key="k")
        again = await create_run(uow, org_id=workshop.org, name="run", plan=PLAN, repository_name="lab/eval", key="k")
    assert again.id == run.id
    job = await workshop.ended(run.job_id)
    assert job.state == "succeeded", job.error
    assert job.cost_micro > 0, "what the calls cost shows on the job"
    async with workshop.platform.work(await workshop.actor(), write=False) as uow:
        done = await find_run(uow, run.id)
        assert done.summary is not None
        accuracy = done.summary["models"][0]["accuracy"]
        assert (accuracy["value"], accuracy["n"]) == (right / 3, 3)
        assert accuracy["low"] <= accuracy["value"] <= accuracy["high"]
        card = (await read_file(uow, str(done.report), "README.md")).decode()
    assert "largest" in card or "大小选择" in card
    assert len(await workshop.calls()) == 3
    assert (await workshop.again(run.job_id)).state == "succeeded"
    async with workshop.platform.work(await workshop.actor(), write=False) as uow:
        assert (await find_run(uow, run.id)).state == "succeeded", "what has ended is not begun again"


async def test_a_model_that_is_not_served_fails_the_run_with_its_reason(workshop: Workshop) -> None:
    plan = PLAN.model_copy(update={"models": ["nowhere"]})
    async with workshop.platform.work(await workshop.actor()) as uow:
        run = await create_run(uow, org_id=workshop.org, name="run", plan=plan, repository_name="lab/eval")
    job = await workshop.ended(run.job_id)
    assert job.state == "failed"
    assert "nowhere" in (job.error or {})["message"][1]
    async with workshop.platform.work(await workshop.actor(), write=False) as uow:
        assert (await find_run(uow, run.id)).state == "failed"


async def test_training_is_told_of_all_items_when_one_of_two_like_plans_names_no_family(workshop: Workshop) -> None:
    both = [PLAN, PLAN.model_copy(update={"families": None})]
    async with workshop.platform.work(await workshop.actor()) as uow:
        runs = [
            await create_run(
                uow, org_id=workshop.org, name=f"run {number}", plan=plan, repository_name=f"lab/e{number}"
            )
            for number, plan in enumerate(both)
        ]
    async with workshop.platform.work(await workshop.actor(), write=False) as uow:
        (told,) = await benchmark_items(uow)
    assert {item for item, _ in told.items} == {item.id for item in generate(3, seed=7)}
    for run in runs:
        await workshop.ended(run.job_id)


@pytest.mark.parametrize("plan", [EvaluationPlan(), EvaluationPlan(models=["echo"], families=["astrology"])])
async def test_a_plan_that_measures_nothing_or_an_unknown_family_is_refused(
    workshop: Workshop, plan: EvaluationPlan
) -> None:
    with pytest.raises(PlanInvalid):
        async with workshop.platform.work(await workshop.actor()) as uow:
            await create_run(uow, org_id=workshop.org, name="run", plan=plan, repository_name="lab/eval")
