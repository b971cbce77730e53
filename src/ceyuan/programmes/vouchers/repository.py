"""All SQL of vouchers."""

from __future__ import annotations

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.kernel.actor import Actor
from ceyuan.programmes.vouchers.errors import SchemeNotFound, VoucherNotFound
from ceyuan.programmes.vouchers.tables import Voucher, VoucherScheme


async def get_scheme(session: AsyncSession, scheme_id: str, *, lock: bool = False) -> VoucherScheme:
    """The scheme; raises `SchemeNotFound`."""
    row = await session.get(VoucherScheme, scheme_id, with_for_update=lock or None)
    if row is None:
        raise SchemeNotFound()
    return row


async def get_voucher(session: AsyncSession, voucher_id: str) -> Voucher:
    """The voucher; raises `VoucherNotFound`."""
    row = await session.get(Voucher, voucher_id)
    if row is None:
        raise VoucherNotFound()
    return row


async def granted_to(session: AsyncSession, scheme_id: str, org_id: str) -> int:
    """Micro-yuan that an organisation was granted in a scheme and did not have revoked."""
    query = select(func.coalesce(func.sum(Voucher.granted_micro), 0)).where(
        Voucher.scheme_id == scheme_id, Voucher.org_id == org_id, Voucher.state.in_(("granted", "closed"))
    )
    return int(await session.scalar(query) or 0)


async def by_wallet(session: AsyncSession, wallet_id: str) -> Voucher | None:
    """The voucher that became this wallet."""
    return await session.scalar(select(Voucher).where(Voucher.wallet_id == wallet_id))


def vouchers_visible_to(actor: Actor) -> Select[Voucher]:
    """The vouchers of the actor's organisations; programme officers see all."""
    query = select(Voucher)
    if actor.has_duty("programme_officer") or actor.has_duty("regulator"):
        return query
    return query.where(Voucher.org_id.in_(list(actor.roles)))
