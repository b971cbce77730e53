"""Inspections over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import Request
from pydantic import BaseModel

from ceyuan.hub.addresses import REPOSITORY, ReadRepository
from ceyuan.hub.errors import GatedRepository, RepositoryNotFound
from ceyuan.hub.gating.access import require_open
from ceyuan.hub.inspection.tables import HubInspection
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import ReadWork, language_of, problems

router = Router(prefix=REPOSITORY, tags=["hub"])


class FoundOut(BaseModel):
    """A finding with the file that it is in."""

    path: str
    weight: Literal["unsafe", "caution", "note"]
    code: str
    message: str


class LicenceOut(BaseModel):
    """A licence: declared by the card, found in a text, or of an input that the card names."""

    path: str
    licence: str
    how: Literal["declared", "text", "input"]


class LicenceConflictOut(BaseModel):
    """Why two licences do not go together."""

    code: str
    origin: str
    source: str
    result: str
    message: str


class InspectionOut(BaseModel):
    """What the newest revision holds. `commit` is the one that was looked at, null while none was; `verdicts` counts
    files by safe, caution, unsafe, unknown."""

    commit: str | None
    current: bool
    inspected_at: datetime | None
    verdicts: dict[str, int]
    findings: list[FoundOut]
    licences: list[LicenceOut]
    conflicts: list[LicenceConflictOut]


@router.get("/inspection", response_model=InspectionOut, responses=problems(RepositoryNotFound, GatedRepository))
async def get_repository_inspection(row: ReadRepository, uow: ReadWork, request: Request) -> Any:
    """Show what was found in the newest revision: verdicts, secrets, personal information, licences."""
    await require_open(uow, row)
    language = language_of(request)
    found = await uow.session.get(HubInspection, row.id)
    if found is None:
        return {
            **{"commit": None, "current": False, "inspected_at": None},
            **{"verdicts": {}, "findings": [], "licences": [], "conflicts": []},
        }
    return {
        "commit": found.commit_id,
        "current": found.commit_id == row.head_commit,
        "inspected_at": found.inspected_at,
        "verdicts": found.verdicts,
        "findings": [{**finding, "message": finding[language]} for finding in found.findings],
        "licences": found.licences,
        "conflicts": [{**conflict, "message": conflict[language]} for conflict in found.conflicts],
    }
