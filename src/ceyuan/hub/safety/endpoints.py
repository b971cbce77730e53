"""Verdicts over HTTP."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import Request
from pydantic import BaseModel

from ceyuan.hub.addresses import REPOSITORY, Address, PathQuery, RevisionQuery
from ceyuan.hub.errors import EntryNotFound, GatedRepository, PathInvalid, RepositoryNotFound, RevisionNotFound
from ceyuan.hub.safety import service
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentActor, CurrentPlatform, language_of, problems

router = Router(prefix=REPOSITORY, tags=["hub"])


class FindingOut(BaseModel):
    """Something that people should know of a file."""

    weight: Literal["unsafe", "caution", "note"]
    code: str
    detail: str
    message: str
    place: str


class VerdictOut(BaseModel):
    """What a scan says of a file: safe, caution, unsafe, or unknown where no scanner knows its form."""

    path: str
    form: str
    verdict: Literal["safe", "caution", "unsafe", "unknown"]
    findings: list[FindingOut]


@router.get(
    "/safety",
    response_model=VerdictOut,
    responses=problems(
        *(RepositoryNotFound, RevisionNotFound, EntryNotFound, Invalid, PathInvalid, GatedRepository),
    ),
)
async def get_file_safety(
    address: Address,
    platform: CurrentPlatform,
    actor: CurrentActor,
    request: Request,
    path: PathQuery,
    revision: RevisionQuery = None,
) -> Any:
    """Show whether a file could do harm, found without loading it."""
    found = await service.verdict_of(platform, actor, address, revision, path)
    language = language_of(request)
    findings = [{**finding, "message": finding[language]} for finding in found.findings]
    return {"path": found.path, "form": found.form, "verdict": found.verdict, "findings": findings}
