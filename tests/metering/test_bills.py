"""Bills: one per organisation and month, right to the micro-yuan, never changed once issued."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ceyuan import metering
from ceyuan.metering.bills import due_bills
from ceyuan.metering.bills.service import digest_of
from ceyuan.metering.exports import BOM, bill_csv, csv_lines
from tests.metering.bench import Bench

MONTH = timedelta(days=20)
"""From the middle of a month well into the next one."""


async def test_a_bill_groups_use_by_resource_model_and_price(bench: Bench) -> None:
    await bench.wallet(4_000, models=("m/a",))
    await bench.post(bench.use(3, model="m/a"), bench.use(2, model="m/a"), bench.use(1, model="m/b"))
    bench.clock.advance(timedelta(minutes=1))
    await bench.price(2_000)
    await bench.post(bench.use(1, model="m/b"))
    bench.clock.advance(MONTH)
    bill = await bench.do(lambda uow: metering.issue_bill(uow, bench.org, "2026-11"))
    assert [(x.model, x.unit_micro, x.quantity, x.cost_micro, x.wallet_micro) for x in bill.lines] == [
        ("m/a", 1000, 5, 5_000, 4_000),
        ("m/b", 1000, 1, 1_000, 0),
        ("m/b", 2000, 1, 2_000, 0),
    ]
    assert (bill.cost_micro, bill.wallet_micro, bill.payable_micro) == (8_000, 4_000, 4_000)
    assert bill.digest == digest_of(bill.number or "", bench.org, "2026-11", bill.lines)


async def test_a_bill_is_issued_once_and_not_before_the_month_is_over(bench: Bench) -> None:
    await bench.post(bench.use(1))
    with pytest.raises(metering.PeriodOpen):
        await bench.do(lambda uow: metering.issue_bill(uow, bench.org, "2026-11"))
    bench.clock.advance(MONTH)
    first = await bench.do(lambda uow: metering.issue_bill(uow, bench.org, "2026-11"))
    second = await bench.do(lambda uow: metering.issue_bill(uow, bench.org, "2026-11"))
    assert first == second


async def test_use_that_is_posted_after_the_bill_stands_on_the_next_one_as_late(bench: Bench) -> None:
    used_at = bench.clock.now()
    await bench.post(bench.use(1))
    bench.clock.advance(MONTH)
    await bench.do(lambda uow: metering.issue_bill(uow, bench.org, "2026-11"))
    await bench.post(bench.use(2, occurred_at=used_at), bench.use(3))
    preview = await bench.do(lambda uow: metering.preview_bill(uow, bench.org))
    assert [(line.late, line.quantity) for line in preview.lines] == [(True, 2), (False, 3)]
    assert (preview.period, preview.id) == ("2026-12", None)
    first = await bench.do(lambda uow: metering.issue_bill(uow, bench.org, "2026-11"))
    assert first.cost_micro == 1_000
    assert (await bench.books()).findings == []


async def test_a_month_ends_at_midnight_in_the_billing_zone(bench: Bench) -> None:
    bench.clock.advance(timedelta(days=20))
    eve = bench.clock.now().replace(month=11, day=30, hour=15, minute=59)
    await bench.post(bench.use(1, occurred_at=eve), bench.use(1, occurred_at=eve + timedelta(minutes=1)))
    november = await bench.do(lambda uow: metering.preview_bill(uow, bench.org, "2026-11"))
    assert [line.quantity for line in november.lines] == [1]
    december = await bench.do(lambda uow: metering.preview_bill(uow, bench.org, "2026-12"))
    assert [line.quantity for line in december.lines] == [1]


async def test_the_month_before_is_due_after_the_days_of_grace(bench: Bench) -> None:
    await bench.post(bench.use(1))
    bench.clock.advance(timedelta(days=15))
    pair = (bench.org, "2026-11")
    assert pair not in await bench.do(due_bills)
    bench.clock.advance(timedelta(days=2))
    assert pair in await bench.do(due_bills)
    await bench.do(lambda uow: metering.issue_bill(uow, *pair))
    assert pair not in await bench.do(due_bills)


@pytest.mark.parametrize("statement", ["UPDATE bill SET payable_micro = 0", "DELETE FROM bill_line"])
async def test_the_database_lets_nobody_change_a_bill(bench: Bench, statement: str) -> None:
    await bench.post(bench.use(1))
    bench.clock.advance(MONTH)
    await bench.do(lambda uow: metering.issue_bill(uow, bench.org, "2026-11"))
    with pytest.raises(DBAPIError, match="immutable"):
        await bench.do(lambda uow: uow.session.execute(text(statement)))


async def test_a_bill_as_csv_opens_in_a_spreadsheet_and_sums_up(bench: Bench) -> None:
    await bench.post(bench.use(1500, model="m/a"), bench.use(1))
    bill = await bench.do(lambda uow: metering.preview_bill(uow, bench.org))
    content = bill_csv(bill, "zh")
    assert content.startswith(BOM)
    rows = list(csv.reader(io.StringIO(content.removeprefix(BOM))))
    assert rows[0][0] == "账期"
    assert [row[9] for row in rows[1:]] == ["0.001", "1.5", "1.501"]


def test_no_cell_of_a_csv_is_a_formula() -> None:
    assert csv_lines([["=1+1", "+x", "@y", -5, "plain"]]) == "'=1+1,'+x,'@y,-5,plain\r\n"


async def test_a_month_that_is_none_is_refused(bench: Bench) -> None:
    from ceyuan.kernel.errors import Invalid

    for period in ("2026-13", "november", "2026-1", ""):
        if period:
            with pytest.raises(Invalid):
                await bench.do(lambda uow, period=period: metering.preview_bill(uow, bench.org, period))  # type: ignore[misc]
