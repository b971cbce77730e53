from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ceyuan.evaluation.runs import EvaluationRun
from ceyuan.governance.safety import SafetyCheck
from ceyuan.kernel import workflow
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.workflow import GuardRefused
from ceyuan.models.releases import decide, find_release, open_release
from ceyuan.models.releases.errors import ReleaseExists, ReleaseNotFound
from ceyuan.models.releases.schemas import Criteria, ReleaseIn
from tests.workshop import Workshop


async def candidate(workshop: Workshop, folder: Path) -> tuple[str, str]:
    model = await workshop.model("mini", folder)
    wanted = ReleaseIn(model=model, served="echo", criteria=Criteria(max_perplexity=50))
    async with workshop.platform.work(await workshop.actor()) as uow:
        return model, (await open_release(uow, wanted)).id


async def evidence(
    workshop: Workshop, model: str, *, perplexity: float, safe: bool, rate: float = 0.95, asked: str | None = None
) -> None:
    """Finished evidence as the rooms' jobs leave it."""
    common: dict[str, Any] = {"org_id": workshop.org, "name": "n", "job_id": new_id("job"), "state": "succeeded"}
    figures = {"model": model, "value": perplexity, "low": perplexity - 1, "high": perplexity + 1}
    part = {"part": "answers", "passed": safe, "needed": 0.9, "pass_rate": {"value": rate if safe else 0.5}}
    async with workshop.platform.work() as uow:
        common |= {"created_by": "system", "created_at": uow.clock.now(), "finished_at": uow.clock.now()}
        uow.session.add(
            EvaluationRun(
                id=new_id("evl"), plan={}, report="r", summary={"models": [], "perplexity": [figures]}, **common
            )
        )
        uow.session.add(
            SafetyCheck(
                id=new_id("saf"),
                plan={"models": ["echo"]},
                report="r",
                signature="",
                key_id="",
                passed=safe,
                summary={"parts": [part], "revisions": {"echo": asked}},
                **common,
            )
        )


async def test_without_evidence_no_gate_opens_and_each_says_why(workshop: Workshop, tmp_path: Path) -> None:
    _, release_id = await candidate(workshop, tmp_path / "m")
    with pytest.raises(GuardRefused) as refused:
        async with workshop.platform.work(await workshop.actor()) as uow:
            await decide(uow, release_id, "approve")
    assert "not evaluated" in refused.value.message[1]
    assert "no safety check" in refused.value.message[1]


@pytest.mark.parametrize(("perplexity", "safe", "reason"), [(60.0, True, "perplexity"), (20.0, False, "50.0%")])
async def test_a_failing_gate_blocks(
    workshop: Workshop, tmp_path: Path, perplexity: float, safe: bool, reason: str
) -> None:
    model, release_id = await candidate(workshop, tmp_path / "m")
    await evidence(workshop, model, perplexity=perplexity, safe=safe)
    with pytest.raises(GuardRefused) as refused:
        async with workshop.platform.work(await workshop.actor()) as uow:
            await decide(uow, release_id, "approve")
    assert reason in refused.value.message[1]


async def test_a_release_whose_gates_pass_is_approved_and_keeps_what_they_said(
    workshop: Workshop, tmp_path: Path
) -> None:
    model, release_id = await candidate(workshop, tmp_path / "m")
    await evidence(workshop, model, perplexity=20.0, safe=True)
    async with workshop.platform.work(await workshop.actor("officer")) as uow:
        released = await decide(uow, release_id, "approve", "good")
        assert released.state == "released"
        assert [g["passed"] for g in released.gates] == [True, True]


async def test_a_check_of_another_revision_or_one_that_asked_for_too_little_opens_no_gate(
    workshop: Workshop, tmp_path: Path
) -> None:
    model, release_id = await candidate(workshop, tmp_path / "m")
    await evidence(workshop, model, perplexity=20.0, safe=True, asked="models/lab/mini@before")
    with pytest.raises(GuardRefused, match="no safety check"):
        async with workshop.platform.work(await workshop.actor("officer")) as uow:
            await decide(uow, release_id, "approve")
    await evidence(workshop, model, perplexity=20.0, safe=True, rate=0.7, asked=model)
    with pytest.raises(GuardRefused, match=r"70\.0% < 90%"):
        async with workshop.platform.work(await workshop.actor()) as uow:
            await decide(uow, release_id, "approve")
    await evidence(workshop, model, perplexity=20.0, safe=True, asked=model)
    async with workshop.platform.work(await workshop.actor("officer")) as uow:
        assert (await decide(uow, release_id, "approve")).state == "released"


async def test_whoever_opened_a_release_does_not_approve_it_while_somebody_else_may(
    workshop: Workshop, tmp_path: Path
) -> None:
    model, release_id = await candidate(workshop, tmp_path / "m")
    await evidence(workshop, model, perplexity=20.0, safe=True)
    with pytest.raises(GuardRefused, match="opened themselves"):
        async with workshop.platform.work(await workshop.actor()) as uow:
            await decide(uow, release_id, "approve")


async def test_an_outsider_learns_of_no_release_and_a_second_one_of_the_same_revision_is_refused(
    workshop: Workshop, tmp_path: Path
) -> None:
    model, release_id = await candidate(workshop, tmp_path / "m")
    async with workshop.platform.work(await workshop.actor("zoe"), write=False) as uow:
        with pytest.raises(ReleaseNotFound):
            await find_release(uow, release_id)
    with pytest.raises(ReleaseExists):
        async with workshop.platform.work(await workshop.actor()) as uow:
            await open_release(uow, ReleaseIn(model=model))


async def test_a_rejection_that_was_objected_to_is_judged_anew_unless_another_release_took_its_place(
    workshop: Workshop, tmp_path: Path
) -> None:
    model, release_id = await candidate(workshop, tmp_path / "m")
    await workshop.people.add("second", duties=("reviewer",))

    async def step(who: str, name: str, **form: str) -> str:
        async with workshop.platform.work(await workshop.actor(who)) as uow:
            release = await find_release(uow, release_id)
            await workflow.transit(uow, release.workflow_id, name, form=form)
            return release.state

    assert await step("officer", "reject", note="not this one") == "rejected"
    assert await step("li", "object", grounds="the other figures count") == "objected"
    assert await step("second", "uphold", reason="they do") == "candidate"
    await step("officer", "reject", note="still not this one")
    async with workshop.platform.work(await workshop.actor()) as uow:
        await open_release(uow, ReleaseIn(model=model))
    await step("li", "object", grounds="the other figures count")
    with pytest.raises(GuardRefused, match="another release"):
        await step("second", "uphold", reason="they do")
    assert await step("second", "dismiss", reason="see the new one") == "final"
