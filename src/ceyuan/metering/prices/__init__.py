"""Prices with validity: a default list, overrides per contract and per organisation, and rating by them."""

from ceyuan.metering.prices.book import DEFAULT_SCOPE, PriceBook, PriceLine, Rate
from ceyuan.metering.prices.service import NewPrice, book_for, end_price, price_book, set_price

__all__ = [
    "DEFAULT_SCOPE",
    "NewPrice",
    "PriceBook",
    "PriceLine",
    "Rate",
    "book_for",
    "end_price",
    "price_book",
    "set_price",
]
