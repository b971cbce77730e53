"""Hold → capture → release: money set aside before use, taken as use is measured, given back when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select

from ceyuan.kernel.errors import Invalid, NotFound
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.money import to_yuan
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.errors import HoldClosed, HoldExceeded, ReferenceReused
from ceyuan.metering.holds.held import Held, load, tell_exhausted
from ceyuan.metering.holds.tables import HoldPart, HoldRow
from ceyuan.metering.holds.wants import Want, allocate, rated
from ceyuan.metering.ledger import (
    PLATFORM,
    Draft,
    find_entry,
    open_account,
    post_entries,
    replayed,
    require_amount,
    settled_account,
)
from ceyuan.metering.quantities import exact
from ceyuan.metering.quotas import Counted, check_quotas
from ceyuan.metering.settings import MeteringSettings
from ceyuan.metering.wallets import Portion, lock_funds, lock_org, notify


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold as it stands. `state` is `open`, `released` or `expired`; `rest_micro` can still be captured."""

    id: str
    org_id: str
    reference: str
    subject: str
    amount_micro: int
    captured_micro: int
    released_micro: int
    state: str
    expires_at: datetime
    created_at: datetime
    closed_at: datetime | None

    @property
    def rest_micro(self) -> int:
        return self.amount_micro - self.captured_micro - self.released_micro


def _view(row: HoldRow) -> Hold:
    return Hold(
        row.id,
        row.org_id,
        row.reference,
        row.subject,
        row.amount_micro,
        row.captured_micro,
        row.released_micro,
        row.state,
        row.expires_at,
        row.created_at,
        row.closed_at,
    )


async def place_hold(
    uow: UnitOfWork,
    org_id: str,
    wants: Sequence[Want],
    *,
    reference: str,
    subject: str = "",
    expires_at: datetime | None = None,
    token_id: str = "",
    person_id: str = "",
    project: str = "",
) -> Hold:
    """Set money aside for use that is about to happen, from the wallets that match and the general account.

    `reference` is unique: the same hold again returns the first one. Raises `InsufficientFunds` (402) when
    balances and credit do not cover it, `QuotaExceeded` (429) when a hard quota would break. A use that costs
    nothing makes a hold of zero, so that callers need no special case.
    """
    now = uow.clock.now()
    expires_at = expires_at or now + timedelta(hours=uow.platform.section(MeteringSettings).hold_hours)
    if expires_at <= now or not 0 < len(reference) <= 150 or len(subject) > 120:
        raise Invalid(("预扣的到期时间、引用号或对象无效", "the expiry, reference or subject of the hold is not valid"))
    costs = await rated(uow, org_id, wants)
    amount = sum(cost for _, cost in costs)
    funds = (await lock_funds(uow, [org_id]))[org_id]
    known = await find_hold(uow, reference)
    if known is not None:
        if known.org_id != org_id or known.amount_micro != amount:
            raise ReferenceReused(reference=reference)
        return known
    await check_quotas(uow, [_counted(org_id, want, cost, now, token_id, person_id, project) for want, cost in costs])
    before = {org_id: funds.general_micro}
    portions = allocate(funds, costs, now)
    funds.require_covered(amount, sum(p.amount_micro for p in portions if p.wallet_id is None))
    account = await open_account(uow, org_id, "hold")
    row = HoldRow(
        id=new_id("hold"),
        org_id=org_id,
        reference=reference,
        subject=subject,
        account_id=account.id,
        amount_micro=amount,
        captured_micro=0,
        released_micro=0,
        state="open",
        expires_at=expires_at,
        created_at=now,
    )
    draft = Draft("hold", org_id, reference=f"hold:{reference}", note=subject, data={"hold_id": row.id})
    uow.session.add(row)
    await uow.session.flush()
    await _add_parts(uow, row, portions, draft)
    await post_entries(uow, [draft])
    await notify(uow, {org_id: funds}, before)
    return _view(row)


def _counted(org_id: str, want: Want, cost: int, now: datetime, token_id: str, person_id: str, project: str) -> Counted:
    quantity = exact(want.quantity)
    return Counted(org_id, want.resource, want.model, now, quantity, cost, token_id, person_id, project)


async def _add_parts(uow: UnitOfWork, row: HoldRow, portions: Sequence[Portion], draft: Draft) -> None:
    parts = {part.account_id: part for part in (await load(uow, [row.id]))[row.id].parts}
    for portion in portions:
        draft.move(portion.account_id, row.account_id, portion.amount_micro)
        if portion.account_id in parts:
            parts[portion.account_id].amount_micro += portion.amount_micro
            continue
        part = HoldPart(
            hold_id=row.id,
            account_id=portion.account_id,
            position=len(parts),
            wallet_id=portion.wallet_id,
            amount_micro=portion.amount_micro,
            captured_micro=0,
            released_micro=0,
        )
        parts[portion.account_id] = part
        uow.session.add(part)
    await uow.session.flush()


async def find_hold(uow: UnitOfWork, reference: str) -> Hold | None:
    """The hold that was placed under this reference."""
    query = select(HoldRow).where(HoldRow.reference == reference).execution_options(populate_existing=True)
    row = (await uow.session.scalars(query)).one_or_none()
    return None if row is None else _view(row)


async def get_hold(uow: UnitOfWork, hold_id: str) -> Hold:
    """The hold as it stands; raises `NotFound`."""
    return _view((await load(uow, [hold_id]))[hold_id].row)


async def _locked(uow: UnitOfWork, hold_id: str) -> Held:
    org_id = await uow.session.scalar(select(HoldRow.org_id).where(HoldRow.id == hold_id))
    if org_id is None:
        raise NotFound(("没有这笔预扣", "no such hold"))
    await lock_org(uow, org_id)
    return (await load(uow, [hold_id]))[hold_id]


