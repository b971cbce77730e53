"""All SQL of single sign-on."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.identity.sign_on.tables import ExternalAccount, SignOnProvider
from ceyuan.kernel.errors import NotFound


async def enabled_providers(session: AsyncSession) -> Sequence[SignOnProvider]:
    """The providers that the sign-in page offers, by name."""
    query = select(SignOnProvider).where(SignOnProvider.is_on).order_by(SignOnProvider.name)
    return list(await session.scalars(query))


async def provider(session: AsyncSession, name: str, *, enabled: bool = True) -> SignOnProvider:
    """The provider with this name; raises `NotFound` (also for one that is off, unless `enabled` is false)."""
    found: SignOnProvider | None = await session.scalar(select(SignOnProvider).where(SignOnProvider.name == name))
    if found is None or (enabled and not found.is_on):
        raise NotFound(("未找到该单点登录", "no such single sign-on"))
    return found


async def account(session: AsyncSession, provider_id: str, subject: str) -> ExternalAccount | None:
    found: ExternalAccount | None = await session.scalar(
        select(ExternalAccount).where(ExternalAccount.provider_id == provider_id, ExternalAccount.subject == subject)
    )
    return found


async def accounts_of(session: AsyncSession, person_id: str) -> list[tuple[ExternalAccount, SignOnProvider]]:
    """A person's accounts at providers, oldest first."""
    rows = await session.execute(
        select(ExternalAccount, SignOnProvider)
        .join(SignOnProvider, SignOnProvider.id == ExternalAccount.provider_id)
        .where(ExternalAccount.person_id == person_id)
        .order_by(ExternalAccount.id)
    )
    return [(a, p) for a, p in rows]


async def forget_provider(session: AsyncSession, found: SignOnProvider) -> None:
    await session.execute(delete(ExternalAccount).where(ExternalAccount.provider_id == found.id))
    await session.delete(found)


async def forget_person(session: AsyncSession, person_id: str) -> None:
    await session.execute(delete(ExternalAccount).where(ExternalAccount.person_id == person_id))
