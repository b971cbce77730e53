"""All SQL of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, false, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.compute.catalogue.errors import OfferNotFound, PartnerNotFound, PoolNotFound, SiteNotFound
from ceyuan.compute.catalogue.tables import ComputeOffer, ComputePartner, ComputePool, ComputeSite
from ceyuan.kernel.actor import Actor

Whole = tuple[ComputeOffer, ComputePool, ComputeSite, ComputePartner]
PUBLIC = ("published", "live", "degraded")
"""States of an offer that everybody sees."""


def is_staff(actor: Actor) -> bool:
    """Whether the actor examines suppliers."""
    return actor.is_known and (actor.has_duty("programme_officer") or actor.has_duty("regulator"))


async def get_partner(session: AsyncSession, partner_id: str) -> ComputePartner:
    """The partner; raises `PartnerNotFound`."""
    row = await session.get(ComputePartner, partner_id)
    if row is None:
        raise PartnerNotFound()
    return row


async def partner_of(session: AsyncSession, org_id: str) -> ComputePartner | None:
    """The partner that an organisation is."""
    return await session.scalar(select(ComputePartner).where(ComputePartner.org_id == org_id))


async def get_site(session: AsyncSession, site_id: str) -> ComputeSite:
    """The site; raises `SiteNotFound`."""
    row = await session.get(ComputeSite, site_id)
    if row is None:
        raise SiteNotFound()
    return row


async def get_pool(session: AsyncSession, pool_id: str) -> ComputePool:
    """The pool; raises `PoolNotFound`."""
    row = await session.get(ComputePool, pool_id)
    if row is None:
        raise PoolNotFound()
    return row


async def get_offer(session: AsyncSession, offer_id: str) -> ComputeOffer:
    """The offer; raises `OfferNotFound`."""
    row = await session.get(ComputeOffer, offer_id)
    if row is None:
        raise OfferNotFound()
    return row


async def whole_offer(session: AsyncSession, offer_id: str) -> Whole:
    """The offer with its pool, site and partner; raises `OfferNotFound`."""
    return (await whole_offers(session, [await get_offer(session, offer_id)]))[0]


async def whole_offers(session: AsyncSession, offers: Sequence[ComputeOffer]) -> list[Whole]:
    """Offers with their pools, sites and partners, in the same order, by one query."""
    query = (
        select(ComputeOffer.id, ComputePool, ComputeSite, ComputePartner)
        .join(ComputePool, ComputePool.id == ComputeOffer.pool_id)
        .join(ComputeSite, ComputeSite.id == ComputePool.site_id)
        .join(ComputePartner, ComputePartner.id == ComputeSite.partner_id)
        .where(ComputeOffer.id.in_([offer.id for offer in offers]))
    )
    found = {row[0]: (row[1], row[2], row[3]) for row in await session.execute(query)}
    return [(offer, *found[offer.id]) for offer in offers]


async def offers_of_pool(session: AsyncSession, pool_id: str) -> list[ComputeOffer]:
    """Every offer of a pool."""
    return list(await session.scalars(select(ComputeOffer).where(ComputeOffer.pool_id == pool_id)))


async def offers_of_site(session: AsyncSession, site_id: str) -> list[ComputeOffer]:
    """Every offer of the pools of a site."""
    query = select(ComputeOffer).join(ComputePool, ComputePool.id == ComputeOffer.pool_id)
    return list(await session.scalars(query.where(ComputePool.site_id == site_id)))


async def by_identifier(session: AsyncSession, identifier: str) -> ComputeOffer | None:
    """The offer with this identifier, ours or one issued elsewhere; published ones only."""
    query = select(ComputeOffer).where(
        or_(ComputeOffer.identifier == identifier.lower(), ComputeOffer.external_identifier == identifier),
        ComputeOffer.identifier.is_not(None),
    )
    return (await session.scalars(query.limit(1))).first()


def _own(actor: Actor, column: Any) -> Any:
    if is_staff(actor):
        return true()
    return column.in_(list(actor.roles)) if actor.is_known else false()


def partners_visible_to(actor: Actor) -> Select[ComputePartner]:
    """Admitted partners for everybody; one's own in every state; all for officers."""
    return select(ComputePartner).where(or_(ComputePartner.state == "admitted", _own(actor, ComputePartner.org_id)))


def sites_visible_to(actor: Actor) -> Select[ComputeSite]:
    """The sites of one's own organisations; officers see all."""
    return select(ComputeSite).where(_own(actor, ComputeSite.org_id))


def pools_visible_to(actor: Actor) -> Select[ComputePool]:
    """The pools of one's own organisations; officers see all."""
    return select(ComputePool).where(_own(actor, ComputePool.org_id))


def offers_visible_to(actor: Actor) -> Select[ComputeOffer]:
    """Published offers for everybody; one's own in every state; all for officers."""
    return select(ComputeOffer).where(or_(ComputeOffer.state.in_(PUBLIC), _own(actor, ComputeOffer.org_id)))


def matching(query: Select[ComputeOffer], text: str) -> Select[ComputeOffer]:
    """Offers whose title, accelerator, identifier or partner's name contains the text."""
    pattern = "%" + text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    columns = (
        ComputeOffer.title,
        ComputeOffer.accelerator,
        ComputeOffer.identifier,
        ComputePartner.name_zh,
        ComputePartner.name_en,
    )
    return (
        query.join(ComputePool, ComputePool.id == ComputeOffer.pool_id)
        .join(ComputeSite, ComputeSite.id == ComputePool.site_id)
        .join(ComputePartner, ComputePartner.id == ComputeSite.partner_id)
        .where(or_(*(func.lower(column).like(pattern, escape="\\") for column in columns)))
    )


async def offered_by_region(session: AsyncSession) -> list[tuple[str, str, str, int, int, int]]:
    """(region, vendor, accelerator, offers, accelerators, cheapest price) of what is published.

    A pool with several offers is counted once.
    """
    pools = (
        select(
            ComputeOffer.pool_id,
            ComputeOffer.region,
            ComputeOffer.vendor,
            ComputeOffer.accelerator,
            func.count().label("offers"),
            func.max(ComputeOffer.accelerators).label("accelerators"),
            func.min(ComputeOffer.price_micro).label("cheapest"),
        )
        .where(ComputeOffer.state.in_(PUBLIC))
        .group_by(ComputeOffer.pool_id, ComputeOffer.region, ComputeOffer.vendor, ComputeOffer.accelerator)
        .subquery()
    )
    keys = (pools.c.region, pools.c.vendor, pools.c.accelerator)
    query = select(
        *keys, func.sum(pools.c.offers), func.sum(pools.c.accelerators), func.min(pools.c.cheapest)
    ).group_by(*keys)
    return [(r[0], r[1], r[2], int(r[3]), int(r[4]), int(r[5])) for r in await session.execute(query)]
