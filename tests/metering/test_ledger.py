"""The ledger: entries sum to zero and stay as they are, in code and in the database itself."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from ceyuan import metering
from ceyuan.kernel.errors import Forbidden, Invalid
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.pages import PageRequest
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.errors import Unbalanced
from ceyuan.metering.ledger import Draft, post_entries
from ceyuan.metering.ledger.tables import LedgerEntry
from ceyuan.metering.wallets import reverse_entry
from tests.metering.bench import YUAN, Bench
from tests.metering.people import MEMBER


async def test_an_entry_that_does_not_sum_to_zero_is_refused(bench: Bench) -> None:
    async def lopsided(uow: UnitOfWork) -> None:
        account = await metering.open_account(uow, bench.org, "general", floor_micro=None)
        await post_entries(uow, [Draft("oops", bench.org, {account.id: 5})])

    with pytest.raises(Unbalanced):
        await bench.do(lopsided)


INSERT_ENTRY = (
    "INSERT INTO ledger_entry (id, kind, note, data, actor_id, at) VALUES ('{id}', 'x', '', '{{}}', 'x', '2026-01-01')"
)
INSERT_POSTING = (
    "INSERT INTO ledger_posting (entry_id, account_id, amount_micro, balance_after_micro) VALUES ('{id}', '{to}', 5, 5)"
)


async def refusal(bench: Bench, *statements: str) -> str:
    """What the database itself says to statements that go round our code."""

    async def run(uow: UnitOfWork) -> None:
        for statement in statements:
            await uow.session.execute(text(statement))

    with pytest.raises(DBAPIError) as caught:
        await bench.do(run)
    return str(caught.value.orig)


async def test_the_database_refuses_an_entry_that_does_not_sum_to_zero(bench: Bench) -> None:
    account = await bench.do(lambda uow: metering.open_account(uow, bench.org, "general", floor_micro=None))
    entry = new_id("entry")
    lopsided = (INSERT_POSTING.format(id=entry, to=account.id), INSERT_ENTRY.format(id=entry))
    assert "does not sum to zero" in await refusal(bench, *lopsided)
    assert "does not sum to zero" in await refusal(bench, INSERT_ENTRY.format(id=entry))


async def test_the_database_refuses_a_posting_without_entry_and_one_that_comes_late(bench: Bench) -> None:
    await bench.top_up(5)
    account = await bench.do(lambda uow: metering.open_account(uow, bench.org, "general"))
    assert "foreign key" in (await refusal(bench, INSERT_POSTING.format(id="nowhere", to=account.id))).lower()

    async def first(uow: UnitOfWork) -> str:
        return (await uow.session.execute(select(LedgerEntry.id).where(LedgerEntry.org_id == bench.org))).scalar_one()

    sealed = await bench.do(first)
    assert "sealed" in await refusal(bench, INSERT_POSTING.format(id=sealed, to=account.id))


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_posting", "usage_event", "usage_charge"])
async def test_the_database_lets_nobody_change_or_delete_what_is_written(bench: Bench, table: str) -> None:
    await bench.post(bench.use(5))
    column = {"ledger_entry": "note", "usage_event": "subject"}.get(table, "amount_micro")
    assert "immutable" in await refusal(bench, f"UPDATE {table} SET {column} = {column}")
    assert "immutable" in await refusal(bench, f"DELETE FROM {table}")


async def test_the_database_keeps_a_balance_above_its_floor(bench: Bench) -> None:
    wallet = await bench.wallet(10)
    below = f"UPDATE ledger_account SET balance_micro = -1 WHERE id = '{wallet.account_id}'"
    assert "above_floor" in await refusal(bench, below)


async def test_a_top_up_is_booked_once_per_reference_and_by_operators_only(bench: Bench) -> None:
    reference = new_id("pay")
    for _ in range(2):
        await bench.do(lambda uow: metering.top_up(uow, bench.org, YUAN, reference=reference))
    assert (await bench.balance()).general_micro == YUAN
    with pytest.raises(metering.ReferenceReused):
        await bench.do(lambda uow: metering.top_up(uow, bench.org, 2 * YUAN, reference=reference))
    with pytest.raises(Forbidden):
        await bench.do(lambda uow: metering.top_up(uow, bench.org, YUAN, reference="x"), actor=MEMBER)


@pytest.mark.parametrize("amount", [0, -1, 10**18, True])
async def test_an_absurd_amount_is_refused(bench: Bench, amount: int) -> None:
    with pytest.raises(Invalid):
        await bench.do(lambda uow: metering.top_up(uow, bench.org, amount, reference="r"))


async def test_a_transfer_uses_no_credit(bench: Bench) -> None:
    await bench.terms(credit_limit_micro=YUAN)
    await bench.top_up(100)
    general = await bench.do(lambda uow: metering.open_account(uow, bench.org, "general"))
    pool = await bench.pool()
    with pytest.raises(metering.InsufficientFunds) as caught:
        await bench.do(lambda uow: metering.transfer(uow, general.id, pool, 101))
    assert caught.value.fields["available_micro"] == 100


async def test_a_reversal_mirrors_an_entry_once(bench: Bench) -> None:
    await bench.top_up(YUAN)

    async def first(uow: UnitOfWork) -> str:
        return (await uow.session.execute(select(LedgerEntry.id).where(LedgerEntry.org_id == bench.org))).scalar_one()

    entry = await bench.do(first)
    reversal = await bench.do(lambda uow: reverse_entry(uow, entry, "typed one zero too many"))
    assert (await bench.balance()).general_micro == 0
    for again in (entry, reversal):
        with pytest.raises((metering.EntryReversed, Invalid)):
            await bench.do(lambda uow, again=again: reverse_entry(uow, again, "once more"))  # type: ignore[misc]


async def test_an_entry_of_a_hold_or_of_use_is_not_reversed_by_hand(bench: Bench) -> None:
    await bench.post(bench.use(5))

    async def of_use(uow: UnitOfWork) -> str:
        query = select(LedgerEntry.id).where(LedgerEntry.org_id == bench.org, LedgerEntry.kind == "usage")
        return (await uow.session.execute(query)).scalar_one()

    entry = await bench.do(of_use)
    with pytest.raises(Invalid):
        await bench.do(lambda uow: reverse_entry(uow, entry, "no"))


async def test_money_is_paid_out_up_to_the_balance(bench: Bench) -> None:
    await bench.top_up(YUAN)
    general = await bench.do(lambda uow: metering.open_account(uow, bench.org, "general"))
    left = await bench.do(lambda uow: metering.pay_out(uow, general.id, 400_000, reference=new_id("out")))
    assert left.balance_micro == 600_000
    with pytest.raises(metering.InsufficientFunds):
        await bench.do(lambda uow: metering.pay_out(uow, general.id, 600_001, reference=new_id("out")))


async def test_a_statement_runs_from_opening_to_closing(bench: Bench) -> None:
    from datetime import timedelta

    await bench.top_up(1000)
    bench.clock.advance(timedelta(days=1))
    since = bench.clock.now()
    await bench.top_up(500)
    await bench.post(bench.use(1))
    bench.clock.advance(timedelta(days=1))
    await bench.top_up(7)
    general = await bench.do(lambda uow: metering.open_account(uow, bench.org, "general"))
    end = since + timedelta(hours=1)
    seen = await bench.do(lambda uow: metering.statement(uow, general.id, since, end, PageRequest(limit=1)))
    assert (seen.opening_micro, seen.inflow_micro, seen.outflow_micro, seen.closing_micro) == (1000, 500, 1000, 500)
    assert [(m.kind, m.amount_micro, m.balance_after_micro) for m in seen.movements] == [("usage", -1000, 500)]
    rest = await bench.do(
        lambda uow: metering.statement(uow, general.id, since, end, PageRequest(limit=5, cursor=seen.next))
    )
    assert [(m.kind, m.balance_after_micro) for m in rest.movements] == [("topup", 1500)]
    assert rest.next is None
