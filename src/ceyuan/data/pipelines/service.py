"""Use cases of pipelines: start the jobs, read what a run found out, try other thresholds."""

from __future__ import annotations

from typing import Any

import orjson

from ceyuan.data.pipelines.embedding import require_embedding_model
from ceyuan.data.pipelines.engines import ask_engine, brought
from ceyuan.data.pipelines.errors import NotACorpus, QueryInvalid, RecipeInvalid, ThresholdsInvalid
from ceyuan.data.pipelines.learned import fixed
from ceyuan.data.pipelines.schemas import CollectIn, CorpusIn, PipelineIn, Thresholds
from ceyuan.data.sources import get_source
from ceyuan.data.sources.errors import SourceInvalid, SourceRefused
from ceyuan.data.sources.settings import DataSettings
from ceyuan.hub import Revision, Visibility, read_file, require_grade_allows, resolve, strictest_grade
from ceyuan.hub.errors import EntryNotFound, RevisionNotFound
from ceyuan.identity import require_role_in
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.jobs import Job, JobFailed, submit
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork

COLLECT, PIPELINE, CORPUS, ASSESS = "data.collect", "data.pipeline", "data.corpus", "data.assess"
_DESCRIPTION: dict[str, Any] = {}
"""What the engine says of recipes; it never changes while the platform runs."""
_CHECKED: set[bytes] = set()
"""Recipes that the engine has found valid."""
_CHECKED_KEPT = 1000


async def check_recipe(platform: Platform, recipe: dict[str, Any]) -> None:
    """Let the engine look a recipe over before a job is made of it; raises `RecipeInvalid` with the first fault."""
    models = platform.section(DataSettings).vision() if "media" in recipe else None
    known = orjson.dumps([recipe, bool(models)], option=orjson.OPT_SORT_KEYS)
    if not recipe or known in _CHECKED:
        return
    try:
        await ask_engine(platform, "ceyuan.data.corpus.check:main", {"recipe": recipe}, models)
    except JobFailed as error:
        raise RecipeInvalid(error.message, hint=error.hint) from error
    if len(_CHECKED) < _CHECKED_KEPT:
        _CHECKED.add(known)


async def settle_recipe(platform: Platform, actor: Actor, recipe: dict[str, Any]) -> dict[str, Any]:
    """The recipe with its models fixed to revisions, looked over; raises `RecipeInvalid`."""
    async with platform.work(actor, write=False) as uow:
        recipe = await fixed(uow, recipe)
    await check_recipe(platform, recipe)
    return recipe


async def import_recipe(platform: Platform, yaml: str) -> dict[str, Any]:
    """A Data-Juicer recipe in our form, with what differs; raises `RecipeInvalid`."""
    try:
        return await ask_engine(platform, "ceyuan.data.corpus.datajuicer:main", {"recipe": yaml})
    except JobFailed as error:
        raise RecipeInvalid(error.message, hint=error.hint) from error


async def start_collection(uow: UnitOfWork, body: CollectIn, key: str | None = None) -> Job:
    """Queue the job that reads sources into a raw dataset. Raises `SourceNotFound`, `SourceInvalid`, `SourceRefused`,
    `GradeForbids`."""
    titles = await _check_sources(uow, body.org_id, body.sources, body.visibility)
    title = (f"采集 {'、'.join(titles)}", f"Collect {', '.join(titles)}")
    return await submit(uow, COLLECT, body.model_dump(mode="json"), org_id=body.org_id, title=title, key=key)


async def start_assessment(uow: UnitOfWork, source_id: str, documents: int) -> Job:
    """Queue the job that inspects a sample of a source before it is collected as a whole."""
    source = await get_source(uow, source_id)
    uow.actor.require_role(source.org_id, "member")
    params = {"source_id": source.id, "documents": documents}
    title = (f"评估来源 {source.title}", f"Assess the source {source.title}")
    return await submit(uow, ASSESS, params, org_id=source.org_id, title=title)