async def extend_hold(
    uow: UnitOfWork, hold_id: str, *, expires_at: datetime | None = None, more: Sequence[Want] = (), reference: str = ""
) -> Hold:
    """Let a hold live longer, or add money to it (then `reference` keeps a repeat from adding twice).

    Raises `HoldClosed`, `InsufficientFunds`, `QuotaExceeded`.
    """
    held = await _locked(uow, hold_id)
    if not held.is_open:
        raise HoldClosed()
    row, now = held.row, uow.clock.now()
    if expires_at is not None:
        row.expires_at = max(row.expires_at, expires_at)
    if more:
        if not 0 < len(reference) <= 100:
            raise Invalid(("追加预扣需要引用号", "adding to a hold needs a reference"))
        costs = await rated(uow, row.org_id, more)
        draft = Draft("hold", row.org_id, reference=f"hold:{row.id}:{reference}", data={"hold_id": row.id})
        if await find_entry(uow, f"hold:{row.id}:{reference}") is None:
            amount = sum(cost for _, cost in costs)
            await check_quotas(uow, [_counted(row.org_id, want, cost, now, "", "", "") for want, cost in costs])
            funds = (await lock_funds(uow, [row.org_id]))[row.org_id]
            portions = allocate(funds, costs, now)
            funds.require_covered(amount, sum(p.amount_micro for p in portions if p.wallet_id is None))
            row.amount_micro += amount
            await _add_parts(uow, row, portions, draft)
            await post_entries(uow, [draft])
    await uow.session.flush()
    return _view(row)


async def capture(
    uow: UnitOfWork, hold_id: str, amount_micro: int, *, reference: str, payee: str = PLATFORM, note: str = ""
) -> Hold:
    """Take an amount out of a hold for `payee`, once per `reference`; the rest stays held.

    For charges that are not measured use (a fixed price, an order); measured use names the hold in its
    usage event. Raises `HoldExceeded` rather than capture more than is held, `HoldClosed` after its end.
    """
    require_amount(amount_micro)
    held = await _locked(uow, hold_id)
    target = await settled_account(uow, payee)
    draft = Draft("capture", held.row.org_id, note=note, data={"hold_id": hold_id})
    draft.reference = f"capture:{hold_id}:{reference}"
    draft.move(held.row.account_id, target, amount_micro)
    if await replayed(uow, draft) is not None:
        return _view(held.row)
    if not held.is_open:
        raise HoldClosed()
    if amount_micro > held.rest_micro:
        raise HoldExceeded(
            (
                f"预扣余额 {to_yuan(held.rest_micro)} 元,不能扣 {to_yuan(amount_micro)} 元",
                f"¥{to_yuan(held.rest_micro)} is left of the hold, not ¥{to_yuan(amount_micro)}",
            ),
            rest_micro=held.rest_micro,
        )
    portions = held.pay_in_order(amount_micro)
    await post_entries(uow, [draft])
    await uow.session.flush()
    await tell_exhausted(uow, (portion.wallet_id for portion in portions if portion.wallet_id is not None))
    return _view(held.row)


async def release_hold(uow: UnitOfWork, hold_id: str) -> Hold:
    """Close a hold and give back what was not captured; releasing it again changes nothing."""
    held = await _locked(uow, hold_id)
    await close(uow, [held], "released")
    return _view(held.row)


async def close(uow: UnitOfWork, held: Sequence[Held], state: str) -> None:
    """Release what is left of these holds (their organisations are locked) and close them."""
    drafts = []
    for one in held:
        if not one.is_open:
            continue
        draft = Draft("release", one.row.org_id, note=one.row.subject, data={"hold_id": one.row.id})
        one.release(draft)
        one.row.state, one.row.closed_at = state, uow.clock.now()
        drafts.append(draft)
    await post_entries(uow, drafts)
    await uow.session.flush()


async def expire_holds(uow: UnitOfWork, *, limit: int = 100) -> list[str]:
    """Release open holds whose time is over (a crashed caller left them) and say so; returns their ids."""
    query = (
        select(HoldRow.id, HoldRow.org_id)
        .where(HoldRow.state == "open", HoldRow.expires_at <= uow.clock.now())
        .order_by(HoldRow.expires_at)
        .limit(limit)
    )
    due = sorted(await uow.session.execute(query), key=lambda row: row.org_id)
    closed = []
    for hold_id, _ in due:
        held = await _locked(uow, hold_id)
        if not held.is_open or held.row.expires_at > uow.clock.now():
            continue
        rest = held.rest_micro
        await close(uow, [held], "expired")
        await uow.publish(
            "metering.hold_expired",
            org_id=held.row.org_id,
            hold_id=hold_id,
            reference=held.row.reference,
            subject=held.row.subject,
            released_micro=rest,
        )
        closed.append(hold_id)
    return closed


async def list_holds(uow: UnitOfWork, org_id: str | None, state: str | None, paging: PageRequest) -> Rows[Hold]:
    """Holds of one organisation or of all, newest first unless sorted otherwise."""
    query: Select[HoldRow] = select(HoldRow)
    if org_id is not None:
        query = query.where(HoldRow.org_id == org_id)
    if state is not None:
        query = query.where(HoldRow.state == state)
    sorts = {"created_at": HoldRow.created_at, "expires_at": HoldRow.expires_at, "amount_micro": HoldRow.amount_micro}
    rows = await fetch_page(uow.session, query, paging, key=HoldRow.id, sorts=sorts, default="-created_at")
    return Rows([_view(row) for row in rows.items], rows.next)
