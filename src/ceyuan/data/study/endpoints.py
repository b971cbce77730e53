"""Studying a corpus over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query

from ceyuan.data.pipelines.errors import NotACorpus
from ceyuan.data.study import service
from ceyuan.data.study.schemas import AnalysisOut, MediaOut
from ceyuan.hub.errors import RepositoryNotFound, RevisionNotFound
from ceyuan.kernel.errors import Invalid, Unauthenticated
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentActor, CurrentPlatform, problems

router = Router(prefix="/api/v1/data/datasets/{owner}/{name}", tags=["data"])
Word = Annotated[str, Query(max_length=200)]
Bound = Annotated[str, Query(max_length=100)]
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


@router.get(
    "/media",
    response_model=MediaOut,
    responses=problems(Unauthenticated, RepositoryNotFound, RevisionNotFound, Invalid),
)
async def browse_media(
    owner: Annotated[str, Path(max_length=96)],
    name: Annotated[str, Path(max_length=96)],
    platform: CurrentPlatform,
    actor: CurrentActor,
    revision: Annotated[str | None, Query(max_length=200, description="branch, tag or commit")] = None,
    state: Literal["kept", "dropped"] | None = None,
    domain: Word = "",
    source: Word = "",
    reason: Word = "",
    split: Literal["train", "heldout"] | None = None,
    text: Annotated[str, Query(max_length=200, description="part of the id")] = "",
    bound: Annotated[list[Bound] | None, Query(max_length=16, description="width>=800, snr<=20")] = None,
    sort: Annotated[str, Query(max_length=65, description="id or a statistic; - in front: greatest first")] = "id",
    limit: Annotated[int, Query(ge=1, le=200)] = 48,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> Any:
    """List images, sounds or videos of a corpus with previews, also those that were dropped.

    `bound` cuts by statistics and may be given several times. `kind` is null where the dataset is no such corpus.
    """
    reference = f"datasets/{owner}/{name}" + (f"@{revision}" if revision else "")
    wanted = {"state": state, "domain": domain, "source": source, "reason": reason, "split": split, "text": text}
    chosen = {key: value for key, value in wanted.items() if value}
    return await service.browse_media(platform, actor, reference, chosen, (bound or [], sort), (limit, offset))
