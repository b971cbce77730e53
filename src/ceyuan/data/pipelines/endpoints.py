"""Pipelines over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header, Path, Query

from ceyuan.data.pipelines import runs, service
from ceyuan.data.pipelines.errors import NotACorpus, NotARun, QueryInvalid, RecipeInvalid, ThresholdsInvalid
from ceyuan.data.pipelines.schemas import (
    CollectIn,
    CorpusIn,
    DefaultsOut,
    DropReasonsOut,
    ImportIn,
    ImportOut,
    JobStarted,
    PipelineIn,
    QueryIn,
    QueryOut,
    RecutIn,
    RecutOut,
    RunOut,
)
from ceyuan.data.sources.errors import SourceInvalid, SourceNotFound, SourceRefused
from ceyuan.hub.errors import GradeForbids
from ceyuan.identity import OrganisationNotFound
from ceyuan.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.jobs import Job
from ceyuan.kernel.jobs.errors import JobNotFound
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentActor, CurrentPlatform, ReadWork, WriteWork, problems
from ceyuan.kernel.work import UnitOfWork

router = Router(prefix="/api/v1/data", tags=["data"])
Owner = Annotated[str, Path(max_length=96)]
Name = Annotated[str, Path(max_length=96)]
At = Annotated[str | None, Query(max_length=200, description="branch, tag or commit; the default branch if not given")]
IdempotencyKey = Annotated[str | None, Header(max_length=120)]
_MAY_START = (Unauthenticated, Forbidden, NotFound, OrganisationNotFound, GradeForbids, Invalid)
_MAY_READ = problems(Unauthenticated, NotACorpus)


@router.post(
    "/collections",
    response_model=JobStarted,
    status_code=202,
    responses=problems(*_MAY_START, SourceNotFound, SourceInvalid, SourceRefused),
)
async def start_collection(body: CollectIn, uow: WriteWork, idempotency_key: IdempotencyKey = None) -> Any:
    """Collect sources into a raw dataset, as a job."""
    return _started(await service.start_collection(uow, body, _key(uow, "collect", idempotency_key)))


@router.post(
    "/sources/{source_id}/assess",
    response_model=JobStarted,
    status_code=202,
    responses=problems(Unauthenticated, Forbidden, SourceNotFound, Invalid),
)
async def assess_source(
    source_id: Annotated[str, Path(max_length=40)],
    uow: WriteWork,
    documents: Annotated[int, Query(ge=20, le=20_000, description="documents of the sample")] = 500,
) -> Any:
    """Inspect a sample of a source before it is collected as a whole, as a job; above five per cent it is refused."""
    return _started(await service.start_assessment(uow, source_id, documents))


@router.post("/pipelines", response_model=JobStarted, status_code=202, responses=problems(*_MAY_START, RecipeInvalid))
async def start_pipeline(
    body: PipelineIn, platform: CurrentPlatform, actor: CurrentActor, idempotency_key: IdempotencyKey = None
) -> Any:
    """Make a corpus of raw datasets, as a job."""
    actor.require_role(body.org_id, "member")
    # Before the transaction: it takes a process.
    body = body.model_copy(update={"recipe": await service.settle_recipe(platform, actor, body.recipe)})
    async with platform.work(actor, write=True) as uow:
        return _started(await service.start_pipeline(uow, body, _key(uow, "pipeline", idempotency_key)))


@router.post(
    "/corpora",
    response_model=JobStarted,
    status_code=202,
    responses=problems(*_MAY_START, SourceNotFound, SourceInvalid, SourceRefused, RecipeInvalid),
)
async def start_corpus(
    body: CorpusIn, platform: CurrentPlatform, actor: CurrentActor, idempotency_key: IdempotencyKey = None
) -> Any:
    """Collect sources and make a corpus of them, as a job."""
    actor.require_role(body.org_id, "member")
    body = body.model_copy(update={"recipe": await service.settle_recipe(platform, actor, body.recipe)})
    async with platform.work(actor, write=True) as uow:
        return _started(await service.start_corpus(uow, body, _key(uow, "corpus", idempotency_key)))


@router.get("/runs/{job_id}", response_model=RunOut, responses=problems(Unauthenticated, JobNotFound, NotARun))
async def get_run(job_id: Annotated[str, Path(max_length=40)], uow: ReadWork) -> Any:
    """Show a pipeline run, live: what each operator did, what was dropped, speed and cost."""
    return await runs.describe_run(uow, job_id)


@router.get("/recipes/defaults", response_model=DefaultsOut, responses=problems(Unauthenticated))
async def get_recipe_defaults(platform: CurrentPlatform, actor: CurrentActor) -> Any:
    """Show what recipes are made of: defaults, schema, profiles, statistics, reasons and operators."""
    actor.require_known()
    return await service.describe_recipes(platform)


@router.post("/recipes/import", response_model=ImportOut, responses=problems(Unauthenticated, Invalid, RecipeInvalid))
async def import_recipe(body: ImportIn, platform: CurrentPlatform, actor: CurrentActor) -> Any:
    """Read a Data-Juicer recipe as ours, with what differs."""
    actor.require_known()
    return await service.import_recipe(platform, body.yaml)


@router.get("/datasets/{owner}/{name}/manifest", response_model=dict[str, Any], responses=_MAY_READ)
async def get_manifest(owner: Owner, name: Name, uow: ReadWork, revision: At = None) -> Any:
    """Show a corpus' manifest: recipe, operators, sources, counts, and files with their hashes."""
    return await service.read_manifest(uow, _reference(owner, name, revision))


