"""Use cases of releases."""

from __future__ import annotations

from ceyuan.hub import resolve
from ceyuan.kernel import workflow
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.releases import repository
from ceyuan.models.releases.errors import ReleaseExists, ReleaseNotFound
from ceyuan.models.releases.gates import judge
from ceyuan.models.releases.process import NAME
from ceyuan.models.releases.schemas import ReleaseIn
from ceyuan.models.releases.tables import Release


async def open_release(uow: UnitOfWork, wanted: ReleaseIn, *, exist_ok: bool = False) -> Release:
    """Make a revision a candidate; one that is a candidate or released already is returned with `exist_ok`, and
    raises `ReleaseExists` without."""
    revision = await resolve(uow, wanted.model)
    uow.actor.require_role(revision.org_id, "member")
    if (known := await repository.open_of(uow.session, revision.node_id)) is not None:
        if exist_ok:
            return known
        raise ReleaseExists(release_id=known.id)
    release_id = new_id("rel")
    instance = await workflow.start(
        uow,
        NAME,
        release_id,
        title=(f"发布 {revision.label}", f"Release {revision.label}"),
        org_id=revision.org_id,
    )
    release = Release(
        id=release_id,
        org_id=revision.org_id,
        model=revision.ref,
        model_node=revision.node_id,
        served=wanted.served,
        criteria=wanted.criteria.model_dump(mode="json"),
        note=wanted.note,
        workflow_id=instance.id,
        state=instance.state,
        gates=[],
        created_by=uow.actor.id,
        created_at=uow.clock.now(),
        decided_at=None,
    )
    uow.session.add(release)
    await uow.session.flush()
    return release


async def find_release(uow: UnitOfWork, release_id: str) -> Release:
    """The release if the actor may see it; raises `ReleaseNotFound`."""
    uow.actor.require_known()
    release = await repository.get(uow.session, release_id)
    staff = uow.actor.has_duty("reviewer") or uow.actor.has_duty("regulator")
    if not staff and not uow.actor.may(release.org_id):
        raise ReleaseNotFound()
    return release


async def current_gates(uow: UnitOfWork, release: Release) -> list[dict[str, object]]:
    """The gates' results: those of now for a candidate, those of the decision after it."""
    if release.state == "candidate":
        return [r.as_dict() for r in await judge(uow, release)]
    return list(release.gates)


async def decide(uow: UnitOfWork, release_id: str, decision: str, note: str = "", *, key: str | None = None) -> Release:
    """Take a step of the release's workflow; raises `GuardRefused` with the reasons of the gates that fail."""
    release = await find_release(uow, release_id)
    form = {} if decision == "withdraw" else {"note": note}
    await workflow.transit(uow, release.workflow_id, decision, form=form, key=key)
    return release
