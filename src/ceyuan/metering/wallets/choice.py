"""Which balance pays: pure rules over the balances of one organisation.

The order is that of the municipal voucher designs: what expires within seven days first, then within
thirty, then the narrowest match, then the smallest balance; the general account comes last. One charge
may be split over several balances.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ceyuan.metering.patterns import narrowest

SOON = timedelta(days=7)
LATER = timedelta(days=30)
WHOLE_BP = 10_000
"""A share of one, in basis points."""
_Order = tuple[int, int, int, int, datetime, str]


@dataclass(frozen=True, slots=True)
class Restrictions:
    """What a wallet may pay for. `share_bp`: at most this part of each charge, in basis points (3000 = 30 %)."""

    resources: tuple[str, ...] = ("*",)
    models: tuple[str, ...] = ("*",)
    share_bp: int = WHOLE_BP


@dataclass(frozen=True, slots=True)
class Use:
    """What is paid for: a resource, the model that was used (empty = none), and when."""

    resource: str
    model: str
    at: datetime


@dataclass(slots=True)
class Purse:
    """A restricted balance that is being spent: `balance_micro` falls as `take` hands out."""

    account_id: str
    wallet_id: str
    restrictions: Restrictions
    valid_from: datetime
    valid_to: datetime | None
    balance_micro: int

    def rank(self, use: Use, now: datetime) -> _Order | None:
        """The sort key among the purses that may pay, `None` if this one may not. The moment of use decides
        validity, `now` how soon the wallet expires."""
        if use.at < self.valid_from or (self.valid_to is not None and use.at >= self.valid_to):
            return None
        by_resource = narrowest(self.restrictions.resources, use.resource)
        by_model = narrowest(self.restrictions.models, use.model)
        if by_resource is None or by_model is None:
            return None
        end = self.valid_to or datetime.max.replace(tzinfo=now.tzinfo)
        tier = 0 if end <= now + SOON else 1 if end <= now + LATER else 2
        exact = -(by_resource[0] + by_model[0])
        literal = -(by_resource[1] + by_model[1])
        return (tier, exact, literal, self.balance_micro, end, self.account_id)


@dataclass(frozen=True, slots=True)
class Portion:
    """A part of a charge and the account that pays it."""

    account_id: str
    amount_micro: int
    wallet_id: str | None = None


def in_order(purses: Iterable[Purse], use: Use, now: datetime) -> list[Purse]:
    """The purses that may pay for this use, the one to spend first in front."""
    ranked = [(rank, purse) for purse in purses if (rank := purse.rank(use, now)) is not None]
    return [purse for _, purse in sorted(ranked, key=lambda pair: pair[0])]


def split(
    cost_micro: int, ordered: Iterable[Purse], *, whole_micro: int, paid: Mapping[str, int] | None = None
) -> list[Portion]:
    """Take up to `cost_micro` out of the purses in their order; what is missing is for the general account.

    A wallet's share counts against the whole charge, of which `cost_micro` may be a rest and `paid` what
    each wallet has paid of it already (out of a hold).
    """
    portions, rest = [], cost_micro
    for purse in ordered:
        if rest == 0:
            break
        cap = whole_micro * purse.restrictions.share_bp // WHOLE_BP - (paid or {}).get(purse.wallet_id, 0)
        amount = min(rest, purse.balance_micro, cap)
        if amount > 0:
            purse.balance_micro -= amount
            rest -= amount
            portions.append(Portion(purse.account_id, amount, purse.wallet_id))
    return portions
