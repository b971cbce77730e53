"""Which figures need evidence, what is missing, and until when an offer may be believed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ceyuan.compute.catalogue.tables import ComputeOffer, ComputePool, ComputeSite

CHINA = ZoneInfo("Asia/Shanghai")
ALL = "all"
"""The member of an evidence document that stands for every figure without one of its own."""
SITE_FIGURES = ("pue", "carbon_g_kwh", "uplink_gbps")
POOL_FIGURES = ("nodes", "network_gbps")
OFFER_FIGURES = ("list_micro", "partner_micro", "spot_micro", "bands", "availability_bp")


def missing_evidence(offer: ComputeOffer, pool: ComputePool, site: ComputeSite) -> list[str]:
    """The stated figures without evidence, as `site.pue` and the like."""
    out = []
    for kind, row, figures in (
        ("site", site, SITE_FIGURES),
        ("pool", pool, POOL_FIGURES),
        ("offer", offer, OFFER_FIGURES),
    ):
        if ALL not in row.evidence:
            out += [f"{kind}.{name}" for name in figures if getattr(row, name) and name not in row.evidence]
    return out


def usable_until(offer: ComputeOffer, pool: ComputePool, site: ComputeSite) -> datetime:
    """The earliest of the offer's own end and the ends of all its evidence (midnight after the day, Beijing time)."""
    documents: tuple[dict[str, Any], ...] = (site.evidence, pool.evidence, offer.evidence)
    days = [date.fromisoformat(one["expires_on"]) for document in documents for one in document.values()]
    return min([offer.expires_at, *(_end_of(day) for day in days)])


def _end_of(day: date) -> datetime:
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(day + timedelta(days=1), time(), CHINA).astimezone(UTC)
