"""Use cases of pipelines: start the jobs, read what a run found out, try other thresholds."""

from __future__ import annotations

from typing import Any

import orjson

from ceyuan.data.pipelines.errors import NotACorpus, QueryInvalid, RecipeInvalid, ThresholdsInvalid
from ceyuan.data.pipelines.schemas import CollectIn, CorpusIn, PipelineIn, Thresholds
from ceyuan.data.sources import get_source
from ceyuan.data.sources.errors import SourceInvalid
from ceyuan.data.sources.settings import DataSettings
from ceyuan.hub import Revision, local_snapshot, read_file, resolve
from ceyuan.hub.errors import EntryNotFound
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.jobs import Job, JobFailed, submit
from ceyuan.kernel.jobs.process import run_process
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork

COLLECT, PIPELINE, CORPUS = "data.collect", "data.pipeline", "data.corpus"
_DESCRIPTION: dict[str, Any] = {}
"""What the engine says of recipes; it never changes while the platform runs."""
_CHECKED: set[bytes] = set()
"""Recipes that the engine has found valid."""
_CHECKED_KEPT = 1000


async def check_recipe(platform: Platform, recipe: dict[str, Any]) -> None:
    """Let the engine look a recipe over before a job is made of it; raises `RecipeInvalid` with the first fault."""
    known = orjson.dumps(recipe, option=orjson.OPT_SORT_KEYS)
    if not recipe or known in _CHECKED:
        return
    try:
        await _engine(platform, "ceyuan.data.corpus.check:main", {"recipe": recipe})
    except JobFailed as error:
        raise RecipeInvalid(error.message, hint=error.hint) from error
    if len(_CHECKED) < _CHECKED_KEPT:
        _CHECKED.add(known)


async def import_recipe(platform: Platform, yaml: str) -> dict[str, Any]:
    """A Data-Juicer recipe in our form, with what differs; raises `RecipeInvalid`."""
    try:
        return await _engine(platform, "ceyuan.data.corpus.datajuicer:main", {"recipe": yaml})
    except JobFailed as error:
        raise RecipeInvalid(error.message, hint=error.hint) from error


async def start_collection(uow: UnitOfWork, body: CollectIn, key: str | None = None) -> Job:
    """Queue the job that reads sources into a raw dataset. Raises `SourceNotFound`, `SourceInvalid`."""
    titles = await _check_sources(uow, body.org_id, body.sources)
    title = (f"采集 {'、'.join(titles)}", f"Collect {', '.join(titles)}")
    return await submit(uow, COLLECT, body.model_dump(mode="json"), org_id=body.org_id, title=title, key=key)


async def start_pipeline(uow: UnitOfWork, body: PipelineIn, key: str | None = None) -> Job:
    """Queue the job that makes a corpus; raw datasets are fixed to the revisions that they have now.

    Raises `RepositoryNotFound`, `RevisionNotFound`.
    """
    uow.actor.require_role(body.org_id, "member")
    revisions = [await resolve(uow, reference) for reference in body.raw]
    params = body.model_dump(mode="json") | {"raw": [revision.ref for revision in revisions]}
    title = (f"生成语料 {body.dataset}", f"Make the corpus {body.dataset}")
    inputs = [revision.node_id for revision in revisions]
    return await submit(uow, PIPELINE, params, org_id=body.org_id, title=title, key=key, inputs=inputs)


async def start_corpus(uow: UnitOfWork, body: CorpusIn, key: str | None = None) -> Job:
    """Queue the job that does both. Raises `SourceNotFound`, `SourceInvalid`."""
    await _check_sources(uow, body.org_id, body.sources)
    title = (f"采集并生成语料 {body.dataset}", f"Collect and make the corpus {body.dataset}")
    return await submit(uow, CORPUS, body.model_dump(mode="json"), org_id=body.org_id, title=title, key=key)


