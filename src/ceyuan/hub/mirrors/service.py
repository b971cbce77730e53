"""Use cases of mirrors: members see them, maintainers keep them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from ceyuan.hub.mirrors.errors import MirrorBusy, MirrorNotFound
from ceyuan.hub.mirrors.tables import HubMirror, HubMirrored
from ceyuan.hub.mirrors.upstream import check_address
from ceyuan.hub.owners import find_owner
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.settings import HubSettings
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.jobs import Job, submit
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork

KIND = "hub.mirror"
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,95})?")
_CHANGEABLE = ("revisions", "include", "exclude", "visibility", "every_hours", "enabled")


def token_context(mirror_id: str) -> str:
    """What a sealed token is sealed for."""
    return f"hub-mirror:{mirror_id}"


def token_of(uow: UnitOfWork, row: HubMirror) -> str | None:
    """The token for the other hub."""
    return None if row.token is None else uow.platform.vault.decrypt(row.token, token_context(row.id)).decode()


def _sealed(uow: UnitOfWork, row_id: str, token: str | None) -> bytes | None:
    return uow.platform.vault.encrypt(token.encode(), token_context(row_id)) if token else None


async def create(uow: UnitOfWork, values: dict[str, Any]) -> HubMirror:
    """Make a mirror and run it for the first time; the actor must be a maintainer of the owner here."""
    uow.actor.require_known()
    uow.actor.require_scope("hub:write")
    owner = await find_owner(uow, values["owner"])
    uow.actor.require_role(owner.org_id, "maintainer")
    networks = uow.platform.section(HubSettings).mirror_networks
    if not _SOURCE.fullmatch(values["source"]):
        raise Invalid(
            ("来源应为 owner 或 owner/name", "the source is an owner or a repository"),
            hint=("例如 Qwen 或 Qwen/Qwen3-0.6B", "such as Qwen or Qwen/Qwen3-0.6B"),
        )
    row_id = new_id("mir")
    row = HubMirror(
        id=row_id,
        org_id=owner.org_id,
        owner=owner.name,
        upstream=check_address(values["upstream"], networks),
        token=_sealed(uow, row_id, values.get("token")),
        kind=values["kind"],
        source=values["source"],
        **{name: values[name] for name in _CHANGEABLE},
        next_at=None,
        job_id=None,
        checked_at=None,
        error="",
        created_by=uow.actor.id,
        creator=uow.actor.label[:200],
        created_at=uow.clock.now(),
    )
    uow.session.add(row)
    await uow.session.flush()
    await uow.audit("hub.mirror_create", row.id, row.org_id, upstream=row.upstream, source=row.source)
    await run(uow, row)
    return row


async def page(uow: UnitOfWork, paging: PageRequest) -> Rows[HubMirror]:
    """The mirrors of the actor's organisations."""
    uow.actor.require_known()
    uow.actor.require_scope("hub:read")
    query = select(HubMirror)
    if not uow.actor.is_admin and uow.actor.kind != "system":
        query = query.where(HubMirror.org_id.in_(list(uow.actor.roles)))
    return await fetch_page(
        uow.session,
        query,
        paging,
        key=HubMirror.id,
        sorts={"created_at": HubMirror.created_at, "source": HubMirror.source},
        default="-created_at",
    )


async def find(uow: UnitOfWork, mirror_id: str, role: str = "viewer") -> HubMirror:
    """A mirror that the actor may see, or keep (as maintainer); raises `MirrorNotFound` and `Forbidden`."""
    uow.actor.require_known()
    uow.actor.require_scope("hub:read" if role == "viewer" else "hub:write")
    row = await uow.session.get(HubMirror, mirror_id)
    if row is None or not (uow.actor.may(row.org_id) or uow.actor.is_admin):
        raise MirrorNotFound()
    if role == "maintainer":
        uow.actor.require_role(row.org_id, "maintainer")
    return row


async def taken(uow: UnitOfWork, row: HubMirror) -> Sequence[tuple[HubMirrored, HubRepository]]:
    """What the mirror has taken, newest first."""
    rows = await uow.session.execute(
        select(HubMirrored, HubRepository)
        .join(HubRepository, HubRepository.id == HubMirrored.repository_id)
        .where(HubMirrored.mirror_id == row.id, HubRepository.deleted_at.is_(None))
        .order_by(HubMirrored.taken_at.desc())
        .limit(500)
    )
    return [(mirrored, repository) for mirrored, repository in rows]


async def change(uow: UnitOfWork, row: HubMirror, values: dict[str, Any]) -> HubMirror:
    """Change what is given; an empty token removes the one that is kept."""
    for name in _CHANGEABLE:
        if values.get(name) is not None:
            setattr(row, name, values[name])
    if values.get("token") is not None:
        row.token = _sealed(uow, row.id, values["token"])
    row.next_at = _next(uow, row)
    await uow.audit(
        "hub.mirror_change", row.id, row.org_id, changed=sorted(k for k, v in values.items() if v is not None)
    )
    return row


def _next(uow: UnitOfWork, row: HubMirror) -> Any:
    return uow.clock.now() + timedelta(hours=row.every_hours) if row.enabled and row.every_hours else None


async def run(uow: UnitOfWork, row: HubMirror) -> Job:
    """Start the mirror now; raises `MirrorBusy` while its last run goes on."""
    if row.job_id is not None:
        last = await uow.session.get(Job, row.job_id)
        if last is not None and last.finished_at is None:
            raise MirrorBusy(("上一次同步尚未结束", "the last run has not ended"), job_id=last.id)
    title = (f"镜像 {row.source}", f"Mirror {row.source}")
    made = await submit(uow, KIND, {"mirror_id": row.id}, org_id=row.org_id, title=title)
    row.job_id, row.next_at = made.id, _next(uow, row)
    return made


async def remove(uow: UnitOfWork, row: HubMirror) -> None:
    """Remove the mirror; the repositories that it made stay."""
    await uow.session.delete(row)
    await uow.audit("hub.mirror_delete", row.id, row.org_id)
