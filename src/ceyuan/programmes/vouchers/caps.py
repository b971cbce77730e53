"""What an organisation has had of a scheme, which its cap bounds."""

from __future__ import annotations

from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import get_wallet
from ceyuan.programmes.vouchers import repository


async def had_of(uow: UnitOfWork, scheme_id: str, org_id: str) -> int:
    """Micro-yuan that count against the organisation's cap: all that was granted, and of a revoked voucher what
    did not go back."""
    had = 0
    for voucher in await repository.granted_to(uow.session, scheme_id, org_id):
        had += voucher.granted_micro or 0
        if voucher.state == "revoked" and voucher.wallet_id is not None:
            had -= (await get_wallet(uow, voucher.wallet_id)).returned_micro
    return had
