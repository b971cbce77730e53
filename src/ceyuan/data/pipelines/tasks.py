"""The jobs of the data pillar. Each can be killed at any moment and goes on; the hub gets each result once."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

from ceyuan.data.pipelines.aside import examples, in_words
from ceyuan.data.pipelines.embedding import embedding_socket
from ceyuan.data.pipelines.learned import fixed, put_models
from ceyuan.data.pipelines.lineage import record_collection, record_corpus
from ceyuan.data.pipelines.runs import Heard
from ceyuan.data.pipelines.schemas import CollectIn, CorpusIn, PipelineIn, Title
from ceyuan.data.pipelines.service import ASSESS, COLLECT, CORPUS, PIPELINE, corpus_head
from ceyuan.data.pipelines.storage import (
    kept_collection,
    put_down,
    store_folder,
    take_up,
)
from ceyuan.data.pipelines.visits import files_of
from ceyuan.data.sources import SourceSpec, get_source, mark_assessed, mark_collected, specification
from ceyuan.data.sources.settings import DataSettings
from ceyuan.hub import (
    HubRepository,
    Visibility,
    commit_folder,
    create_repository,
    find_by_reference,
    inherit_grade,
    local_snapshot,
    resolve,
)
from ceyuan.kernel.jobs import JobContext, JobFailed, job
from ceyuan.kernel.work import UnitOfWork

VOLATILE = ["run.json", "*/known/*"]
"""Files of an engine's folder that differ from run to run or only save work; they stay out of the hub."""
_MEDIA_TITLES = {
    "images": Title(zh="图像数据集", en="Image dataset"),
    "speech": Title(zh="语音数据集", en="Speech dataset"),
    "video": Title(zh="视频数据集", en="Video dataset"),
}
PREVIOUS = ["manifest.json", "statistics.parquet", "tombstones.parquet", "proofs.parquet", "contributions.json"]
"""What a run looks up in the revision before."""


