"""Use cases of studying a corpus."""

from __future__ import annotations

from typing import Any

from ceyuan.data.pipelines.engines import ask_engine, brought
from ceyuan.data.pipelines.errors import NotACorpus
from ceyuan.data.pipelines.service import read_manifest
from ceyuan.data.study.alarms import keep_rate_alarms
from ceyuan.hub import resolve, resolve_url
from ceyuan.hub.errors import RepositoryNotFound, RevisionNotFound
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.jobs import EngineRefused
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


async def browse_media(
    platform: Platform,
    actor: Actor,
    reference: str,
    wanted: dict[str, str],
    cut: tuple[list[str], str],
    page: tuple[int, int],
) -> dict[str, Any]:
    """Items of a media corpus with the addresses of their previews and files; none where the dataset is no such corpus.

    `cut` is bounds on statistics and what to sort by, `page` limit and offset. Raises `Invalid`.
    """
    async with platform.work(actor, write=False) as uow:
        revision = await resolve(uow, reference)
        try:
            manifest = await read_manifest(uow, revision.ref)
        except NotACorpus:
            manifest = {}
    nothing: dict[str, Any] = {"kind": None, "total": 0, "items": [], "statistics": [], "reasons": []}
    if "media" not in manifest:
        return {"revision": revision.ref, **nothing}
    files = ["statistics.parquet", "samples.json", "data/*.parquet"]
    bounds, sort = cut
    async with brought(platform, actor, files, revision.ref) as (folder,):
        arguments: dict[str, Any] = {"folder": str(folder), "wanted": wanted, "bounds": bounds, "sort": sort}
        arguments |= {"limit": page[0], "offset": page[1]}
        try:
            found = await ask_engine(platform, "ceyuan.data.corpus.media.browse:main", arguments)
        except EngineRefused as error:
            raise Invalid(error.message) from error
    for item in found["items"]:
        for name in ("preview", "file"):
            path = item[name]
            item[name] = path and resolve_url("dataset", revision.owner, revision.name, revision.commit, path)
    return {"revision": revision.ref, "kind": manifest["media"]["kind"], **found}


async def _rates_before(uow: UnitOfWork, previous: str) -> dict[str, Any]:
    """Documents and kept by source in the revision before; nothing where there is none."""
    if not previous:
        return {}
    try:
        rates: dict[str, Any] = (await read_manifest(uow, previous))["counts"]["sources"]
    except (NotACorpus, RepositoryNotFound, RevisionNotFound):
        return {}
    return rates
