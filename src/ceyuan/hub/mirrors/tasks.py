"""The job that takes over what is new, and when it runs."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from ceyuan.hub.mirrors import service
from ceyuan.hub.mirrors.errors import MirrorBusy
from ceyuan.hub.mirrors.tables import HubMirror
from ceyuan.hub.mirrors.taking import Taker
from ceyuan.hub.mirrors.upstream import told
from ceyuan.hub.remote import RemoteHub
from ceyuan.hub.settings import HubSettings
from ceyuan.identity import actor_for
from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.jobs import JobContext, job
from ceyuan.kernel.platform import Platform

logger = logging.getLogger(__name__)
EVERY_S = 60.0
_BATCH = 20


async def plan_mirrors(platform: Platform) -> None:
    """Start the mirrors that are due, each on behalf of who made it."""
    now = platform.clock.now()
    async with platform.work(SYSTEM, write=False) as uow:
        query = select(HubMirror.id, HubMirror.created_by).where(HubMirror.next_at <= now).limit(_BATCH)
        due = [(row[0], row[1]) for row in await uow.session.execute(query)]
    for mirror_id, person in due:
        try:
            async with platform.work(SYSTEM, write=False) as uow:
                actor = await actor_for(uow, person)
            async with platform.work(actor) as uow:
                await service.run(uow, await service.find(uow, mirror_id, "maintainer"))
        except MirrorBusy:
            continue
        except CeyuanError as error:
            async with platform.work(SYSTEM) as uow:
                row = await uow.session.get(HubMirror, mirror_id)
                if row is not None:
                    row.next_at, row.error = None, error.message[1][:500]


@dataclass(slots=True)
class _Counted:
    taken: int = 0
    unchanged: int = 0
    failed: int = 0


@job(service.KIND, title=("镜像同步", "Mirror from another hub"))
async def mirror(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Bring every revision that is wanted up to its commit at the other hub; what is as it was costs one question."""
    async with ctx.platform.work(ctx.actor, write=False) as uow:
        row = await service.find(uow, params["mirror_id"])
        token = service.token_of(uow, row)
    counted = _Counted()
    first: CeyuanError | None = None
    networks = ctx.platform.section(HubSettings).mirror_networks
    try:
        async with RemoteHub(row.upstream, token, networks) as upstream:
            with told():
                names = [row.source] if "/" in row.source else await upstream.repositories(row.kind, row.source)
            wanted = [(name, revision) for name in names for revision in row.revisions]
            for number, (name, revision) in enumerate(wanted):
                ctx.progress(number / len(wanted), (f"{name}@{revision}", f"{name}@{revision}"))
                try:
                    with told():
                        done = await Taker(ctx, row, upstream, name, revision).take()
                    counted.taken += done
                    counted.unchanged += not done
                except CeyuanError as error:
                    counted.failed += 1
                    first = first or error
                    ctx.log(
                        f"{name}@{revision}: {error.message[1]}", "error", zh=f"{name}@{revision}：{error.message[0]}"
                    )
    except CeyuanError as error:
        first = first or error
        raise
    finally:
        await _note(ctx, row.id, first)
    if first is not None and counted.failed == len(wanted):
        raise first
    return {"taken": counted.taken, "unchanged": counted.unchanged, "failed": counted.failed}


async def _note(ctx: JobContext, mirror_id: str, fault: CeyuanError | None) -> None:
    """Write on the mirror how its last run went."""
    async with ctx.platform.work(SYSTEM) as uow:
        row = await uow.session.get(HubMirror, mirror_id)
        if row is not None:
            row.checked_at, row.error = uow.clock.now(), fault.message[1][:500] if fault else ""
