"""Studying a corpus over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from ceyuan.data.pipelines.errors import NotACorpus
from ceyuan.data.study import service
from ceyuan.data.study.schemas import AnalysisOut
from ceyuan.hub.errors import RepositoryNotFound, RevisionNotFound
from ceyuan.kernel.errors import Invalid, Unauthenticated
from ceyuan.kernel.web import CurrentActor, CurrentPlatform, problems

router = APIRouter(prefix="/api/v1/data/datasets/{owner}/{name}", tags=["data"])
Share = Annotated[float, Query(ge=0, le=1)]


@router.get(
    "/analysis",
    response_model=AnalysisOut,
    responses=problems(Unauthenticated, RepositoryNotFound, RevisionNotFound, NotACorpus, Invalid),
)
async def analyse_corpus(
    owner: Annotated[str, Path(max_length=96)],
    name: Annotated[str, Path(max_length=96)],
    platform: CurrentPlatform,
    actor: CurrentActor,
    revision: Annotated[str | None, Query(max_length=200, description="branch, tag or commit")] = None,
    floor: Share = 0.5,
    fall: Share = 0.1,
    share: Share = 0.4,
) -> Any:
    """Study a corpus: keep rates by source, which of them ought to alarm, groups of duplicates, correlation.

    Alarms: a rate surely below `floor`, one that surely fell by `fall` since the revision before, a single reason
    that surely drops more than `share` of a source.
    """
    reference = f"datasets/{owner}/{name}" + (f"@{revision}" if revision else "")
    return await service.analyse(platform, actor, reference, floor, fall, share)
