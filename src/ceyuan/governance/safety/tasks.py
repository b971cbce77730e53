"""The job of a safety check: sample, ask, inspect, report, sign."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from ceyuan.data.reviews import newest_review
from ceyuan.governance.safety import repository
from ceyuan.governance.safety.prompts import build_prompts
from ceyuan.governance.safety.reporting import part_by_hand, part_result, write
from ceyuan.governance.safety.schemas import SafetyPlan
from ceyuan.governance.safety.tables import SafetyFinding
from ceyuan.hub import (
    By,
    Content,
    Input,
    Node,
    commit_staged,
    create_repository,
    find_by_reference,
    local_snapshot,
    record_lineage,
    resolve,
    stage_folder,
)
from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.jobs import JobContext, job
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.gateway import ask_model
from ceyuan.models.serving import see_served

_MOST_ROWS = 5000
_AT_ONCE = 2


@job("governance.safety_check", title=("安全检测", "Safety check"), queue="flow")
async def run_safety_check(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Check a dataset and models, write and sign the report."""
    check_id = str(params["check_id"])
    async with ctx.platform.work(ctx.actor) as uow:
        check = await repository.get(uow.session, check_id)
        if check.state != "succeeded":  # a crash may come between the report and the end of the job
            check.state = "running"
        plan, name, org_id = SafetyPlan.model_validate(check.plan), check.name, check.org_id
    try:
        revisions = await ctx.transaction("served", lambda uow: _served_revisions(uow, plan.models))
        parts, findings, version = [], [], ""
        if plan.dataset is not None:
            corpus = await ctx.step("corpus", lambda: _check_corpus(ctx, plan))
            parts.append(part_result("corpus", corpus["findings"], corpus["drawn"], plan.corpus_pass))
            parts[-1] |= {k: corpus[k] for k in ("population", "population_sha256")}
            findings += corpus["findings"]
            version = corpus["version"]
            judged = await ctx.transaction("by hand", lambda uow: _judged_by_hand(uow, str(plan.dataset)))
            parts += [judged] if judged else []
        for number, model in enumerate(plan.models):
            answers = await _answers(ctx, org_id, model, plan, 0.4 + 0.5 * number / len(plan.models))
            found = await ctx.step(f"inspect {model}", lambda a=answers: _inspect(ctx, a))  # type: ignore[misc]
            parts.append(part_result(f"answers of {model}", found["findings"], len(answers), plan.answer_pass))
            findings += found["findings"]
            version = found["version"]
        summary = {"parts": parts, "passed": all(p["passed"] for p in parts), "version": version}
        staged = await ctx.step("write", lambda: _write(ctx, name, plan, summary, findings))
        target = str(params["repository"])
        report = await ctx.transaction("report", lambda uow: _report(uow, ctx, target, name, plan, staged))
        ctx.add_output(report["node_id"])
        # Which revisions were asked stands beside the report: its content is the same for the same check.
        found = summary | {"revisions": revisions}
        await ctx.transaction("finish", lambda uow: _finish(uow, check_id, found, findings, report))
    except BaseException as error:
        ctx.platform.jobs.leave_if_stopping()
        async with ctx.platform.work(ctx.actor) as uow:
            state = "cancelled" if isinstance(error, asyncio.CancelledError) else "failed"
            (await repository.get(uow.session, check_id)).state = state
        raise
    return {"check_id": check_id, "passed": summary["passed"], "report": report["ref"]}


async def _check_corpus(ctx: JobContext, plan: SafetyPlan) -> dict[str, Any]:
    assert plan.dataset is not None
    scratch = ctx.platform.data_dir / "work" / ctx.job_id / "corpus"
    folder = await local_snapshot(ctx.platform, plan.dataset, scratch, actor=ctx.actor, only=("*.parquet",), links=True)
    result: dict[str, Any] = await ctx.run_process(
        "ceyuan.governance.safety.sampling:corpus_main",
        {"corpus": str(folder), "texts": plan.texts, "seed": plan.seed},
        memory_mb=4000,
        time_s=3600,
        span=(0.0, 0.4),
    )
    return result


async def _judged_by_hand(uow: UnitOfWork, dataset: str) -> dict[str, Any] | None:
    """What people said of this very revision in its review; None where there was none."""
    review = await newest_review(uow, (await resolve(uow, dataset)).node_id)
    if review is None or review.result is None:
        return None
    return part_by_hand(review.result, str(review.report), str(review.signature))


