"""Use cases of quotas."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.compute.admission import Share, Shares
from ceyuan.compute.catalogue import known_accelerator
from ceyuan.compute.quotas.tables import ComputeQuota
from ceyuan.identity import get_organisation
from ceyuan.kernel.errors import Invalid, NotFound
from ceyuan.kernel.ids import is_id
from ceyuan.kernel.work import UnitOfWork


class QuotaNotFound(NotFound):
    code = "compute_quota_not_found"
    title = ("没有这项算力配额", "No such compute quota")


async def shares(session: AsyncSession) -> Shares:
    """The whole tree."""
    rows = await session.scalars(select(ComputeQuota))
    return Shares(Share(row.name, row.parent, row.guaranteed, row.borrowing, row.weight) for row in rows)


async def set_quota(uow: UnitOfWork, name: str, values: dict[str, Any]) -> ComputeQuota:
    """Set a share of an organisation (by its id) or a group; only operators may. Audited.

    Raises `OrganisationNotFound`, `Invalid` for a group that does not exist or would hold itself, `AcceleratorUnknown`.
    """
    uow.actor.require_duty("operator")
    if is_id(name, "org"):
        await get_organisation(uow, name)
    for resource in {*values["guaranteed"], *values["borrowing"]} - {"cpus"}:
        known_accelerator(resource)
    above = values["parent"]
    while above:
        if above == name:
            raise Invalid(("配额组不能包含自身", "a group cannot hold itself"), field="parent")
        row = await uow.session.get(ComputeQuota, above)
        if row is None or row.org_id is not None:
            raise Invalid((f"没有配额组“{above}”", f"there is no group “{above}”"), field="parent")
        above = row.parent
    quota = await uow.session.get(ComputeQuota, name)
    if quota is None:
        quota = ComputeQuota(name=name, org_id=name if is_id(name, "org") else None)
        uow.session.add(quota)
    for field, value in values.items():
        setattr(quota, field, value)
    quota.updated_at = uow.clock.now()
    await uow.session.flush()
    await uow.audit("compute_quota.set", name, quota.org_id, **values)
    return quota


async def remove_quota(uow: UnitOfWork, name: str) -> None:
    """Remove a share; raises `Invalid` while others name it as their group. Only operators may. Audited."""
    uow.actor.require_duty("operator")
    quota = await uow.session.get(ComputeQuota, name)
    if quota is None:
        raise QuotaNotFound()
    if await uow.session.scalar(select(ComputeQuota.name).where(ComputeQuota.parent == name).limit(1)):
        raise Invalid(("仍有配额属于该组", "other quotas are in this group"))
    await uow.session.delete(quota)
    await uow.audit("compute_quota.remove", name, quota.org_id)


def visible(uow: UnitOfWork) -> Select[ComputeQuota]:
    """The shares of the actor's organisations, and groups; operators see all."""
    uow.actor.require_known()
    query = select(ComputeQuota)
    if uow.actor.has_duty("operator"):
        return query
    return query.where(or_(ComputeQuota.org_id.is_(None), ComputeQuota.org_id.in_(list(uow.actor.roles))))
