"""What is told when balances run low: once, when the line is crossed."""

from __future__ import annotations

from collections.abc import Mapping

from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.wallets.funds import OrgFunds


async def notify(uow: UnitOfWork, funds: Mapping[str, OrgFunds], before: Mapping[str, int]) -> None:
    """Publish `metering.balance_low` and `metering.credit_exhausted` for what this transaction took from general
    accounts; `before` is each account's balance when it began."""
    for org_id, org in funds.items():
        low, floor = org.terms.low_balance_micro, -org.terms.credit_limit_micro
        if org.general_micro <= low < before[org_id]:
            await uow.publish(
                "metering.balance_low", org_id=org_id, balance_micro=org.general_micro, threshold_micro=low
            )
        if org.general_micro <= floor < before[org_id]:
            await uow.publish("metering.credit_exhausted", org_id=org_id, balance_micro=org.general_micro)