@router.get("/datasets/{owner}/{name}/drop-reasons", response_model=DropReasonsOut, responses=_MAY_READ)
async def get_drop_reasons(owner: Owner, name: Name, uow: ReadWork, revision: At = None) -> Any:
    """Show why documents were dropped."""
    found, value = await service.read_json(uow, _reference(owner, name, revision), "drop_reasons.json")
    return {"revision": found.ref, **value}


@router.get("/datasets/{owner}/{name}/samples", response_model=dict[str, Any], responses=_MAY_READ)
async def get_samples(owner: Owner, name: Name, uow: ReadWork, revision: At = None) -> Any:
    """Show examples: texts before and after, kept ones by domain, dropped ones by reason."""
    return (await service.read_json(uow, _reference(owner, name, revision), "samples.json"))[1]


@router.get("/datasets/{owner}/{name}/distributions", response_model=dict[str, Any], responses=_MAY_READ)
async def get_distributions(owner: Owner, name: Name, uow: ReadWork, revision: At = None) -> Any:
    """Show how each statistic is distributed, by domain, for all documents and for those kept."""
    return (await service.read_json(uow, _reference(owner, name, revision), "distributions.json"))[1]


@router.post(
    "/datasets/{owner}/{name}/recut",
    response_model=RecutOut,
    responses=problems(Unauthenticated, NotACorpus, Invalid, ThresholdsInvalid),
)
async def try_thresholds(
    owner: Owner, name: Name, body: RecutIn, platform: CurrentPlatform, actor: CurrentActor, revision: At = None
) -> Any:
    """Show what other thresholds would keep, without running the pipeline again."""
    reference = _reference(owner, name, revision)
    found, result = await service.try_thresholds(platform, actor, reference, body.thresholds)
    return {"revision": found.ref, **result}


@router.post(
    "/datasets/{owner}/{name}/query",
    response_model=QueryOut,
    responses=problems(Unauthenticated, NotACorpus, Invalid, QueryInvalid),
)
async def query_corpus(
    owner: Owner, name: Name, body: QueryIn, platform: CurrentPlatform, actor: CurrentActor, revision: At = None
) -> Any:
    """Run one SELECT over a corpus: tables `documents` and `statistics`, read only."""
    found, result = await service.run_query(platform, actor, _reference(owner, name, revision), body.sql, body.limit)
    return {"revision": found.ref, **result}


def _reference(owner: str, name: str, revision: str | None) -> str:
    return f"datasets/{owner}/{name}" + (f"@{revision}" if revision else "")


def _key(uow: UnitOfWork, room: str, key: str | None) -> str | None:
    return f"data/{room}/{uow.actor.id}/{key}" if key else None


def _started(job: Job) -> dict[str, str]:
    return {"job_id": job.id, "kind": job.kind, "state": job.state}