async def read_json(uow: UnitOfWork, reference: str, path: str) -> tuple[Revision, dict[str, Any]]:
    """The revision and one of the JSON files that a pipeline put into it; raises `NotACorpus`."""
    revision = await resolve(uow, reference)
    try:
        value = orjson.loads(await read_file(uow, revision.ref, path))
    except (EntryNotFound, orjson.JSONDecodeError) as error:
        raise NotACorpus() from error
    if not isinstance(value, dict):
        raise NotACorpus()
    return revision, value


async def read_manifest(uow: UnitOfWork, reference: str) -> dict[str, Any]:
    """The manifest of a corpus: recipe, operators, sources, counts, files with their hashes; raises `NotACorpus`."""
    manifest = (await read_json(uow, reference, "manifest.json"))[1]
    if "recipe" not in manifest or "content_sha256" not in manifest:
        raise NotACorpus()
    return manifest


async def try_thresholds(
    platform: Platform, actor: Actor, reference: str, thresholds: Thresholds
) -> tuple[Revision, dict[str, Any]]:
    """What other thresholds would keep, from the stored statistics, in a process of its own.

    Raises `NotACorpus`, `ThresholdsInvalid`.
    """
    async with platform.work(actor, write=False) as uow:
        manifest = await read_manifest(uow, reference)
        revision = await resolve(uow, reference)
    folder = platform.data_dir / "work" / new_id("cut")
    try:
        await local_snapshot(platform, revision.ref, folder, actor=actor, only=["statistics.parquet"], links=True)
        arguments = {
            "statistics": str(folder / "statistics.parquet"),
            "recipe": manifest["recipe"],
            "thresholds": thresholds,
        }
        return revision, await _engine(platform, "ceyuan.data.corpus.recut:main", arguments)
    except JobFailed as error:
        raise ThresholdsInvalid(error.message, hint=error.hint) from error
    finally:
        await _remove(folder)


async def run_query(
    platform: Platform, actor: Actor, reference: str, sql: str, limit: int
) -> tuple[Revision, dict[str, Any]]:
    """One SELECT over a corpus, in a process of its own that sees nothing else; raises `NotACorpus`, `QueryInvalid`."""
    async with platform.work(actor, write=False) as uow:
        await read_manifest(uow, reference)
        revision = await resolve(uow, reference)
    folder = platform.data_dir / "work" / new_id("sql")
    try:
        wanted = ["statistics.parquet", "data/*.parquet"]
        await local_snapshot(platform, revision.ref, folder, actor=actor, only=wanted, links=True)
        arguments = {"folder": str(folder), "sql": sql, "limit": limit}
        return revision, await _engine(platform, "ceyuan.data.corpus.query:main", arguments)
    except JobFailed as error:
        raise QueryInvalid(error.message, hint=error.hint) from error
    finally:
        await _remove(folder)


async def describe_recipes(platform: Platform) -> dict[str, Any]:
    """Defaults, schema and names of all that a recipe is made of."""
    if not _DESCRIPTION:
        _DESCRIPTION.update(await _engine(platform, "ceyuan.data.corpus.describe:main", {}))
    return _DESCRIPTION


async def _check_sources(uow: UnitOfWork, org_id: str, ids: list[str]) -> list[str]:
    uow.actor.require_role(org_id, "member")
    titles: list[str] = []
    for source_id in ids:
        source = await get_source(uow, source_id)
        if source.org_id != org_id or source.deleted_at is not None:
            raise SourceInvalid(
                (f"来源“{source.key}”不属于该组织或已删除", f"“{source.key}” is deleted or another organisation's")
            )
        titles.append(source.title)
    if len(set(ids)) != len(ids):
        raise SourceInvalid(("同一来源出现了两次", "a source comes twice"))
    return titles


async def _engine(platform: Platform, entry: str, arguments: dict[str, Any]) -> dict[str, Any]:
    async def unheard(_: Any) -> None:
        """These calls are short; nobody waits for progress."""

    settings = platform.section(DataSettings)
    outcome = await run_process(
        entry, arguments, on_report=unheard, on_line=unheard, memory_mb=settings.memory_mb, time_s=120
    )
    result: dict[str, Any] = outcome.result
    return result


async def _remove(folder: Any) -> None:
    import asyncio
    import shutil

    await asyncio.to_thread(shutil.rmtree, folder, True)
