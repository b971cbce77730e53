"""What a memory cache needs to decide by itself whether a call may go ahead: balances, wallets and quotas at one
moment. `metering.limits_changed`, `metering.prices_changed`, `metering.wallet_exhausted`,
`metering.credit_exhausted` and `metering.quota_exhausted` say when to ask again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.quotas import QuotaState, quota_states
from ceyuan.metering.wallets import Purse, Use, read_funds
from ceyuan.metering.wallets.choice import WHOLE_BP, in_order


@dataclass(frozen=True, slots=True)
class QuotaLimit:
    """A quota that concerns the caller, with what was used in the present window. Money is in micro-yuan."""

    id: str
    subject_kind: str
    subject: str
    metric: str
    resource: str
    model: str
    window: str
    amount: Decimal
    used: Decimal
    hard: bool
    window_start: datetime
    window_end: datetime


@dataclass(frozen=True, slots=True)
class Limits:
    """A snapshot for one organisation and one of its tokens, persons and projects."""

    org_id: str
    token_id: str
    person_id: str
    project: str
    at: datetime
    general_micro: int
    credit_limit_micro: int
    purses: tuple[Purse, ...]
    quotas: tuple[QuotaLimit, ...]

    def spendable_micro(self, resource: str, model: str, at: datetime, cost_micro: int | None = None) -> int:
        """How much may be spent on this use: the wallets that match and the general account with its credit.

        A wallet that covers only a share of each charge counts with its share of `cost_micro`, or not at all
        where no cost is named.
        """
        total = max(0, self.general_micro + self.credit_limit_micro)
        if not self.purses:
            return total
        for purse in in_order(self.purses, Use(resource, model, at), self.at):
            share = purse.restrictions.share_bp
            cap = purse.balance_micro if share == WHOLE_BP else (cost_micro or 0) * share // WHOLE_BP
            total += min(purse.balance_micro, cap)
        return total

    def covers(self, resource: str, model: str, at: datetime, cost_micro: int) -> bool:
        """Whether a charge could be paid without going beyond the credit limit; nothing is always covered."""
        return cost_micro <= 0 or self.spendable_micro(resource, model, at, cost_micro) >= cost_micro


def _limit(state: QuotaState) -> QuotaLimit:
    quota = state.quota
    return QuotaLimit(
        quota.id,
        quota.subject_kind,
        state.subject,
        quota.metric,
        quota.resource,
        quota.model,
        quota.window,
        quota.amount,
        state.used,
        quota.hard,
        state.window_start,
        state.window_end,
    )


async def limits_for(
    uow: UnitOfWork, org_id: str, token_id: str = "", *, person_id: str = "", project: str = ""
) -> Limits:
    """The snapshot at this moment; a unit of work that only reads is enough."""
    funds = await read_funds(uow, org_id)
    states = await quota_states(uow, org_id, token_id=token_id, person_id=person_id, project=project)
    return Limits(
        org_id,
        token_id,
        person_id,
        project,
        uow.clock.now(),
        funds.general_micro,
        funds.terms.credit_limit_micro,
        tuple(funds.purses),
        tuple(_limit(state) for state in states),
    )
