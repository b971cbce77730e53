"""Using corpora over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header, Path, Query, Request

from ceyuan.data.pipelines.errors import NotACorpus
from ceyuan.data.pipelines.schemas import JobStarted
from ceyuan.data.use import benchmarks, service
from ceyuan.data.use.errors import MixtureInvalid
from ceyuan.data.use.schemas import BenchmarkOut, CroissantOut, ExportIn, LedgerOut, MixIn
from ceyuan.hub.errors import GradeForbids, RepositoryNotFound, RevisionNotFound
from ceyuan.identity import OrganisationNotFound
from ceyuan.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.jobs import Job
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import ReadWork, WriteWork, problems
from ceyuan.kernel.work import UnitOfWork

router = Router(prefix="/api/v1/data", tags=["data"])
Owner = Annotated[str, Path(max_length=96)]
Name = Annotated[str, Path(max_length=96)]
At = Annotated[str | None, Query(max_length=200, description="branch, tag or commit; the default branch if not given")]
IdempotencyKey = Annotated[str | None, Header(max_length=120)]
_STARTING = (
    *(Unauthenticated, Forbidden, NotFound, OrganisationNotFound, RepositoryNotFound, RevisionNotFound),
    *(GradeForbids, MixtureInvalid, Invalid),
)
_READING = (Unauthenticated, RepositoryNotFound, RevisionNotFound, NotACorpus)


@router.post("/mixtures", response_model=JobStarted, status_code=202, responses=problems(*_STARTING))
async def start_mixture(body: MixIn, uow: WriteWork, idempotency_key: IdempotencyKey = None) -> Any:
    """Mix corpora by weight and budget, without benchmark items, split without leakage, as a job."""
    return _started(await service.start_mixture(uow, body, _key(uow, "mix", idempotency_key)))


@router.post("/exports", response_model=JobStarted, status_code=202, responses=problems(*_STARTING))
async def start_export(body: ExportIn, uow: WriteWork, idempotency_key: IdempotencyKey = None) -> Any:
    """Write a dataset as Parquet, JSON Lines or WebDataset, as a job."""
    return _started(await service.start_export(uow, body, _key(uow, "export", idempotency_key)))


@router.get("/benchmarks", response_model=list[BenchmarkOut], responses=problems(Unauthenticated))
async def list_benchmarks(uow: ReadWork) -> Any:
    """List the benchmarks whose items no mixture holds."""
    uow.actor.require_known()
    return [
        BenchmarkOut(name=one.name, title_zh=one.title[0], title_en=one.title[1], items=len(one.items))
        for one in await benchmarks.registered(uow)
    ]


@router.get(
    "/datasets/{owner}/{name}/croissant",
    response_model=CroissantOut,
    responses=problems(*_READING),
)
async def get_croissant(owner: Owner, name: Name, request: Request, uow: ReadWork, revision: At = None) -> Any:
    """Show a corpus' card as Croissant (JSON-LD), which other tools load datasets by."""
    address = str(request.base_url).rstrip("/")
    return await service.describe(uow, _reference(owner, name, revision), address)


@router.get("/datasets/{owner}/{name}/contributions", response_model=LedgerOut, responses=problems(*_READING))
async def get_contributions(owner: Owner, name: Name, uow: ReadWork, revision: At = None) -> Any:
    """Show who contributed what to a corpus, version by version, as a chain that anybody can recompute."""
    return await service.account(uow, _reference(owner, name, revision))


def _reference(owner: str, name: str, revision: str | None) -> str:
    return f"datasets/{owner}/{name}" + (f"@{revision}" if revision else "")


def _key(uow: UnitOfWork, room: str, key: str | None) -> str | None:
    return f"data/{room}/{uow.actor.id}/{key}" if key else None


def _started(job: Job) -> dict[str, str]:
    return {"job_id": job.id, "kind": job.kind, "state": job.state}
