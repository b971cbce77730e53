"""How much an organisation may keep, and the refusal when it is full."""

from __future__ import annotations

from ceyuan.hub.errors import QuotaFull
from ceyuan.hub.repositories import repository
from ceyuan.hub.settings import HubSettings
from ceyuan.kernel.work import UnitOfWork


async def require_room(uow: UnitOfWork, org_id: str, adding: int = 0) -> None:
    """Raise `QuotaFull` if the organisation has used up what it may keep, or would with `adding` bytes more."""
    settings = uow.platform.section(HubSettings)
    limits = {"logical": settings.quota_logical_bytes, "stored": settings.quota_stored_bytes}
    if not any(limits.values()):
        return
    _, logical, stored = await repository.usage(uow.session, org_id)
    used = {"logical": logical, "stored": stored}
    for name, limit in limits.items():
        if limit and used[name] + adding > limit:
            raise QuotaFull(
                (
                    f"组织的存储配额为 {limit} 字节,已用 {used[name]} 字节",
                    f"the organisation may keep {limit} bytes and keeps {used[name]}",
                ),
                hint=("请删除不用的仓库,或请管理员提高配额", "delete what is not needed or ask an operator for more"),
                limit=limit,
                used=used[name],
                counted=name,
            )