async def start_pipeline(uow: UnitOfWork, body: PipelineIn, key: str | None = None) -> Job:
    """Queue the job that makes a corpus; raw datasets are fixed to the revisions that they have now.

    Raises `RepositoryNotFound`, `RevisionNotFound`, `RecipeInvalid`, `GradeForbids`.
    """
    await require_role_in(uow, body.org_id, "member")
    require_embedding_model(uow.platform, body.org_id, body.recipe)
    revisions = [await resolve(uow, reference) for reference in body.raw]
    require_grade_allows(await strictest_grade(uow, [one.ref for one in revisions]), body.visibility)
    params = body.model_dump(mode="json") | {"raw": [revision.ref for revision in revisions]}
    title = (f"生成语料 {body.dataset}", f"Make the corpus {body.dataset}")
    inputs = [revision.node_id for revision in revisions]
    return await submit(uow, PIPELINE, params, org_id=body.org_id, title=title, key=key, inputs=inputs)


async def start_corpus(uow: UnitOfWork, body: CorpusIn, key: str | None = None) -> Job:
    """Queue the job that does both. Raises `SourceNotFound`, `SourceInvalid`, `SourceRefused`, `RecipeInvalid`,
    `GradeForbids`."""
    await _check_sources(uow, body.org_id, body.sources, body.visibility)
    require_embedding_model(uow.platform, body.org_id, body.recipe)
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


async def corpus_head(uow: UnitOfWork, dataset: str) -> Revision | None:
    """The newest revision of `owner/name`; None where it is not one that a pipeline made."""
    try:
        return (await read_json(uow, f"datasets/{dataset}", "manifest.json"))[0]
    except (NotACorpus, RevisionNotFound):
        return None


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
    try:
        async with brought(platform, actor, ["statistics.parquet"], revision.ref, prefix="cut") as (folder,):
            arguments = {
                "statistics": str(folder / "statistics.parquet"),
                "recipe": manifest["recipe"],
                "thresholds": thresholds,
            }
            return revision, await ask_engine(platform, "ceyuan.data.corpus.recut:main", arguments)
    except JobFailed as error:
        raise ThresholdsInvalid(error.message, hint=error.hint) from error


async def run_query(
    platform: Platform, actor: Actor, reference: str, sql: str, limit: int
) -> tuple[Revision, dict[str, Any]]:
    """One SELECT over a corpus, in a process of its own that sees nothing else; raises `NotACorpus`, `QueryInvalid`."""
    async with platform.work(actor, write=False) as uow:
        await read_manifest(uow, reference)
        revision = await resolve(uow, reference)
    try:
        wanted = ["statistics.parquet", "data/*.parquet"]
        async with brought(platform, actor, wanted, revision.ref, prefix="sql") as (folder,):
            arguments = {"folder": str(folder), "sql": sql, "limit": limit}
            return revision, await ask_engine(platform, "ceyuan.data.corpus.query:main", arguments)
    except JobFailed as error:
        raise QueryInvalid(error.message, hint=error.hint) from error


async def describe_recipes(platform: Platform) -> dict[str, Any]:
    """Defaults, schema and names of all that a recipe is made of."""
    if not _DESCRIPTION:
        _DESCRIPTION.update(await ask_engine(platform, "ceyuan.data.corpus.describe:main", {}))
    return _DESCRIPTION


async def _check_sources(uow: UnitOfWork, org_id: str, ids: list[str], visibility: Visibility) -> list[str]:
    await require_role_in(uow, org_id, "member")
    titles: list[str] = []
    for source_id in ids:
        source = await get_source(uow, source_id)
        if source.org_id != org_id or source.deleted_at is not None:
            raise SourceInvalid(
                (f"来源“{source.key}”不属于该组织或已删除", f"“{source.key}” is deleted or another organisation's")
            )
        if source.assessment and source.assessment["refused"]:
            share = source.assessment["share"]
            raise SourceRefused(
                (f"来源“{source.key}”抽样有 {share:.1%} 不合格", f"{share:.1%} of a sample of “{source.key}” fails"),
                hint=("整改后请重新评估该来源", "mend the source, then assess it again"),
            )
        references = [source.location] if source.kind == "dataset" else []
        require_grade_allows(await strictest_grade(uow, references, [source.declared_grade]), visibility)
        titles.append(source.title)
    if len(set(ids)) != len(ids):
        raise SourceInvalid(("同一来源出现了两次", "a source comes twice"))
    return titles
