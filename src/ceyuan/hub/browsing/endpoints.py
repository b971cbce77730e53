"""Reading repositories over HTTP: folders, files, cards, history, differences."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request

from ceyuan.hub.addresses import REPOSITORY, OpenView, PathQuery, ReadRepository
from ceyuan.hub.browsing import service
from ceyuan.hub.browsing.cards import read_card
from ceyuan.hub.browsing.differences import difference, text_difference
from ceyuan.hub.browsing.schemas import (
    CardOut,
    CommitsOut,
    DifferenceOut,
    EntryOut,
    TextDifferenceOut,
    TreeOut,
    card_out,
    difference_out,
    entry_out,
)
from ceyuan.hub.commits.schemas import CommitOut, commit_out
from ceyuan.hub.errors import (
    EntryNotFound,
    FileTooLarge,
    GatedRepository,
    PathInvalid,
    RepositoryNotFound,
    RevisionNotFound,
)
from ceyuan.hub.gating.access import require_open
from ceyuan.hub.safety.known import verdicts
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import ReadWork, language_of, problems

router = Router(prefix=REPOSITORY, tags=["hub"])
_MISSING = (RepositoryNotFound, RevisionNotFound, Invalid)
_Revision = Annotated[str, Query(max_length=255, description="branch, tag or commit")]


@router.get("/tree", response_model=TreeOut, responses=problems(*_MISSING, EntryNotFound, PathInvalid))
async def list_tree(
    view: OpenView,
    uow: ReadWork,
    path: PathQuery = "",
    recursive: Annotated[bool, Query(description="all files below, without folders")] = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    cursor: Annotated[str | None, Query(max_length=1100, description="`next` of the page before")] = None,
) -> Any:
    """List a folder, or all files below it."""
    found = await service.list_folder(view, path.strip("/"), recursive=recursive, after=cursor, limit=limit)
    known = await verdicts(uow.session, found.entries)
    return {
        "commit": view.commit.id,
        "tree": view.commit.tree_id,
        "path": path.strip("/"),
        "items": [entry_out(view, name, entry, known) for name, entry in found.entries],
        "next": found.after,
    }


@router.get("/entry", response_model=EntryOut, responses=problems(*_MISSING, EntryNotFound, PathInvalid))
async def get_entry(view: OpenView, uow: ReadWork, path: PathQuery = "") -> Any:
    """Show one file or folder."""
    entry = await service.find_entry(view, path)
    return entry_out(view, path, entry, await verdicts(uow.session, [(path, entry)]))


@router.get("/card", response_model=CardOut, responses=problems(*_MISSING, EntryNotFound, FileTooLarge))
async def get_card(
    view: OpenView,
    uow: ReadWork,
    request: Request,
    language: Annotated[str | None, Query(max_length=8, description="such as zh or en")] = None,
) -> Any:
    """Show the card (README) with its front matter."""
    return card_out(view, await read_card(uow, view, language), language_of(request))


@router.get("/commits", response_model=CommitsOut, responses=problems(*_MISSING, PathInvalid))
async def list_commits(
    view: OpenView,
    uow: ReadWork,
    path: PathQuery = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Any:
    """List the commits of a revision and before it, or those that changed the file or folder at `path`."""
    if path:
        found = await service.list_changes_of(uow, view, path, limit=limit)
    else:
        found = await service.list_commits(uow, view, limit=limit)
    return {"items": [commit_out(row) for row in found.commits], "next": found.before}


@router.get("/commit", response_model=CommitOut, responses=problems(*_MISSING))
async def get_commit(view: OpenView) -> Any:
    """Show the commit that `revision` names."""
    return commit_out(view.commit)


@router.get("/compare", response_model=DifferenceOut, responses=problems(*_MISSING))
async def compare_revisions(
    row: ReadRepository,
    uow: ReadWork,
    old: _Revision,
    new: _Revision,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Any:
    """Show which files lead from the revision `old` to `new`."""
    before = await service.open_repository(uow, row, old)
    after = await service.open_repository(uow, row, new)
    return difference_out(before, after, await difference(before, after, limit=limit))


@router.get(
    "/compare/text",
    response_model=TextDifferenceOut,
    responses=problems(*_MISSING, EntryNotFound, PathInvalid, GatedRepository),
)
async def compare_text(row: ReadRepository, uow: ReadWork, old: _Revision, new: _Revision, path: PathQuery) -> Any:
    """Show the lines by which a small text file differs between two revisions."""
    await require_open(uow, row)
    before = await service.open_repository(uow, row, old)
    after = await service.open_repository(uow, row, new)
    diff = await text_difference(uow, before, after, path)
    return {"old": before.commit.id, "new": after.commit.id, "path": path, "diff": diff}
