"""Use cases of administrators: which identity providers are trusted."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from ceyuan.identity.access.credential import require_admin
from ceyuan.identity.sign_on import repository
from ceyuan.identity.sign_on.service import provider_context
from ceyuan.identity.sign_on.tables import SignOnProvider
from ceyuan.kernel.errors import Conflict
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork


def _prepared(uow: UnitOfWork, provider_id: str, fields: dict[str, Any]) -> dict[str, Any]:
    out = dict(fields)
    if "client_secret" in out:
        secret = out["client_secret"]
        out["client_secret"] = (
            uow.platform.vault.encrypt(secret.encode(), provider_context(provider_id)) if secret else None
        )
    if "email_domains" in out:
        out["email_domains"] = sorted({d.strip().lower().lstrip("@") for d in out["email_domains"]})
    return out


async def list_providers(uow: UnitOfWork, paging: PageRequest) -> Rows[SignOnProvider]:
    """All providers."""
    require_admin(uow.actor)
    sorts = {"name": SignOnProvider.name, "created_at": SignOnProvider.created_at}
    return await fetch_page(
        uow.session, select(SignOnProvider), paging, key=SignOnProvider.id, sorts=sorts, default="name"
    )


async def create_provider(uow: UnitOfWork, fields: dict[str, Any]) -> SignOnProvider:
    """Trust a provider; its redirect address is `/api/v1/auth/sign-on/<name>/callback`."""
    require_admin(uow.actor)
    if await uow.session.scalar(select(SignOnProvider.id).where(SignOnProvider.name == fields["name"])):
        raise Conflict(("同名单点登录已存在", "there is a sign-on with this name already"))
    provider_id = new_id("idp")
    row = SignOnProvider(id=provider_id, created_at=uow.clock.now(), **_prepared(uow, provider_id, fields))
    uow.session.add(row)
    await uow.session.flush()
    await uow.audit("identity.sign_on_provider_create", row.id, name=row.name, issuer=row.issuer)
    return row


async def change_provider(uow: UnitOfWork, name: str, changes: dict[str, Any]) -> SignOnProvider:
    """Change a provider; an empty client secret removes it, none leaves it as it is."""
    require_admin(uow.actor)
    row = await repository.provider(uow.session, name, enabled=False)
    for field, value in _prepared(uow, row.id, changes).items():
        setattr(row, field, value)
    await uow.audit("identity.sign_on_provider_change", row.id, fields=sorted(changes))
    return row


async def delete_provider(uow: UnitOfWork, name: str) -> None:
    """Trust it no more; people keep their accounts and lose the links."""
    require_admin(uow.actor)
    row = await repository.provider(uow.session, name, enabled=False)
    await repository.forget_provider(uow.session, row)
    await uow.audit("identity.sign_on_provider_delete", row.id, name=row.name)
