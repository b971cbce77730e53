"""All SQL of vouchers."""

from __future__ import annotations

from sqlalchemy import Select, select
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


async def granted_to(session: AsyncSession, scheme_id: str, org_id: str) -> list[Voucher]:
    """An organisation's vouchers of a scheme that were granted, whatever became of them since."""
    query = select(Voucher).where(
        Voucher.scheme_id == scheme_id, Voucher.org_id == org_id, Voucher.granted_micro.is_not(None)
    )
    return list(await session.scalars(query))


async def by_key(session: AsyncSession, applied_by: str, key: str) -> Voucher | None:
    """The application that this person made with this idempotency key."""
    return await session.scalar(select(Voucher).where(Voucher.applied_by == applied_by, Voucher.key == key))


async def by_wallet(session: AsyncSession, wallet_id: str) -> Voucher | None:
    """The voucher that became this wallet."""
    return await session.scalar(select(Voucher).where(Voucher.wallet_id == wallet_id))


def vouchers_visible_to(actor: Actor) -> Select[Voucher]:
    """The vouchers of the actor's organisations; programme officers see all."""
    query = select(Voucher)
    if actor.has_duty("programme_officer") or actor.has_duty("regulator"):
        return query
    return query.where(Voucher.org_id.in_(list(actor.roles)))
