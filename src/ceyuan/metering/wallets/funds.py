"""The balances of organisations while one operation spends them.

An organisation's general account is also its lock: whoever moves money of the organisation locks that row
first (several in the order of their owners), so that its wallets, holds and counters have one writer at
a time, and two writers never wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ceyuan.kernel.errors import Text
from ceyuan.kernel.money import to_yuan
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.errors import InsufficientFunds
from ceyuan.metering.ledger import repository as ledger
from ceyuan.metering.terms import Terms, terms_of
from ceyuan.metering.wallets import repository
from ceyuan.metering.wallets.choice import Portion, Purse, Restrictions, Use, in_order, split
from ceyuan.metering.wallets.tables import WalletRow

MORE_MONEY: Text = (
    "请联系运营方充值或提高信用额度,或申请适用的算力券、模型券",
    "ask the operator for a top-up or more credit, or apply for a voucher that covers this use",
)


@dataclass(slots=True)
class OrgFunds:
    """What one organisation can spend, falling as it is spent."""

    org_id: str
    general_id: str
    general_micro: int
    terms: Terms
    purses: list[Purse] = field(default_factory=list)

    @property
    def usable_general_micro(self) -> int:
        """What the general account may still be authorised for, credit included."""
        return self.general_micro + self.terms.credit_limit_micro

    def pay(
        self,
        cost_micro: int,
        use: Use,
        now: datetime,
        *,
        whole_micro: int | None = None,
        paid: Mapping[str, int] | None = None,
    ) -> list[Portion]:
        """Split a charge over the wallets that match and, for the rest, the general account, whatever that holds.

        Where a hold has paid a part, `cost_micro` is the rest of `whole_micro` and `paid` what each wallet gave.
        """
        portions: list[Portion] = []
        if self.purses:
            ordered = in_order(self.purses, use, now)
            portions = split(cost_micro, ordered, whole_micro=whole_micro or cost_micro, paid=paid)
        rest = cost_micro - sum(portion.amount_micro for portion in portions)
        if rest:
            self.general_micro -= rest
            portions.append(Portion(self.general_id, rest))
        return portions

    def require_covered(self, required_micro: int, taken_from_general_micro: int) -> None:
        """Raise `InsufficientFunds` if the general account was driven beyond its credit limit by what was taken."""
        if taken_from_general_micro > 0 and self.usable_general_micro < 0:
            missing = min(-self.usable_general_micro, taken_from_general_micro)
            available = required_micro - missing
            raise InsufficientFunds(
                (
                    f"需要 {to_yuan(required_micro)} 元,可用 {to_yuan(available)} 元,还差 {to_yuan(missing)} 元",
                    f"¥{to_yuan(required_micro)} is needed, ¥{to_yuan(available)} is available: "
                    f"¥{to_yuan(missing)} is missing",
                ),
                hint=MORE_MONEY,
                org_id=self.org_id,
                required_micro=required_micro,
                available_micro=available,
                missing_micro=missing,
            )


def purse_of(row: WalletRow, balance_micro: int) -> Purse:
    """The wallet as the rules of choice see it."""
    restrictions = Restrictions(tuple(row.resources), tuple(row.models), row.share_bp)
    return Purse(row.account_id, row.id, restrictions, row.valid_from, row.valid_to, balance_micro)


async def _lock(uow: UnitOfWork, org_ids: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Lock the organisations; id and balance of their general accounts, opened where need be."""
    wanted = sorted(set(org_ids))
    locked = await ledger.lock_generals(uow.session, wanted)
    if len(locked) == len(wanted):
        return locked
    for org_id in wanted:
        if org_id not in locked:
            await ledger.ensure_account(uow.session, org_id, "general", "", floor=None, now=uow.clock.now())
    return await ledger.lock_generals(uow.session, wanted)


async def lock_org(uow: UnitOfWork, org_id: str) -> str:
    """Be the only writer of this organisation's money until the commit; returns its general account's id."""
    return (await _lock(uow, [org_id]))[org_id][0]


async def lock_funds(
    uow: UnitOfWork, org_ids: Iterable[str], terms: Mapping[str, Terms] | None = None
) -> dict[str, OrgFunds]:
    """Lock the organisations and read what they can spend; `terms` if they are known already."""
    return await _gather(uow, await _lock(uow, org_ids), terms)


async def read_funds(uow: UnitOfWork, org_id: str) -> OrgFunds:
    """What the organisation can spend at this moment, without locking (also in a unit of work that only reads)."""
    account = await ledger.find_account(uow.session, org_id, "general")
    known = (account.id, account.balance_micro) if account is not None else ("", 0)
    return (await _gather(uow, {org_id: known}))[org_id]


async def _gather(
    uow: UnitOfWork, generals: Mapping[str, tuple[str, int]], terms: Mapping[str, Terms] | None = None
) -> dict[str, OrgFunds]:
    terms = terms or await terms_of(uow, generals)
    funds = {org_id: OrgFunds(org_id, key, balance, terms[org_id]) for org_id, (key, balance) in generals.items()}
    for row, balance in await repository.spendable(uow.session, generals):
        funds[row.org_id].purses.append(purse_of(row, balance))
    return funds
