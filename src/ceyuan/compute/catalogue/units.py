"""Normalised units: what one accelerator of an offer does, by precision and workload family, and what that costs.

Speeds are a vector, never one number, because chips differ by workload; each entry says where it is from. The only
scalar, the standard card, is for bills.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from ceyuan.compute.accelerators import ACCELERATORS, PRECISIONS, Accelerator

UNKNOWN_UNIT_PRICE = 2**53
"""Stands in the sortable column where no peak is known, so that such offers come last."""


def throughput_vector(accelerator: str, claims: list[dict[str, Any]], today: date) -> list[dict[str, Any]]:
    """Peak entries of the accelerator, then the vendor's and the measured ones that are not expired."""
    fact = ACCELERATORS[accelerator]
    peaks = [
        {
            "family": "gemm",
            "precision": precision,
            "value": fact.peak[precision],
            "unit": "tops" if precision == "int8" else "tflops",
            "provenance": "peak",
            "source": fact.source,
            "expires_on": None,
        }
        for precision in PRECISIONS
        if precision in fact.peak
    ]
    return peaks + [claim for claim in claims if date.fromisoformat(str(claim["expires_on"])) >= today]


def unit_price(price_micro: int, fact: Accelerator) -> int | None:
    """Micro-yuan for 10^15 dense 16-bit operations per second over an hour, at peak."""
    return round(price_micro * 1000 / fact.half_tflops) if fact.half_tflops else None


def card_hour_price(price_micro: int, fact: Accelerator) -> int | None:
    """Micro-yuan for a standard card hour."""
    return round(price_micro / fact.standard_cards) if fact.standard_cards else None


def carbon_per_hour(fact: Accelerator, pue: float | None, carbon_g_kwh: float | None) -> float | None:
    """Grams of CO2 that one accelerator at its rated power causes in an hour, cooling included."""
    if pue is None or carbon_g_kwh is None:
        return None
    return round(fact.watts / 1000 * pue * carbon_g_kwh, 1)
