"""What can go wrong with money: too little of it, too late, twice, or not balanced."""

from __future__ import annotations

from ceyuan.kernel.errors import CeyuanError, Conflict, Invalid, NotFound, PaymentRequired


class InsufficientFunds(PaymentRequired):
    """Neither the wallets that match nor the general account with its credit cover the amount."""

    code = "insufficient_funds"


class ReferenceReused(Conflict):
    """An idempotency reference comes back with other content."""

    code = "reference_reused"
    title = ("幂等键被用于不同内容", "An idempotency reference was reused for something else")


class PriceOverlap(Conflict):
    """Two prices of one list would hold for the same resource at the same time."""

    code = "price_overlap"
    title = ("价格有效期重叠", "Prices overlap")


class HoldClosed(Conflict):
    """The hold was released or has expired."""

    code = "hold_closed"
    title = ("预扣已关闭", "The hold is closed")


class HoldExceeded(Conflict):
    """More would be captured than was held."""

    code = "hold_exceeded"
    title = ("超出预扣金额", "More than the hold")


class WalletClosed(Conflict):
    """The wallet was revoked or has expired."""

    code = "wallet_closed"
    title = ("钱包已关闭", "The wallet is closed")


class EntryReversed(Conflict):
    """The entry or usage event was already reversed, or is itself a reversal."""

    code = "already_reversed"
    title = ("已经冲正", "Already reversed")


class PeriodOpen(Conflict):
    """The period is not over yet, so it cannot be billed."""

    code = "period_open"
    title = ("账期尚未结束", "The period is not over")


class NoSuchEntry(NotFound):
    """No such account, entry, wallet, hold, price, quota or bill."""

    code = "not_found"


class BadUsage(Invalid):
    """A usage event that cannot be: negative or inexact quantity, a time in the future, a malformed name."""

    code = "invalid_usage"
    title = ("用量事件无效", "Invalid usage event")


class Unbalanced(CeyuanError):
    """A journal entry whose postings do not sum to zero: a fault of the calling program."""

    code = "unbalanced_entry"
    title = ("记账分录不平", "The journal entry does not balance")
