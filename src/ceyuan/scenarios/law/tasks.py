"""The job that builds an assistant's index."""

from __future__ import annotations

from typing import Any

from ceyuan.hub import local_snapshot
from ceyuan.kernel.jobs import JobContext, job
from ceyuan.kernel.work import UnitOfWork
from ceyuan.scenarios.law import repository
from ceyuan.scenarios.statutes.building import ARTICLES, INDEX


@job("scenarios.law.index", title=("建立法律索引", "Index laws"), queue="heavy")
async def build_index(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Build the index in its own process, keep its files as blobs, open the assistant."""
    assistant_id = str(params["assistant_id"])
    async with ctx.platform.work(ctx.actor, write=False) as uow:
        assistant = await repository.get_assistant(uow.session, assistant_id)
    place = ctx.platform.data_dir / "work" / ctx.job_id

    async def build() -> dict[str, Any]:
        corpus = await local_snapshot(
            ctx.platform, assistant.dataset, place / "corpus", actor=ctx.actor, only=("*.parquet",), links=True
        )
        result: dict[str, Any] = await ctx.run_process(
            "ceyuan.scenarios.statutes.building:main",
            {"corpus": str(corpus), "output": str(place / "index"), "questions": int(params.get("questions", 300))},
            memory_mb=4000,
            time_s=1800,
        )
        return result

    built = await ctx.step("build", build)

    async def keep(uow: UnitOfWork) -> dict[str, Any]:
        row = await repository.get_assistant(uow.session, assistant_id)
        articles = await ctx.platform.blobs.put_file(place / "index" / ARTICLES)
        index = await ctx.platform.blobs.put_file(place / "index" / INDEX)
        await ctx.platform.blobs.refer(uow, [articles.sha256, index.sha256])
        row.articles_blob, row.index_blob = articles.sha256, index.sha256
        row.articles, row.laws, row.quality, row.state = built["articles"], built["laws"], built["quality"], "ready"
        await uow.audit("law_assistant.ready", row.id, row.org_id, articles=row.articles, laws=row.laws)
        return {"articles": row.articles, "laws": row.laws, "quality": row.quality}

    return await ctx.transaction("keep", keep)
