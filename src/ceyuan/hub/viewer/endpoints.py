"""The viewer over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from ceyuan.hub.addresses import REPOSITORY, Address, RevisionQuery
from ceyuan.hub.errors import (
    EntryNotFound,
    FileTooLarge,
    GatedRepository,
    NotViewable,
    PathInvalid,
    RepositoryNotFound,
    RevisionNotFound,
)
from ceyuan.hub.viewer.schemas import AnswerOut, QueryIn, ViewOut, look_out
from ceyuan.hub.viewer.service import Viewer
from ceyuan.kernel.blobs import BlobMissing
from ceyuan.kernel.errors import Invalid, MissingExtra, Unauthenticated
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentActor, CurrentPlatform, problems

router = Router(prefix=REPOSITORY, tags=["hub"])


@router.get(
    "/view",
    response_model=ViewOut,
    responses=problems(
        *(RepositoryNotFound, RevisionNotFound, EntryNotFound, BlobMissing),
        *(Invalid, PathInvalid, NotViewable, FileTooLarge, MissingExtra),
    ),
)
async def view_file(
    address: Address,
    platform: CurrentPlatform,
    actor: CurrentActor,
    path: Annotated[str, Query(min_length=1, max_length=1024)],
    revision: RevisionQuery = None,
    start: Annotated[int, Query(ge=0, lt=2**62, description="`next` of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=500, description="rows or tensors of a page")] = 100,
) -> Any:
    """Look into a file: text, a page of a table, the header of a model file, media, or first bytes."""
    (viewer,) = platform.find(Viewer)
    look = await viewer.look(actor, address, revision, path, start=start, limit=limit)
    return look_out(look, start, limit)


@router.post(
    "/query",
    response_model=AnswerOut,
    responses=problems(
        *(Unauthenticated, RepositoryNotFound, RevisionNotFound, EntryNotFound, BlobMissing, GatedRepository),
        *(Invalid, PathInvalid, NotViewable, FileTooLarge, MissingExtra),
    ),
)
async def query_file(address: Address, body: QueryIn, platform: CurrentPlatform, actor: CurrentActor) -> Any:
    """Ask a table file (Parquet, CSV, JSON lines) by one SELECT in SQL; the file is the table `data`."""
    actor.require_known()
    (viewer,) = platform.find(Viewer)
    found = await viewer.ask(actor, address, body.revision, body.path, body.query, limit=body.limit)
    columns = [{"name": column.name, "type": column.type} for column in found.columns]
    return {"columns": columns, "rows": found.rows, "more": found.more}
