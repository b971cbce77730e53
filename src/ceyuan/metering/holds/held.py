"""Open holds while one operation captures from them or releases them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from ceyuan.kernel.errors import NotFound
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.holds.tables import HoldPart, HoldRow
from ceyuan.metering.ledger import Draft
from ceyuan.metering.wallets import repository as wallets
from ceyuan.metering.wallets.choice import Portion, Purse, Restrictions, Use, in_order, split
from ceyuan.metering.wallets.tables import WalletRow


@dataclass(slots=True)
class Held:
    """A hold with its parts and the wallets that they came from. Load it with the organisation locked."""

    row: HoldRow
    parts: list[HoldPart]
    wallets: dict[str, WalletRow]

    @property
    def is_open(self) -> bool:
        return self.row.state == "open"

    @property
    def rest_micro(self) -> int:
        """What can still be captured."""
        return self.row.amount_micro - self.row.captured_micro - self.row.released_micro

    def pay(self, cost_micro: int, use: Use, now: datetime) -> list[Portion]:
        """Capture up to `cost_micro`: from the parts whose wallets may pay for this use, then the general part.

        May pay less than the cost, never more than is held; each portion names the balance it came from.
        """
        if not self.is_open:
            return []
        purses = [self._purse(part) for part in self.parts if part.wallet_id is not None]
        portions = split(cost_micro, in_order(purses, use, now), whole_micro=cost_micro)
        missing = cost_micro - sum(portion.amount_micro for portion in portions)
        general = next((part for part in self.parts if part.wallet_id is None), None)
        if missing and general is not None and (rest := _rest(general)):
            portions.append(Portion(general.account_id, min(missing, rest)))
        self._capture(portions)
        return portions

    def pay_in_order(self, amount_micro: int) -> list[Portion]:
        """Capture from the parts in the order in which they were held, whatever for."""
        portions, missing = [], amount_micro
        for part in self.parts:
            amount = min(missing, _rest(part))
            if amount:
                portions.append(Portion(part.account_id, amount, part.wallet_id))
                missing -= amount
        self._capture(portions)
        return portions

    def release(self, draft: Draft) -> int:
        """Give back all that is left, to the balances it came from (a closed wallet's money to its source)."""
        given = 0
        for part in self.parts:
            rest = _rest(part)
            if rest:
                wallet = self.wallets.get(part.account_id)
                closed = wallet is not None and wallet.state != "active"
                target = wallet.source_account_id if wallet is not None and closed else part.account_id
                draft.move(self.row.account_id, target, rest)
                part.released_micro += rest
                given += rest
        self.row.released_micro += given
        return given

    def _capture(self, portions: Iterable[Portion]) -> None:
        by_account = {part.account_id: part for part in self.parts}
        for portion in portions:
            by_account[portion.account_id].captured_micro += portion.amount_micro
            self.row.captured_micro += portion.amount_micro

    def _purse(self, part: HoldPart) -> Purse:
        wallet = self.wallets[part.account_id]
        limits = Restrictions(tuple(wallet.resources), tuple(wallet.models), wallet.share_bp)
        return Purse(part.account_id, wallet.id, limits, wallet.valid_from, wallet.valid_to, _rest(part))


def _rest(part: HoldPart) -> int:
    return part.amount_micro - part.captured_micro - part.released_micro


async def tell_exhausted(uow: UnitOfWork, wallet_ids: Iterable[str]) -> None:
    """Publish `metering.wallet_exhausted` for those of these wallets that are spent: nothing is left in them, and no
    open hold has anything that could come back."""
    wanted = sorted(set(wallet_ids))
    if not wanted:
        return
    waiting = (
        select(HoldPart.wallet_id)
        .join(HoldRow, HoldRow.id == HoldPart.hold_id)
        .where(
            HoldRow.state == "open",
            HoldPart.wallet_id.in_(wanted),
            HoldPart.amount_micro > HoldPart.captured_micro + HoldPart.released_micro,
        )
    )
    for wallet in await wallets.empty(uow.session, wanted, waiting):
        await uow.publish("metering.wallet_exhausted", org_id=wallet.org_id, wallet_id=wallet.id)


async def load(uow: UnitOfWork, hold_ids: Iterable[str]) -> dict[str, Held]:
    """Holds by id, as they stand now; raises `NotFound` for one that is not there."""
    wanted = sorted(set(hold_ids))
    if not wanted:
        return {}
    fresh = {"populate_existing": True}
    rows = await uow.session.scalars(select(HoldRow).where(HoldRow.id.in_(wanted)).execution_options(**fresh))
    found = {row.id: Held(row, [], {}) for row in rows}
    if len(found) != len(wanted):
        raise NotFound(("没有这笔预扣", "no such hold"))
    query = select(HoldPart).where(HoldPart.hold_id.in_(wanted)).order_by(HoldPart.hold_id, HoldPart.position)
    for part in await uow.session.scalars(query.execution_options(**fresh)):
        found[part.hold_id].parts.append(part)
    accounts = {part.account_id for held in found.values() for part in held.parts if part.wallet_id is not None}
    by_account = await wallets.by_accounts(uow.session, accounts)
    for held in found.values():
        held.wallets = {part.account_id: by_account[part.account_id] for part in held.parts if part.wallet_id}
    return found
