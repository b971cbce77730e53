"""The columns of an offer that repeat its pool and site, so that lists filter and sort without joins."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.compute.accelerators import ACCELERATORS
from ceyuan.compute.catalogue import repository
from ceyuan.compute.catalogue.evidence import usable_until
from ceyuan.compute.catalogue.tables import ComputeOffer, ComputePool, ComputeSite
from ceyuan.compute.catalogue.units import UNKNOWN_UNIT_PRICE, unit_price


def copy_facts(offer: ComputeOffer, pool: ComputePool, site: ComputeSite) -> None:
    """Set the columns by which lists filter and sort."""
    fact = ACCELERATORS[pool.accelerator]
    offer.region, offer.vendor, offer.accelerator = site.region, fact.vendor, pool.accelerator
    offer.memory_gib, offer.accelerators = pool.memory_gib, pool.nodes * pool.per_node
    offer.price_micro = offer.partner_micro or offer.list_micro
    offer.unit_micro = unit_price(offer.price_micro, fact) or UNKNOWN_UNIT_PRICE
    offer.usable_until = usable_until(offer, pool, site)


async def refresh(session: AsyncSession, offers: Sequence[ComputeOffer]) -> None:
    """Bring the copies of these offers up to date."""
    for offer, pool, site, _partner in await repository.whole_offers(session, offers):
        copy_facts(offer, pool, site)
