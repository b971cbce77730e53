"""Quantities of use: exact decimals with three places, stored as a whole number of thousandths.

SQLite has no exact decimal type and PostgreSQL's would not sum to the same value there, so both store
a 64-bit integer. That bounds one quantity to about 9.2 × 10¹⁵ units (9.2 petabyte-days in bytes).
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from ceyuan.kernel.errors import Invalid

SCALE = 1000
"""Thousandths in one unit."""
LARGEST = Decimal(2**63 // SCALE // 2)
"""The largest quantity that one event may have: half the range, so that a sum of two cannot overflow."""
_LARGEST_INT = int(LARGEST)


class Quantity(TypeDecorator[Decimal]):
    """A column of exact quantities."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value * SCALE)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value) / SCALE


def exact(value: int | Decimal) -> Decimal:
    """The quantity as a decimal; raises `Invalid` for floats, negatives, and what is finer than 0.001 or too large."""
    if type(value) is int and 0 <= value <= _LARGEST_INT:
        return Decimal(value)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise Invalid((f"用量“{value}”必须是整数或十进制数", f"the quantity {value!r} must be an integer or a Decimal"))
    number = Decimal(value)
    if (
        not number.is_finite()
        or number < 0
        or number > LARGEST
        or number * SCALE != (number * SCALE).to_integral_value()
    ):
        raise Invalid(
            (f"用量 {value} 超出范围", f"the quantity {value} is out of range"),
            hint=("须为非负数,至多三位小数", "it must not be negative and has at most three decimals"),
        )
    return number


def rounded(value: float | Decimal) -> Decimal:
    """A measured value as a quantity, rounded half to even to three places."""
    return Decimal(str(value)).quantize(Decimal("0.001"), ROUND_HALF_EVEN)


def plain(value: Decimal) -> str:
    """The quantity without exponent and without trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
