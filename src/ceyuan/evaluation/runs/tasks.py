"""The job of an evaluation run: ask, measure, report."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ceyuan.evaluation.items import Item, generate, grade
from ceyuan.evaluation.runs import repository
from ceyuan.evaluation.runs.reporting import card, summarise
from ceyuan.evaluation.runs.schemas import EvaluationPlan
from ceyuan.evaluation.runs.tables import EvaluationAnswer
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
from ceyuan.models.gateway import Said, ask_model

_AT_ONCE = 2
_BATCH = 8


@job("evaluation.run", title=("评测", "Evaluation"), queue="flow")
async def run_evaluation(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Ask every model every item, measure perplexity, write the report."""
    run_id = str(params["run_id"])
    async with ctx.platform.work(ctx.actor) as uow:
        run = await repository.get(uow.session, run_id)
        if run.state != "succeeded":  # a crash may come between the report and the end of the job
            run.state = "running"
        plan, name, org_id = EvaluationPlan.model_validate(run.plan), run.name, run.org_id
    items = generate(plan.per_family, seed=plan.seed, families=plan.families) if plan.models else []
    try:
        total = max(1, len(plan.models) * len(items))
        for number, model in enumerate(plan.models):
            await _ask_all(ctx, run_id, org_id, model, items, plan, number * len(items) / total, len(items) / total)
        perplexities = [await _perplexity(ctx, one.model_dump()) for one in plan.perplexity]
        async with ctx.platform.work(ctx.actor, write=False) as uow:
            answers = await repository.all_answers(uow.session, run_id)
            summary = summarise(answers, items, perplexities)
        staged = await ctx.step("write", lambda: _write(ctx, name, plan, summary, answers))
        target = str(params["repository"])
        report = await ctx.transaction("report", lambda uow: _report(uow, ctx, target, name, plan, staged))
        ctx.add_output(report["node_id"])
        await ctx.transaction("finish", lambda uow: _finish(uow, run_id, summary, report))
    except BaseException as error:
        await _end_badly(ctx, run_id, "cancelled" if isinstance(error, asyncio.CancelledError) else "failed")
        raise
    return {"run_id": run_id, "report": report["ref"], "summary": summary}


async def _end_badly(ctx: JobContext, run_id: str, state: str) -> None:
    ctx.platform.jobs.leave_if_stopping()
    async with ctx.platform.work(ctx.actor) as uow:
        (await repository.get(uow.session, run_id)).state = state


async def _ask_all(
    ctx: JobContext,
    run_id: str,
    org_id: str,
    model: str,
    items: Sequence[Item],
    plan: EvaluationPlan,
    start: float,
    share: float,
) -> None:
    async with ctx.platform.database.session(write=False) as session:
        done = await repository.answered(session, run_id, model)
    todo = [(p, i) for p, i in enumerate(items) if i.id not in done]
    limit = asyncio.Semaphore(_AT_ONCE)

    async def ask(position: int, item: Item) -> None:
        async with limit:
            row = await _ask(ctx, run_id, org_id, model, position, item, plan)
        # Kept at once: an answer that was paid for is not asked for again after a crash.
        async with ctx.platform.work(ctx.actor) as uow:
            uow.session.add(row)

    for begin in range(0, len(todo), _BATCH):
        part = todo[begin : begin + _BATCH]
        await asyncio.gather(*(ask(p, i) for p, i in part))
        answered = len(items) - len(todo) + begin + len(part)
        ctx.progress(
            0.9 * (start + share * answered / len(items)),
            (f"{model}:已答 {answered}/{len(items)} 题", f"{model}: {answered} of {len(items)} items"),
        )
    ctx.log(f"{model}: all {len(items)} items answered", zh=f"{model}：{len(items)} 道题全部答完")


async def _ask(
    ctx: JobContext, run_id: str, org_id: str, model: str, position: int, item: Item, plan: EvaluationPlan
) -> EvaluationAnswer:
    said, fault = Said("", None, 0, 0, 0.0, "error"), None
    try:
        messages = [{"role": "user", "content": item.prompt}]
        said = await ask_model(
            ctx.platform,
            ctx.actor,
            org_id,
            model,
            messages,
            max_tokens=plan.max_tokens,
            temperature=0.0,
            seed=plan.seed,
            repeat_key=f"{run_id}:{model}:{item.id}",
        )
        ctx.add_cost(said.cost_micro)
    except CeyuanError as error:
        # An item that the gateway refuses is a wrong answer with a reason; anything else stops the run.
        if error.status not in (400, 422):
            raise
        fault = error.line("en")[:300]
    return EvaluationAnswer(
        id=new_id("ans"),
        run_id=run_id,
        model=model,
        item_id=item.id,
        family=item.family,
        position=position,
        prompt=item.prompt,
        expected=list(item.answers),
        answer=said.text,
        is_right=fault is None and grade(item, said.text),
        fault=fault,
        call_id=said.call_id,
        latency_ms=said.latency_ms,
        tokens=said.completion_tokens,
    )


