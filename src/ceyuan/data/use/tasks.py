"""The jobs of use: mix corpora, export a dataset. Each can be killed at any moment; the hub gets each result once."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

from ceyuan.data.sources.settings import DataSettings
from ceyuan.data.use.benchmarks import registered
from ceyuan.data.use.schemas import ExportIn, MixIn
from ceyuan.data.use.service import EXPORT, MIX
from ceyuan.hub import (
    By,
    Visibility,
    commit_folder,
    create_repository,
    find_by_reference,
    inherit_grade,
    local_snapshot,
    record_lineage,
    resolve,
)
from ceyuan.kernel.jobs import JobContext, job
from ceyuan.kernel.work import UnitOfWork

_DOCUMENTS = ["data/*.parquet"]


@job(MIX, title=("数据配比", "Mix corpora"), queue="heavy")
async def mix_corpora(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Make a mixture of `MixIn`. Returns `revision`, `node_id`, `content_sha256` and `counts`."""
    wanted = MixIn.model_validate(params)
    work = ctx.platform.data_dir / "work" / ctx.job_id
    parts = [one.dataset for one in wanted.parts]
    room = (wanted.dataset, wanted.visibility)
    await ctx.transaction("prepare", lambda uow: _make_room(uow, wanted.org_id, room, parts))

    async def items(uow: UnitOfWork) -> list[list[str]]:
        found = await registered(uow) if wanted.decontaminate else []
        return [[f"{one.name}/{name}", text] for one in found for name, text in one.items]

    async def mixed() -> dict[str, Any]:
        parts = []
        for number, part in enumerate(wanted.parts):
            folder = work / f"part-{number}"
            await local_snapshot(ctx.platform, part.dataset, folder, actor=ctx.actor, only=_DOCUMENTS, links=True)
            name = part.dataset.partition("@")[0].removeprefix("datasets/")
            parts.append({"name": name, "folder": str(folder), "weight": part.weight, "epochs": part.epochs})
        benchmarks = []
        for number, reference in enumerate(wanted.benchmarks if wanted.decontaminate else []):
            folder = work / f"benchmark-{number}"
            await local_snapshot(ctx.platform, reference, folder, actor=ctx.actor, links=True)
            benchmarks.append([reference.partition("@")[0], str(folder)])
        async with ctx.platform.work(ctx.actor, write=False) as uow:
            known = await items(uow)
        arguments = wanted.model_dump(include={"budget", "unit", "heldout", "seed", "ngram"}) | {
            "parts": parts,
            "benchmarks": benchmarks,
            "items": known,
            "tokeniser": await _tokeniser(ctx, wanted.tokeniser if wanted.unit == "tokens" else None, work),
            "out": str(work / "out"),
            "title": wanted.title.model_dump(),
        }
        return await _heavy(ctx, "ceyuan.data.mixing.process:mix_main", arguments)

    made = await ctx.step("mix", mixed)
    revision = await _publish(ctx, work / "out", wanted.dataset, "Mix corpora")
    inputs = [one.dataset for one in wanted.parts]
    settings = wanted.model_dump(mode="json", exclude={"org_id"})
    await ctx.transaction("record", lambda uow: _record(uow, ctx.job_id, inputs, revision, "mix", settings))
    await asyncio.to_thread(shutil.rmtree, work, True)
    told = {"revision": revision["ref"], "node_id": revision["node_id"]}
    return told | {name: made[name] for name in ("content_sha256", "counts")}


@job(EXPORT, title=("导出数据集", "Export a dataset"), queue="heavy")
async def export_dataset(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Write the dataset of `ExportIn` in another form. Returns `revision`, `node_id` and `documents`."""
    wanted = ExportIn.model_validate(params)
    work = ctx.platform.data_dir / "work" / ctx.job_id
    room = (wanted.target, wanted.visibility)
    await ctx.transaction("prepare", lambda uow: _make_room(uow, wanted.org_id, room, [wanted.dataset]))

    async def exported() -> dict[str, Any]:
        only = [*_DOCUMENTS, "README*.md"]
        await local_snapshot(ctx.platform, wanted.dataset, work / "in", actor=ctx.actor, only=only, links=True)
        arguments: dict[str, Any] = {"folder": str(work / "in"), "out": str(work / "out"), "form": wanted.form}
        arguments["source"] = wanted.dataset
        if wanted.form == "packed":
            arguments |= {"tokeniser": await _tokeniser(ctx, wanted.tokeniser, work), "length": wanted.length}
        return await _heavy(ctx, "ceyuan.data.mixing.process:export_main", arguments)

    made = await ctx.step("export", exported)
    revision = await _publish(ctx, work / "out", wanted.target, f"Export as {wanted.form}")
    settings = wanted.model_dump(mode="json", include={"form", "tokeniser", "length"})
    await ctx.transaction(
        "record", lambda uow: _record(uow, ctx.job_id, [wanted.dataset], revision, "export", settings)
    )
    await asyncio.to_thread(shutil.rmtree, work, True)
    return {"revision": revision["ref"], "node_id": revision["node_id"], "documents": made["documents"]}


async def _make_room(uow: UnitOfWork, org_id: str, room: tuple[str, Visibility], made_of: list[str]) -> bool:
    """A repository for what is `made_of` other datasets, graded as strictly as they are."""
    uow.actor.require_role(org_id, "member")
    owner, _, name = room[0].partition("/")
    row = await create_repository(uow, "dataset", owner, name, visibility=room[1], exist_ok=True)
    await inherit_grade(uow, row, made_of)
    return True


async def _tokeniser(ctx: JobContext, model: str | None, work: Path) -> str | None:
    if model is None:
        return None
    folder = work / "tokeniser"
    await local_snapshot(ctx.platform, model, folder, actor=ctx.actor, only=["tokenizer.json"], links=True)
    return str(folder / "tokenizer.json")


async def _heavy(ctx: JobContext, entry: str, arguments: dict[str, Any]) -> dict[str, Any]:
    settings = ctx.platform.section(DataSettings)
    result: dict[str, Any] = await ctx.run_process(
        entry, arguments, memory_mb=settings.memory_mb, time_s=settings.time_s, span=(0.05, 0.9)
    )
    return result


async def _publish(ctx: JobContext, folder: Path, dataset: str, message: str) -> dict[str, str]:
    async def commit() -> dict[str, str]:
        made = await commit_folder(
            ctx.platform, f"datasets/{dataset}", folder, message=message, actor=ctx.actor, origin=ctx.job_id
        )
        return {"ref": made.ref, "node_id": made.node_id}

    made = await ctx.step("publish", commit)
    ctx.add_output(made["node_id"])
    return made


async def _record(
    uow: UnitOfWork, job_id: str, inputs: list[str], made: dict[str, str], action: str, settings: dict[str, Any]
) -> bool:
    output = await resolve(uow, made["ref"])
    sources = [(await resolve(uow, one), "documents") for one in inputs]
    await record_lineage(uow, inputs=sources, output=output, action=action, by=By("job", job_id), settings=settings)
    # Of what was graded meanwhile.
    await inherit_grade(uow, await find_by_reference(uow, made["ref"]), inputs)
    await uow.audit(f"data.{action}", output.node_id, output.org_id, inputs=inputs)
    return True
