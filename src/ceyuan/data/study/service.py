"""Use cases of studying a corpus."""

from __future__ import annotations

from typing import Any

from ceyuan.data.pipelines.engines import ask_engine, brought
from ceyuan.data.pipelines.errors import NotACorpus
from ceyuan.data.pipelines.service import read_manifest
from ceyuan.data.study.alarms import keep_rate_alarms
from ceyuan.hub import resolve
from ceyuan.hub.errors import RepositoryNotFound, RevisionNotFound
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork


async def analyse(
    platform: Platform, actor: Actor, reference: str, floor: float, fall: float, share: float
) -> dict[str, Any]:
    """Keep rates, alarms against `floor`, `fall` and `share`, duplicates, correlation; raises `NotACorpus`."""
    async with platform.work(actor, write=False) as uow:
        manifest = await read_manifest(uow, reference)
        revision = await resolve(uow, reference)
        before = await _rates_before(uow, str(manifest.get("previous") or ""))
    async with brought(platform, actor, ["statistics.parquet"], revision.ref) as (folder,):
        arguments = {"statistics": str(folder / "statistics.parquet")}
        found = await ask_engine(platform, "ceyuan.data.corpus.analyse:main", arguments)
    alarms = keep_rate_alarms(found["sources"], before, floor=floor, fall=fall, share=share)
    return {"revision": revision.ref, "alarms": [one.as_dict() for one in alarms], **found}


async def _rates_before(uow: UnitOfWork, previous: str) -> dict[str, Any]:
    """Documents and kept by source in the revision before; nothing where there is none."""
    if not previous:
        return {}
    try:
        rates: dict[str, Any] = (await read_manifest(uow, previous))["counts"]["sources"]
    except (NotACorpus, RepositoryNotFound, RevisionNotFound):
        return {}
    return rates