async def _perplexity(ctx: JobContext, plan: dict[str, Any]) -> dict[str, Any]:
    scratch = ctx.platform.data_dir / "work" / ctx.job_id

    async def measure() -> dict[str, Any]:
        model = await local_snapshot(ctx.platform, plan["model"], scratch / "model", actor=ctx.actor, links=True)
        corpus = await local_snapshot(ctx.platform, plan["dataset"], scratch / "corpus", actor=ctx.actor, links=True)
        shards = corpus / "data" if (corpus / "data").is_dir() else corpus
        result: dict[str, Any] = await ctx.run_process(
            "ceyuan.evaluation.runs.measuring:perplexity_main",
            {"model": str(model), "corpus": str(shards), "documents": plan["documents"]},
            memory_mb=8000,
            time_s=1800,
            span=(0.9, 0.98),
        )
        return {"model": plan["model"], "dataset": plan["dataset"], **result}

    return await ctx.step(f"perplexity {plan['model']}", measure)


async def _write(
    ctx: JobContext, name: str, plan: EvaluationPlan, summary: dict[str, Any], answers: Sequence[EvaluationAnswer]
) -> list[list[Any]]:
    folder = ctx.platform.data_dir / "work" / ctx.job_id / "report"
    folder.mkdir(parents=True, exist_ok=True)
    async with ctx.platform.work(ctx.actor, write=False) as uow:
        named = {ref: await resolve(uow, ref) for one in plan.perplexity for ref in (one.model, one.dataset)}
    # The content's identity, not the commit's, which holds a time: the report of the same run is the same text.
    contents = {ref: f"{found.owner}/{found.name}@{found.tree[:16]}" for ref, found in named.items()}
    await asyncio.to_thread(_write_report, folder, name, plan, summary, answers, contents)
    return [[path, asdict(content)] for path, content in await stage_folder(ctx.platform, folder)]


async def _report(
    uow: UnitOfWork, ctx: JobContext, target: str, name: str, plan: EvaluationPlan, staged: list[list[Any]]
) -> dict[str, str]:
    """Make the revision and its lineage in one transaction."""
    owner, _, repo = target.partition("/")
    await create_repository(uow, "report", owner, repo, description=name, exist_ok=True)
    revision = await commit_staged(
        uow,
        await find_by_reference(uow, f"reports/{target}"),
        [(path, Content(**content)) for path, content in staged],
        message=f"Evaluation report: {name}",
        origin=ctx.job_id,
    )
    inputs: list[Input] = [(await resolve(uow, one.model), "model") for one in plan.perplexity]
    inputs += [(await resolve(uow, one.dataset), "held-out text") for one in plan.perplexity]
    inputs += [
        (Node("served model", f"served:{m}", m, visibility="internal", href="/models/served"), "asked")
        for m in plan.models
    ]
    await record_lineage(
        uow,
        inputs=inputs,
        output=revision,
        action="evaluate",
        by=By("job", ctx.job_id),
        settings=plan.model_dump(mode="json"),
    )
    return {"ref": revision.ref, "tree": revision.tree, "node_id": revision.node_id}


def _write_report(
    folder: Path,
    name: str,
    plan: EvaluationPlan,
    summary: dict[str, Any],
    answers: Sequence[EvaluationAnswer],
    contents: dict[str, str],
) -> None:
    def by_content(text: str) -> str:
        for ref, content in contents.items():
            text = text.replace(ref, content)
        return text

    # Latencies differ from run to run: they stay on the page and out of the content.
    stable = {**summary, "models": [{k: v for k, v in m.items() if k != "latency_ms"} for m in summary["models"]]}
    text = json.dumps(
        {"plan": plan.model_dump(mode="json"), "summary": stable}, ensure_ascii=False, indent=1, sort_keys=True
    )
    (folder / "summary.json").write_text(by_content(text) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(by_content(card(name, summary, plan.seed)), encoding="utf-8")
    fields = ("model", "item_id", "family", "prompt", "expected", "answer", "is_right", "fault")
    lines = [json.dumps({f: getattr(a, f) for f in fields}, ensure_ascii=False, sort_keys=True) for a in answers]
    (folder / "answers.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")


async def _finish(uow: UnitOfWork, run_id: str, summary: dict[str, Any], report: dict[str, str]) -> str:
    run = await repository.get(uow.session, run_id)
    run.state, run.summary, run.report, run.finished_at = "succeeded", summary, report["ref"], uow.clock.now()
    await uow.audit("evaluation.finish", run.id, run.org_id, report=report["ref"])
    await uow.publish("evaluation.finished", run_id=run.id, org_id=run.org_id, report=report["ref"])
    return run.id
