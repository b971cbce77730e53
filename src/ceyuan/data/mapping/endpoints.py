"""Mapping over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path

from ceyuan.data.mapping import service
from ceyuan.data.mapping.errors import NothingToMap
from ceyuan.data.mapping.schemas import ColumnsOut, PreviewOut
from ceyuan.data.sources.errors import SourceNotFound
from ceyuan.data.sources.schemas import ColumnMapping
from ceyuan.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentActor, CurrentPlatform, problems

router = Router(prefix="/api/v1/data/sources/{source_id}", tags=["data"])
SourceId = Annotated[str, Path(max_length=40)]
_MAY_LOOK = (Unauthenticated, Forbidden, NotFound, SourceNotFound, NothingToMap)


@router.get("/columns", response_model=ColumnsOut, responses=problems(*_MAY_LOOK))
async def survey_columns(source_id: SourceId, platform: CurrentPlatform, actor: CurrentActor) -> Any:
    """Look at the columns of a source's first files, and propose which of them hold what."""
    actor.require_known()
    return await service.columns_of_source(platform, actor, source_id)


@router.post("/columns/preview", response_model=PreviewOut, responses=problems(*_MAY_LOOK, Invalid))
async def preview_mapping(
    source_id: SourceId, body: ColumnMapping, platform: CurrentPlatform, actor: CurrentActor
) -> Any:
    """Show the first rows of a source as a mapping makes them; nothing is kept."""
    actor.require_known()
    return await service.preview_mapping(platform, actor, source_id, body)
