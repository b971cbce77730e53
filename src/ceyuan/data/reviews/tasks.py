"""The jobs of reviews: draw and inspect; write, sign and keep the report. Each can be killed at any moment."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

from ceyuan.data.pipelines.engines import ask_engine, brought
from ceyuan.data.reviews import repository
from ceyuan.data.reviews.errors import ReviewNotOpen
from ceyuan.data.reviews.service import CLOSE, PREPARE, find_review
from ceyuan.data.reviews.tables import DataReview, DataReviewItem
from ceyuan.data.sources.settings import DataSettings
from ceyuan.hub import By, Revision, commit_folder, local_snapshot, record_lineage, resolve
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.events import Event
from ceyuan.kernel.jobs import JobContext, find, job
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.secrets import Signature
from ceyuan.kernel.work import UnitOfWork

SIGNER = "data-review"
"""Name of the platform's key that signs reports."""
_FILES = ["statistics.parquet", "data/*.parquet"]
_ADDED = 500


@job(PREPARE, title=("准备数据审核", "Prepare a data review"), queue="heavy")
async def prepare_review(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Draw the sample, inspect everything by machine, and open the queue. Returns `review_id`, `report`, `machine`."""
    review_id = str(params["review_id"])
    work = ctx.platform.data_dir / "work" / ctx.job_id
    try:
        row = await ctx.transaction("read", lambda uow: _read(uow, review_id))

        async def draw() -> dict[str, Any]:
            await local_snapshot(ctx.platform, row["dataset"], work / "in", actor=ctx.actor, only=_FILES, links=True)
            settings = ctx.platform.section(DataSettings)
            arguments = row | {"folder": str(work / "in"), "out": str(work / "out")}
            result: dict[str, Any] = await ctx.run_process(
                "ceyuan.data.reviewing.process:prepare_main",
                arguments,
                memory_mb=settings.memory_mb,
                time_s=settings.time_s,
                span=(0.05, 0.9),
            )
            return result

        drawn = await ctx.step("draw", draw)
        report = await ctx.step("publish", lambda: _publish(ctx, row["repository"], work / "out", "Queue of a review"))
        await ctx.transaction("open", lambda uow: _open(uow, review_id, drawn, report))
    except BaseException:
        ctx.platform.jobs.leave_if_stopping()
        async with ctx.platform.work(ctx.actor) as uow:
            (await repository.get(uow.session, review_id, lock=True)).state = "failed"
        raise
    await asyncio.to_thread(shutil.rmtree, work, True)
    return {"review_id": review_id, "report": report["ref"], "machine": drawn["machine"]}


@job(CLOSE, title=("生成审核报告", "Write a review's report"), queue="heavy")
async def write_report(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Compute the result from the judgements, keep it in the hub, sign it. Returns `report` and `passed`."""
    review_id = str(params["review_id"])
    work = ctx.platform.data_dir / "work" / ctx.job_id

    async def write() -> dict[str, Any]:
        async with ctx.platform.work(ctx.actor, write=False) as uow:
            row = await find_review(uow, review_id)
            items = await repository.items_of(uow.session, review_id)
            votes = await repository.votes_of(uow.session, review_id)
            arguments = {
                "title": row.title,
                "needed": row.needed,
                "machine_needed": row.machine_needed,
                "machine": row.machine,
                "items": [[one.document, one.source, one.domain] for one in items],
                "votes": [
                    {
                        "number": one.number,
                        "reviewer": one.reviewer,
                        "verdict": one.verdict,
                        "clause": one.clause,
                        "note": one.note,
                        "at": one.at.isoformat(),
                    }
                    for one in votes
                ],
                "out": str(work),
            }
            queue = row.report
        assert queue is not None
        await local_snapshot(ctx.platform, queue, work, actor=ctx.actor)
        return await ask_engine(ctx.platform, "ceyuan.data.reviewing.process:report_main", arguments)

    try:
        result = await ctx.step("write", write)
        async with ctx.platform.work(ctx.actor, write=False) as uow:
            target = (await find_review(uow, review_id)).repository
        report = await ctx.step("publish", lambda: _publish(ctx, target, work, "Report of a review"))
        await ctx.transaction("sign", lambda uow: _sign(uow, ctx.job_id, review_id, result, report))
    except BaseException:
        ctx.platform.jobs.leave_if_stopping()
        async with ctx.platform.work(ctx.actor) as uow:
            row = await repository.get(uow.session, review_id, lock=True)
            if row.state == "closing":  # every judgement stands: it can be closed again
                row.state = "open"
        raise
    ctx.add_output(report["node_id"])
    await asyncio.to_thread(shutil.rmtree, work, True)
    return {"review_id": review_id, "report": report["ref"], "passed": result["passed"]}


async def on_job_finished(uow: UnitOfWork, event: Event) -> None:
    """Let go of a review whose job ended before it began: cancelled in the queue, or asked for by one who may not act
    any more."""
    if event.data.get("kind") not in (PREPARE, CLOSE):
        return
    ended = await find(uow, str(event.data["job_id"]))
    row = await repository.get(uow.session, str(ended.params["review_id"]), lock=True)
    if ended.state in ("failed", "cancelled") and row.job_id == ended.id:
        row.state = {"preparing": "failed", "closing": "open"}.get(row.state, row.state)


async def replay(platform: Platform, actor: Actor, review_id: str) -> dict[str, bool]:
    """Draw and judge again from what is kept in the hub, and check the signature. Raises `ReviewNotOpen` before the
    report is there."""
    async with platform.work(actor, write=False) as uow:
        row = await find_review(uow, review_id)
        if row.state != "closed" or row.report is None or row.signature is None or row.key_id is None:
            raise ReviewNotOpen(("还没有报告", "there is no report yet"))
        dataset, report = row.dataset, await resolve(uow, row.report)
        signature = Signature(row.key_id, bytes.fromhex(row.signature))
        valid = platform.vault.verify(SIGNER, bytes.fromhex(report.tree), signature)
    only = ["plan.json", "votes.jsonl", "result.json", "machine.json"]
    async with (
        brought(platform, actor, _FILES, dataset) as (data,),
        brought(platform, actor, only, report.ref) as (kept,),
    ):
        arguments = {"folder": str(data), "report": str(kept)}
        found = await ask_engine(platform, "ceyuan.data.reviewing.process:replay_main", arguments)
    return {**found, "signature_valid": valid}


async def _read(uow: UnitOfWork, review_id: str) -> dict[str, Any]:
    row = await find_review(uow, review_id)
    return {"dataset": row.dataset, "seed": row.seed, "wanted": row.wanted, "repository": row.repository}


async def _publish(ctx: JobContext, repository_name: str, folder: Path, message: str) -> dict[str, str]:
    revision = await commit_folder(
        ctx.platform, f"reports/{repository_name}", folder, message=message, actor=ctx.actor, origin=ctx.job_id
    )
    return {"ref": revision.ref, "node_id": revision.node_id, "tree": revision.tree}


async def _open(uow: UnitOfWork, review_id: str, drawn: dict[str, Any], report: dict[str, str]) -> bool:
    row = await repository.get(uow.session, review_id, lock=True)
    for start in range(0, len(drawn["items"]), _ADDED):
        uow.session.add_all(
            DataReviewItem(
                review_id=review_id, number=number, document=one[0], source=one[1], domain=one[2], open=2, verdict=None
            )
            for number, one in enumerate(drawn["items"][start : start + _ADDED], start)
        )
        await uow.session.flush()
    row.sample, row.machine, row.documents = drawn["sample"], drawn["machine"], len(drawn["items"])
    row.report, row.state = report["ref"], "open"
    await uow.audit("data.review_open", row.id, row.org_id, sample=row.sample, queue=report["ref"])
    await uow.publish("data.review_opened", review_id=row.id, org_id=row.org_id)
    return True


async def _sign(uow: UnitOfWork, job_id: str, review_id: str, result: dict[str, Any], report: dict[str, str]) -> bool:
    row: DataReview = await repository.get(uow.session, review_id, lock=True)
    signed = uow.platform.vault.sign(SIGNER, bytes.fromhex(report["tree"]))
    row.result, row.passed, row.report = result, bool(result["passed"]), report["ref"]
    row.signature, row.key_id = signed.value.hex(), signed.key_id
    row.state, row.closed_at = "closed", uow.clock.now()
    dataset: Revision = await resolve(uow, row.dataset)
    made = await resolve(uow, report["ref"])
    settings = {"seed": row.seed, "documents": row.documents, "passed": row.passed}
    await record_lineage(
        uow, inputs=[(dataset, "reviewed")], output=made, action="review", by=By("job", job_id), settings=settings
    )
    told = {"report": report["ref"], "tree": report["tree"], "signature": row.signature, "passed": row.passed}
    await uow.audit("data.review_sign", row.id, row.org_id, **told)
    await uow.publish("data.reviewed", review_id=row.id, org_id=row.org_id, node_id=row.node_id, passed=row.passed)
    return True