@job(COLLECT, title=("采集数据", "Collect data"), queue="heavy")
async def collect_sources(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Read the sources of `CollectIn` into a revision of the raw dataset.

    Returns `revision` (reference), `node_id`, `documents`, `rejected` (how many were set aside), `skipped` and
    `sources` (ids).
    """
    wanted = CollectIn.model_validate(params)
    work = _work(ctx)

    async def prepare(uow: UnitOfWork) -> dict[str, Any]:
        uow.actor.require_role(wanted.org_id, "member")
        room = await _make_room(uow, wanted.dataset, wanted.visibility)
        specs = [await specification(uow, source_id) for source_id in wanted.sources]
        references = [spec.reference for spec in specs if spec.reference is not None]
        await inherit_grade(uow, room, references, [spec.grade for spec in specs])
        return {"repository": room.id, "specs": [spec.as_json() for spec in specs]}

    prepared = await ctx.transaction("prepare", prepare)
    specs = [SourceSpec(**values) for values in prepared["specs"]]
    kept = kept_collection(ctx.platform, prepared["repository"])

    async def read() -> dict[str, Any]:
        await asyncio.to_thread(take_up, kept, work / "raw", [spec.key for spec in specs])
        visits: dict[str, Any] = {}
        sources: list[dict[str, Any]] = []
        skipped: list[dict[str, Any]] = []
        for spec in specs:
            try:
                sources.append(spec.arguments(await files_of(ctx, spec, work, visits)))
            except JobFailed as fault:
                if spec.reading["required"] or (spec is specs[-1] and not sources):
                    raise
                skipped.append({"key": spec.key, "code": fault.code, "message": list(fault.message)})
                told = f"已跳过 {spec.key}：{fault.message[0]}"
                ctx.log(f"skipped {spec.key}: {fault.message[1]}", "warning", key=spec.key, zh=told)
        settings = ctx.platform.section(DataSettings)
        cache = str(settings.cache_dir) if settings.cache_dir else None
        arguments = {"out": str(work / "raw"), "cache": cache, "sources": sources}
        found = await _heavy(ctx, "ceyuan.data.collection.entry:main", arguments, (0.02, 0.9))
        aside = {spec.key: examples(work / "raw" / spec.key, visits.get(spec.key)) for spec in specs}
        _tell_read(ctx, found, aside)
        return found | {"skipped": [*found["skipped"], *skipped], "visits": visits, "aside": aside}

    collection = await ctx.step("collect", read)
    made = await _publish(ctx, "publish", work / "raw", wanted.dataset, "Collect sources")
    counts = {record["source"]["key"]: record for record in collection["sources"]}

    async def record(uow: UnitOfWork) -> dict[str, Any]:
        taken = [spec for spec in specs if spec.key in counts]
        for spec in taken:
            one = counts[spec.key]
            told = collection["visits"].get(spec.key, {}) | {"examples": collection["aside"][spec.key]}
            await mark_collected(uow, spec.id, one["documents"], one["rejected"], told)
        await record_collection(uow, taken, made["ref"], ctx.job_id)
        # Of a source that was graded while it was read.
        grades = [(await get_source(uow, spec.id)).declared_grade for spec in taken]
        await inherit_grade(uow, await find_by_reference(uow, made["ref"]), [], grades)
        await uow.audit("data.collect", made["node_id"], wanted.org_id, sources=[spec.id for spec in taken])
        documents = sum(one["documents"] for one in counts.values())
        return {
            "revision": made["ref"],
            "node_id": made["node_id"],
            "documents": documents,
            "rejected": sum(sum(one["rejected"].values()) for one in counts.values()),
            "skipped": collection["skipped"],
            "sources": [spec.id for spec in taken],
        }

    result = await ctx.transaction("record", record)
    await asyncio.to_thread(put_down, work / "raw", kept)
    await _clear(work)
    ctx.progress(1.0, (f"共 {result['documents']:,} 篇", f"{result['documents']:,} documents"))
    return result


@job(ASSESS, title=("评估来源", "Assess a source"), queue="heavy")
async def assess_source(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Read a sample of a source and inspect it by machine. Returns `documents`, `failed`, `share` and `refused`."""
    work = _work(ctx)

    async def prepare(uow: UnitOfWork) -> dict[str, Any]:
        return (await specification(uow, str(params["source_id"]))).as_json()

    spec = SourceSpec(**await ctx.transaction("prepare", prepare))

    async def read() -> dict[str, Any]:
        source = spec.arguments(await files_of(ctx, spec, work, {})) | {"limit": int(params["documents"])}
        settings = ctx.platform.section(DataSettings)
        cache = str(settings.cache_dir) if settings.cache_dir else None
        arguments = {"out": str(work / "raw"), "cache": cache, "sources": [source]}
        await _heavy(ctx, "ceyuan.data.collection.entry:main", arguments, (0.02, 0.5))
        sample = {"folder": str(work / "raw")}
        return await _heavy(ctx, "ceyuan.data.reviewing.process:sample_main", sample, (0.5, 0.95))

    machine = await ctx.step("inspect", read)
    found: dict[str, Any] = machine["sources"][spec.key]
    await ctx.transaction("record", lambda uow: mark_assessed(uow, spec.id, found, machine["version"]))
    await _clear(work)
    return found | {"source_id": spec.id}


@job(PIPELINE, title=("语料流水线", "Corpus pipeline"), queue="heavy")
async def run_pipeline(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Make a revision of the corpus of `PipelineIn` from its raw datasets.

    Returns `revision`, `node_id`, `content_sha256` and `counts`.
    """
    wanted = PipelineIn.model_validate(params)
    work = _work(ctx)

    async def prepare(uow: UnitOfWork) -> dict[str, Any]:
        uow.actor.require_role(wanted.org_id, "member")
        repository = await _make_room(uow, wanted.dataset, wanted.visibility)
        await inherit_grade(uow, repository, wanted.raw)
        previous = await corpus_head(uow, wanted.dataset)
        recipe = await fixed(uow, wanted.recipe)  # a schedule's names its models without a revision
        return {"repository": repository.id, "previous": previous.ref if previous else "", "recipe": recipe}

    place = await ctx.transaction("prepare", prepare)

    recipe = place.get("recipe", wanted.recipe)

    async def build() -> dict[str, Any]:
        raw = [work / f"raw-{number}" for number in range(len(wanted.raw))]
        for reference, folder in zip(wanted.raw, raw, strict=True):
            await local_snapshot(ctx.platform, reference, folder, actor=ctx.actor, links=True)
        if place["previous"]:
            await local_snapshot(
                ctx.platform, place["previous"], work / "previous", actor=ctx.actor, only=PREVIOUS, links=True
            )
        arguments = {
            "store": str(store_folder(ctx.platform, place["repository"])),
            "collections": [str(folder) for folder in raw],
            "out": str(work / "corpus"),
            "previous": str(work / "previous") if place["previous"] else None,
            "previous_ref": place["previous"],
            "recipe": recipe,
            "title": _title(wanted).model_dump(),
            "threads": ctx.platform.section(DataSettings).threads,
            "full": ctx.job_id if wanted.full else "",
        }
        heard = Heard()
        models = ctx.platform.section(DataSettings).vision() if "media" in wanted.recipe else {}
        async with ctx.platform.work(ctx.actor, write=False) as uow:
            models = models | await put_models(uow, recipe, work / "models")
        entry = "ceyuan.data.versions.publish:main"
        async with embedding_socket(ctx, wanted.org_id, recipe) as gateway:
            result = await _heavy(ctx, entry, arguments, (0.05, 0.9), heard, models | gateway)
        return result | {"run": heard.told}

    built = await ctx.step("build", build)
    if built["unchanged"]:
        made = await ctx.transaction("same", lambda uow: _same(uow, place["previous"]))
        ctx.add_output(made["node_id"])
    else:
        made = await _publish(ctx, "publish", Path(built["folder"]), wanted.dataset, "Build the corpus")

    async def record(uow: UnitOfWork) -> dict[str, Any]:
        content = built["content_sha256"]
        if not built["unchanged"]:
            await record_corpus(uow, wanted.raw, made["ref"], ctx.job_id, recipe)
            # Of what was graded while it was cleaned.
            await inherit_grade(uow, await find_by_reference(uow, made["ref"]), wanted.raw)
            await uow.audit("data.pipeline", made["node_id"], wanted.org_id, content_sha256=content)
            await uow.publish("data.corpus_made", revision=made["ref"], node_id=made["node_id"], org_id=wanted.org_id)
        return {
            "revision": made["ref"],
            "node_id": made["node_id"],
            "content_sha256": content,
            **{name: built[name] for name in ("content", "counts", "change", "unchanged", "run")},
        }

    result = await ctx.transaction("record", record)
    await _clear(work)
    kept, total = result["counts"]["total"]["kept"], result["counts"]["total"]["documents"]
    ctx.progress(1.0, (f"保留 {kept:,} / {total:,} 篇", f"kept {kept:,} of {total:,} documents"))
    return result


@job(CORPUS, title=("采集并生成语料", "Collect and make a corpus"), queue="flow")
async def make_corpus(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Run `data.collect` and then `data.pipeline` on its result; returns both results."""
    wanted = CorpusIn.model_validate(params)
    common = {"org_id": wanted.org_id, "visibility": wanted.visibility}
    raw_name = wanted.raw_dataset or f"{wanted.dataset}-raw"
    collected = await ctx.child(
        "collect",
        COLLECT,
        common | {"sources": wanted.sources, "dataset": raw_name},
        title=(f"采集 {raw_name}", f"Collect {raw_name}"),
    )
    aside = collected["rejected"]
    ctx.log(
        f"collected {collected['documents']:,} documents, {aside:,} set aside",
        "warning" if aside else "info",
        zh=f"采集 {collected['documents']:,} 篇，另有 {aside:,} 篇未收入",
    )
    ctx.progress(0.5, ("采集完成，开始清洗", "collected; cleaning begins"))
    plan = {
        "raw": [collected["revision"]],
        "dataset": wanted.dataset,
        "recipe": wanted.recipe,
        "full": wanted.full,
    }
    title = {"title": wanted.title.model_dump()}
    made = await ctx.child(
        "pipeline", PIPELINE, common | plan | title, title=(f"清洗 {wanted.dataset}", f"Clean {wanted.dataset}")
    )
    kept = made["counts"]["total"]["kept"]
    ctx.progress(1.0, (f"保留 {kept:,} 篇", f"{kept:,} documents kept"))
    return {"collected": collected, **made}


def _title(wanted: PipelineIn) -> Title:
    """The title that was asked for, or the usual one of what the recipe makes."""
    usual = _MEDIA_TITLES.get(str(wanted.recipe.get("media", "")))
    return usual if usual is not None and wanted.title == Title() else wanted.title


def _work(ctx: JobContext) -> Path:
    return ctx.platform.data_dir / "work" / ctx.job_id


async def _same(uow: UnitOfWork, reference: str) -> dict[str, str]:
    revision = await resolve(uow, reference)
    return {"ref": revision.ref, "node_id": revision.node_id, "tree": revision.tree}


async def _make_room(uow: UnitOfWork, dataset: str, visibility: Visibility) -> HubRepository:
    owner, _, name = dataset.partition("/")
    return await create_repository(uow, "dataset", owner, name, visibility=visibility, exist_ok=True)


def _tell_read(ctx: JobContext, found: dict[str, Any], aside: dict[str, Any]) -> None:
    """Put into the job's log how much of each source was read, and what could not be, by reason."""
    for record in found["sources"]:
        key, counts = record["source"]["key"], record["rejected"]
        read = {"documents": record["documents"], "rejected": counts}
        if not counts:
            told = f"已读取 {key}：{record['documents']:,} 篇"
            ctx.log(f"read {key}: {record['documents']:,} documents", key=key, zh=told, **read)
            continue
        ctx.log(
            f"read {key}: {record['documents']:,} documents, {sum(counts.values()):,} set aside",
            "warning",
            key=key,
            zh=f"已读取 {key}：{record['documents']:,} 篇，{sum(counts.values()):,} 篇未收入",
            **read,
        )
        for one in aside[key]:
            if one["reason"] in counts:
                told = f"未收入：{one['where']}：{in_words(one['reason'])[0]}"
                ctx.log(f"set aside: {one['where']}: {one['reason']}", "warning", zh=told, **one)


async def _heavy(
    ctx: JobContext,
    entry: str,
    arguments: dict[str, Any],
    span: tuple[float, float],
    heard: Heard | None = None,
    environment: dict[str, str] | None = None,
) -> dict[str, Any]:
    settings = ctx.platform.section(DataSettings)
    result: dict[str, Any] = await ctx.run_process(
        entry,
        arguments,
        memory_mb=settings.memory_mb,
        time_s=settings.time_s,
        span=span,
        environment=environment,
        on_report=heard,
    )
    return result


async def _publish(ctx: JobContext, step: str, folder: Path, dataset: str, message: str) -> dict[str, str]:
    """Make the engine's folder the dataset's next revision; the same content is the same revision."""

    async def commit() -> dict[str, str]:
        revision = await commit_folder(
            ctx.platform,
            f"datasets/{dataset}",
            folder,
            message=message,
            actor=ctx.actor,
            ignore=VOLATILE,
            origin=ctx.job_id,
        )
        return {"ref": revision.ref, "node_id": revision.node_id, "tree": revision.tree}

    made = await ctx.step(step, commit)
    ctx.add_output(made["node_id"])
    return made


async def _clear(work: Path) -> None:
    await asyncio.to_thread(shutil.rmtree, work, True)
