"""Files for spreadsheets: CSV with a byte-order mark, so that Chinese opens well, and no cell that is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from ceyuan.kernel.errors import Language, Text, choose
from ceyuan.kernel.money import to_yuan
from ceyuan.metering.bills.service import BillView
from ceyuan.metering.quantities import plain

BOM = "\ufeff"
_RISKY = ("=", "+", "-", "@", "\t", "\r")
Cell = str | int | bool | Decimal | datetime | None


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and value.startswith(_RISKY):
        # A spreadsheet would run it: https://owasp.org/www-community/attacks/CSV_Injection
        return f"'{value}"
    return str(value)


def csv_lines(rows: Iterable[Sequence[Cell]]) -> str:
    """Rows as CSV text (RFC 4180 line ends)."""
    out = io.StringIO()
    csv.writer(out).writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


_BILL_COLUMNS: tuple[Text, ...] = (
    ("账期", "period"),
    ("资源", "resource"),
    ("模型", "model"),
    ("提供方", "provider"),
    ("是否补记", "late"),
    ("单价(元)", "unit price (CNY)"),
    ("计价单位数", "per units"),
    ("用量", "quantity"),
    ("事件数", "events"),
    ("费用(元)", "cost (CNY)"),
    ("专项钱包支付(元)", "paid by wallets (CNY)"),
    ("应付(元)", "payable (CNY)"),
)


def bill_csv(bill: BillView, language: Language) -> str:
    """A bill as CSV: one row per line and a last row with the totals, money in yuan."""
    rows: list[Sequence[Cell]] = [[choose(column, language) for column in _BILL_COLUMNS]]
    for line in bill.lines:
        rows.append(
            [
                bill.period,
                line.resource,
                line.model,
                line.payee,
                {"zh": "是" if line.late else "否", "en": "yes" if line.late else "no"}[language],
                Decimal(to_yuan(line.unit_micro)),
                line.per,
                line.quantity,
                line.events,
                Decimal(to_yuan(line.cost_micro)),
                Decimal(to_yuan(line.wallet_micro)),
                Decimal(to_yuan(line.payable_micro)),
            ]
        )
    total = [bill.cost_micro, bill.wallet_micro, bill.payable_micro]
    word = choose(("合计", "total"), language)
    rows.append([word, *[""] * 8, *(Decimal(to_yuan(amount)) for amount in total)])
    return BOM + csv_lines(rows)
