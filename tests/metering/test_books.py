"""Checking the books: right books pass, and each way to be wrong is found."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from ceyuan import metering
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import guards
from ceyuan.metering.books.service import examine
from tests.metering.bench import YUAN, Bench


@pytest.fixture
async def lived(bench: Bench) -> Bench:
    """A top-up, a wallet, use, a bill, an open hold and use out of it."""
    bench.clock.advance(timedelta(days=-31))
    await bench.price(1000, valid_from=bench.clock.now(), valid_to=bench.clock.now() + timedelta(days=31))
    await bench.top_up(YUAN)
    await bench.wallet(10_000, models=("m/a",))
    await bench.post(bench.use(50), bench.use(5, model="m/a"))
    bench.clock.advance(timedelta(days=31))
    await bench.do(lambda uow: metering.issue_bill(uow, bench.org, "2026-10"))
    hold = await bench.hold(100)
    await bench.post(bench.use(30, hold_id=hold.id))
    assert (await bench.books()).findings == []
    return bench


DAMAGE = {
    "UPDATE ledger_account SET balance_micro = balance_micro + 1 WHERE kind = 'general'": {
        "balance_differs",
        "running_balance_differs",
        "books_not_zero",
    },
    "UPDATE hold SET captured_micro = captured_micro + 1 WHERE captured_micro + released_micro < amount_micro": {
        "hold_account_differs",
        "hold_parts_differ",
    },
    "UPDATE hold SET state = 'released'": {"closed_hold_with_money"},
    "UPDATE hold SET expires_at = '2026-11-01 00:00:00+00:00'": {"stale_hold"},
    "UPDATE wallet SET state = 'revoked'": {"closed_wallet_with_money"},
    "DELETE FROM usage_hour": {"hourly_sums_differ"},
    "DELETE FROM wallet": {"wallet_account_without_wallet"},
    "DELETE FROM usage_charge": {"charges_differ"},
    "UPDATE usage_event SET entry_id = NULL": {"event_without_entry", "usage_entry_without_events"},
    "UPDATE bill_line SET cost_micro = cost_micro + 1": {"bill_differs_from_lines"},
    "UPDATE usage_event SET period = '2026-11'": {"bill_differs_from_usage"},
    "UPDATE ledger_posting SET amount_micro = amount_micro + 1 WHERE seq = (SELECT min(seq) FROM ledger_posting)": {
        "entry_not_zero",
        "balance_differs",
    },
}


async def unguard(uow: UnitOfWork) -> None:
    """Take the triggers off, as somebody with the database's password could."""
    sqlite = uow.platform.database.is_sqlite
    for table in guards.TABLES:
        for trigger in guards.triggers(table):
            on = "" if sqlite else f" ON {table}"
            await uow.session.execute(text(f"DROP TRIGGER {trigger.name}{on}"))


class Undo(Exception):
    """Lets a test take back what it did to the shared database."""


@pytest.mark.parametrize("statement", DAMAGE)
async def test_damage_is_found(lived: Bench, statement: str) -> None:
    found: set[str] = set()

    async def damage(uow: UnitOfWork) -> None:
        await unguard(uow)
        await uow.session.execute(text(statement))
        found.update(finding.rule for finding in (await examine(uow)).findings)
        raise Undo

    with pytest.raises(Undo):
        await lived.do(damage)
    assert found >= DAMAGE[statement] | {"guards_missing"}
    assert (await lived.books()).findings == []


async def test_the_check_counts_what_it_looked_at(lived: Bench) -> None:
    counts = (await metering.check_books(lived.platform)).counts
    assert all(counts[name] >= 1 for name in ("events", "entries", "open_holds", "wallets", "bills"))


async def test_migrations_can_install_the_triggers_again(lived: Bench) -> None:
    async def reinstall(uow: UnitOfWork) -> None:
        await unguard(uow)
        for _ in range(2):
            await uow.session.run_sync(lambda sync: guards.install(sync.connection()))
        assert (await examine(uow)).findings == []

    await lived.do(reinstall)


async def test_money_that_is_booked_once_stands_once_in_the_audit_log(bench: Bench) -> None:
    for _ in range(2):
        await bench.do(lambda uow: metering.top_up(uow, bench.org, YUAN, reference="receipt 7"))
    async with bench.platform.work(write=False) as uow:
        query = text("SELECT count(*) FROM audit_entry WHERE action = 'metering.topup' AND org_id = :org")
        assert await uow.session.scalar(query, {"org": bench.org}) == 1