async def _answers(ctx: JobContext, org_id: str, model: str, plan: SafetyPlan, start: float) -> list[list[str]]:
    limit = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int, prompt: str) -> list[str]:
        async def ask() -> list[str]:
            try:
                said = await ask_model(
                    ctx.platform,
                    ctx.actor,
                    org_id,
                    model,
                    [{"role": "user", "content": prompt}],
                    max_tokens=96,
                    temperature=0.0,
                    seed=plan.seed,
                    repeat_key=f"{ctx.job_id}:{model}:{number}",
                )
            except CeyuanError as error:
                # What the gateway refuses does not reach people: an empty answer is a safe one.
                if error.status not in (400, 403, 422):
                    raise
                return [prompt, ""]
            ctx.add_cost(said.cost_micro)
            return [prompt, said.text]

        async with limit:
            answer = await ctx.step(f"{model} {number:04d}", ask)
        ctx.progress(start, (f"{model} 回答第 {number + 1} 题", f"{model} answers prompt {number + 1}"))
        return answer

    prompts = build_prompts(plan.answers, plan.seed)
    return list(await asyncio.gather(*(one(n, text) for n, (_, text) in enumerate(prompts))))


async def _inspect(ctx: JobContext, answers: list[list[str]]) -> dict[str, Any]:
    result: dict[str, Any] = await ctx.run_process(
        "ceyuan.governance.safety.sampling:answers_main", {"answers": answers}, memory_mb=2000, time_s=600
    )
    return result


async def _served_revisions(uow: UnitOfWork, models: list[str]) -> dict[str, str | None]:
    """The revision that each served model is of, where it comes from the hub."""
    return {name: (await see_served(uow, name)).revision for name in models}


async def _write(
    ctx: JobContext, name: str, plan: SafetyPlan, summary: dict[str, Any], findings: list[dict[str, Any]]
) -> list[list[Any]]:
    folder = ctx.platform.data_dir / "work" / ctx.job_id / "report"
    content = plan
    if plan.dataset is not None:
        # The content's identity, not the commit's, which holds a time: the report of the same check is the same text.
        async with ctx.platform.work(ctx.actor, write=False) as uow:
            found = await resolve(uow, plan.dataset)
        content = plan.model_copy(update={"dataset": f"{found.owner}/{found.name}@{found.tree[:16]}"})
    await asyncio.to_thread(write, folder, name, content, summary, findings)
    return [[path, asdict(content)] for path, content in await stage_folder(ctx.platform, folder)]


async def _report(
    uow: UnitOfWork, ctx: JobContext, target: str, name: str, plan: SafetyPlan, staged: list[list[Any]]
) -> dict[str, str]:
    """Make the revision and its lineage in one transaction."""
    owner, _, repo = target.partition("/")
    await create_repository(uow, "report", owner, repo, description=name, exist_ok=True)
    revision = await commit_staged(
        uow,
        await find_by_reference(uow, f"reports/{target}"),
        [(path, Content(**content)) for path, content in staged],
        message=f"Safety report: {name}",
        origin=ctx.job_id,
    )
    inputs: list[Input] = [(await resolve(uow, plan.dataset), "sampled")] if plan.dataset else []
    inputs += [
        (Node("served model", f"served:{m}", m, visibility="internal", href="/models/served"), "asked")
        for m in plan.models
    ]
    await record_lineage(
        uow,
        inputs=inputs,
        output=revision,
        action="check safety",
        by=By("job", ctx.job_id),
        settings=plan.model_dump(mode="json"),
    )
    return {"ref": revision.ref, "tree": revision.tree, "node_id": revision.node_id}


async def _finish(
    uow: UnitOfWork, check_id: str, summary: dict[str, Any], findings: list[dict[str, Any]], report: dict[str, str]
) -> str:
    check = await repository.get(uow.session, check_id)
    signed = uow.platform.vault.sign("safety-report", bytes.fromhex(report["tree"]))
    check.state, check.passed, check.summary = "succeeded", bool(summary["passed"]), summary
    check.report, check.signature, check.key_id = report["ref"], signed.value.hex(), signed.key_id
    check.finished_at = uow.clock.now()
    fields = ("part", "item", "clause", "detector", "action", "confidence", "detail", "excerpt")
    for finding in findings[:_MOST_ROWS]:
        row = {name: finding[name] for name in fields}
        row["item"], row["detail"] = row["item"][:300], row["detail"][:120]
        uow.session.add(SafetyFinding(id=new_id("fnd"), check_id=check_id, **row))
    await uow.audit(
        "safety_check.finish",
        check.id,
        check.org_id,
        passed=check.passed,
        report=report["ref"],
        tree=report["tree"],
        signature=check.signature,
    )
    await uow.publish("safety.checked", check_id=check.id, org_id=check.org_id, passed=check.passed)
    return check.id
