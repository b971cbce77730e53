"""Money is an integer number of micro-yuan (1 yuan = 1,000,000); floats never touch it."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from ceyuan.kernel.errors import Invalid

MICRO = 1_000_000
"""Micro-yuan in one yuan."""


def from_yuan(text: str | int | Decimal) -> int:
    """Micro-yuan of an amount written in yuan; raises `Invalid` if it is no amount or finer than micro-yuan."""
    try:
        micro = Decimal(text) * MICRO
    except InvalidOperation as error:
        raise Invalid((f"“{text}”不是金额", f"“{text}” is not an amount of money")) from error
    if not micro.is_finite() or micro != micro.to_integral_value():
        raise Invalid((f"金额“{text}”的精度超过微元", f"“{text}” is finer than one micro-yuan"))
    return int(micro)


def to_yuan(micro: int) -> str:
    """The amount in yuan, exact, without trailing zeros beyond two decimals."""
    sign, rest = ("-" if micro < 0 else ""), abs(micro)
    fraction = f"{rest % MICRO:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{rest // MICRO}.{fraction}"


def priced(quantity: int | Decimal, unit_price: int, per: int = 1) -> int:
    """Cost in micro-yuan of `quantity` at `unit_price` micro-yuan per `per` units, rounded half to even."""
    return int((Decimal(quantity) * unit_price / per).to_integral_value(ROUND_HALF_EVEN))
