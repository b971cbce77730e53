"""Versions and documents of corpora over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path, Query

from ceyuan.data.history import service
from ceyuan.data.history.errors import ClassInvalid, DocumentNotFound, VersionNotFound
from ceyuan.data.history.schemas import (
    AtOut,
    DiffKind,
    DiffOut,
    DocumentsOut,
    RollBackIn,
    RolledBack,
    TraceOut,
    VersionsOut,
)
from ceyuan.data.pipelines.errors import NotACorpus
from ceyuan.hub.errors import RepositoryNotFound, RevisionNotFound
from ceyuan.kernel.errors import Forbidden, Invalid, Unauthenticated
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentActor, CurrentPlatform, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1/data/datasets/{owner}/{name}", tags=["data"])
Owner = Annotated[str, Path(max_length=96)]
Name = Annotated[str, Path(max_length=96)]
At = Annotated[str | None, Query(max_length=200, description="branch, tag or commit; the default branch if not given")]
Commit = Annotated[str, Query(min_length=1, max_length=200, description="branch, tag or commit")]
Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, le=10**9)]
Word = Annotated[str, Query(max_length=200)]
_READING = (Unauthenticated, RepositoryNotFound, RevisionNotFound, NotACorpus, Invalid)


@router.get("/versions", response_model=VersionsOut, responses=problems(*_READING))
async def list_versions(
    owner: Owner,
    name: Name,
    uow: ReadWork,
    before: Annotated[str | None, Query(max_length=40, description="commit to begin with")] = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> Any:
    """List the versions of a corpus, newest first, with what changed in each."""
    return await service.list_versions(uow, owner, name, before, limit)


@router.get("/versions/diff", response_model=DiffOut, responses=problems(*_READING))
async def compare_versions(
    owner: Owner,
    name: Name,
    earlier: Commit,
    later: Commit,
    platform: CurrentPlatform,
    actor: CurrentActor,
    kind: DiffKind | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Any:
    """Show which documents differ between two versions."""
    pair = f"datasets/{owner}/{name}@{earlier}", f"datasets/{owner}/{name}@{later}"
    return await service.compare_versions(platform, actor, pair, kind or "", (limit, offset))


@router.get("/versions/at", response_model=AtOut, responses=problems(*_READING, VersionNotFound))
async def find_version_at(
    owner: Owner, name: Name, uow: ReadWork, when: Annotated[datetime, Query(description="with a time zone")]
) -> Any:
    """Show which version was current at a time."""
    if when.tzinfo is None:
        raise Invalid(("时间需要带时区", "the time needs a time zone"), hint=("例如 2026-01-01T00:00:00Z",) * 2)
    found = await service.version_at(uow, owner, name, when)
    return {"revision": found.ref, "commit": found.commit, "created_at": found.created_at}


@router.post("/versions/rollback", response_model=RolledBack, responses=problems(*_READING, Forbidden))
async def roll_back(owner: Owner, name: Name, body: RollBackIn, uow: WriteWork) -> Any:
    """Make an earlier version the current one, as a new revision; nothing is lost."""
    return await service.roll_back(uow, owner, name, body.to, body.why)


@router.get("/documents", response_model=DocumentsOut, responses=problems(*_READING, ClassInvalid))
async def browse_documents(
    owner: Owner,
    name: Name,
    platform: CurrentPlatform,
    actor: CurrentActor,
    revision: At = None,
    state: Literal["kept", "dropped"] | None = None,
    domain: Word = "",
    source: Word = "",
    reason: Word = "",
    split: Literal["train", "heldout"] | None = None,
    field: Annotated[str, Query(max_length=200, description="class by the operator field, such as law")] = "",
    form: Annotated[str, Query(max_length=200, description="class by the operator form, such as statute")] = "",
    text: Annotated[str, Query(max_length=200, description="part of the id, or of the title or text where kept")] = "",
    limit: Limit = 50,
    offset: Offset = 0,
) -> Any:
    """List documents of a corpus, also those that were dropped, with counts by domain, reason, field and form."""
    wanted = {"state": state, "domain": domain, "source": source, "reason": reason, "split": split, "text": text}
    chosen = {key: value for key, value in (wanted | {"field": field, "form": form}).items() if value}
    return await service.browse_documents(platform, actor, _reference(owner, name, revision), chosen, (limit, offset))


@router.get("/documents/trace", response_model=TraceOut, responses=problems(*_READING, DocumentNotFound))
async def trace_document(
    owner: Owner,
    name: Name,
    id: Annotated[str, Query(min_length=1, max_length=1000, description="id of the document")],
    platform: CurrentPlatform,
    actor: CurrentActor,
    revision: At = None,
) -> Any:
    """Show the way of one document: source, operators, statistics, why it stays or went, where it lies, versions."""
    return await service.trace_document(platform, actor, _reference(owner, name, revision), id)


def _reference(owner: str, name: str, revision: str | None) -> str:
    return f"datasets/{owner}/{name}" + (f"@{revision}" if revision else "")
