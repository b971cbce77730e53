"""Use cases of offers: make, change, decide, show, compare, and refuse those that are not usable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ceyuan.compute.accelerators import ACCELERATORS
from ceyuan.compute.catalogue import repository
from ceyuan.compute.catalogue.copies import copy_facts
from ceyuan.compute.catalogue.errors import (
    IdentifierNotFound,
    OfferExpired,
    OfferNotFound,
    OfferNotLive,
    PriceInvalid,
    TermsFrozen,
)
from ceyuan.compute.catalogue.evidence import CHINA
from ceyuan.compute.catalogue.partners import find_pool
from ceyuan.compute.catalogue.process import OFFER, UNTIL, USABLE
from ceyuan.compute.catalogue.repository import PUBLIC, Whole
from ceyuan.compute.catalogue.schemas import OfferIn, OfferOut, OfferTerms, UnitRate
from ceyuan.compute.catalogue.tables import ComputeOffer
from ceyuan.compute.catalogue.units import carbon_per_hour, card_hour_price, throughput_vector, unit_price
from ceyuan.kernel import workflow
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.work import UnitOfWork


def check_prices(terms: OfferTerms) -> None:
    """Raise `PriceInvalid` unless partner and spot prices are at most the list price and hours do not overlap."""
    for name, zh in (("partner_micro", "伙伴价"), ("spot_micro", "竞价")):
        price = getattr(terms, name)
        if price is not None and price > terms.list_micro:
            raise PriceInvalid((f"{zh}高于目录价", f"{name} is above list_micro"), field=name)
    hours: set[int] = set()
    for band in terms.bands:
        own = set(range(band.from_hour, band.to_hour))
        if not own:
            raise PriceInvalid(
                ("分时时段为空", "a band must end after it begins"),
                hint=("跨零点的时段请拆成两段", "split a band that crosses midnight in two"),
                field="bands",
            )
        if own & hours:
            raise PriceInvalid(("分时时段重叠", "the bands overlap"), field="bands")
        hours |= own


async def make_offer(uow: UnitOfWork, wanted: OfferIn) -> ComputeOffer:
    """Offer a pool; raises `PriceInvalid`, or `OfferExpired` where its term is over already."""
    pool = await find_pool(uow, wanted.pool_id)
    uow.actor.require_role(pool.org_id, "maintainer")
    site = await repository.get_site(uow.session, pool.site_id)
    check_prices(wanted)
    offer = ComputeOffer(
        id=new_id("cof"),
        org_id=pool.org_id,
        identifier=None,
        state="applied",
        created_by=uow.actor.id,
        created_at=uow.clock.now(),
        **_terms(wanted),
        pool_id=pool.id,
    )
    copy_facts(offer, pool, site)
    _require_term(uow, offer)
    instance = await workflow.start(
        uow,
        OFFER,
        offer.id,
        title=(f"算力供给:{offer.title}", f"Compute offer: {offer.title}"),
        org_id=offer.org_id,
        data={UNTIL: offer.usable_until.isoformat()},
    )
    offer.workflow_id = instance.id
    uow.session.add(offer)
    await uow.session.flush()
    return offer


async def change_offer(uow: UnitOfWork, offer_id: str, terms: OfferTerms) -> ComputeOffer:
    """Replace the terms of an offer that is not verified yet, or again; raises `TermsFrozen` otherwise."""
    uow.actor.require_known()
    offer = await find_offer(uow, offer_id)
    uow.actor.require_role(offer.org_id, "maintainer")
    if offer.state != "applied":
        raise TermsFrozen(
            hint=("请先执行“变更”,修改后重新核验", "take the step “amend” first; the offer is then verified again"),
        )
    check_prices(terms)
    for name, value in _terms(terms).items():
        setattr(offer, name, value)
    _, pool, site, _ = await repository.whole_offer(uow.session, offer.id)
    copy_facts(offer, pool, site)
    _require_term(uow, offer)
    await uow.audit("compute_offer.change", offer.id, offer.org_id)
    return offer


async def find_offer(uow: UnitOfWork, offer_id: str) -> ComputeOffer:
    """The offer if the actor may see it; raises `OfferNotFound`."""
    offer = await repository.get_offer(uow.session, offer_id)
    if offer.state not in PUBLIC and not _may_see_all(uow, offer):
        raise OfferNotFound()
    return offer


async def decide_offer(uow: UnitOfWork, offer_id: str, decision: str, form: dict[str, Any]) -> ComputeOffer:
    """Take a step of an offer's workflow."""
    uow.actor.require_known()
    offer = await find_offer(uow, offer_id)
    await workflow.transit(uow, offer.workflow_id, decision, form=form)
    return offer


async def require_usable(uow: UnitOfWork, offer_id: str) -> Whole:
    """An offer on which work may be placed now; raises `OfferNotFound`, `OfferExpired` or `OfferNotLive`."""
    offer = await find_offer(uow, offer_id)
    _require_term(uow, offer)
    if offer.state not in USABLE:
        raise OfferNotLive(state=offer.state)
    return await repository.whole_offer(uow.session, offer.id)


async def find_usable(uow: UnitOfWork, reference: str) -> ComputeOffer:
    """The offer with this id or identifier, if work may be placed on it; raises as `require_usable` does."""
    try:
        offer = await find_offer(uow, reference)
    except OfferNotFound:
        offer = await resolve_identifier(uow, reference)
    return (await require_usable(uow, offer.id))[0]


async def region_of(uow: UnitOfWork, offer_id: str) -> str:
    """The region of an offer, whatever its state."""
    return (await uow.session.get_one(ComputeOffer, offer_id)).region


async def resolve_identifier(uow: UnitOfWork, identifier: str) -> ComputeOffer:
    """The offer behind an identifier, also one that is suspended or retired by now; raises `IdentifierNotFound`."""
    offer = await repository.by_identifier(uow.session, identifier.strip())
    if offer is None:
        raise IdentifierNotFound(
            hint=("请核对标识;未发布的供给没有标识", "check it; offers that were never published have none")
        )
    return offer


async def show_offers(uow: UnitOfWork, offers: Sequence[ComputeOffer]) -> list[OfferOut]:
    """Offers as they leave the platform, in the same order."""
    return [_show(uow, whole) for whole in await repository.whole_offers(uow.session, offers)]


async def show_offer(uow: UnitOfWork, offer: ComputeOffer) -> OfferOut:
    """One offer as it leaves the platform."""
    return (await show_offers(uow, [offer]))[0]


def _show(uow: UnitOfWork, whole: Whole) -> OfferOut:
    offer, pool, site, partner = whole
    fact, now = ACCELERATORS[pool.accelerator], uow.clock.now()
    own = ("id", "title", "identifier", "external_identifier", "state", "expires_at", "usable_until", "org_id")
    terms = ("list_micro", "partner_micro", "spot_micro", "bands", "price_micro", "minimum_hours", "availability_bp")
    facts = ("service_standard", "support", "region", "vendor", "accelerator", "memory_gib", "accelerators", "pool_id")
    figures = ("nodes", "per_node", "cpu_cores", "host_memory_gib", "network", "network_gbps", "storage_tb", "site_id")
    entries = throughput_vector(pool.accelerator, pool.throughput, now.astimezone(CHINA).date())
    return OfferOut(
        **{name: getattr(offer, name) for name in (*own, *terms, *facts, "created_at")},
        **{name: getattr(pool, name) for name in figures},
        expired=offer.usable_until <= now,
        unit_micro=unit_price(offer.price_micro, fact),
        standard_cards=fact.standard_cards,
        card_hour_micro=card_hour_price(offer.price_micro, fact),
        accelerator_label=fact.label,
        link=fact.link,
        link_gb_s=fact.link_gb_s,
        pue=site.pue,
        carbon_g_kwh=site.carbon_g_kwh,
        carbon_g_hour=carbon_per_hour(fact, site.pue, site.carbon_g_kwh),
        uplink_gbps=site.uplink_gbps,
        site_name=site.name,
        city=site.city,
        partner_id=partner.id,
        partner_zh=partner.name_zh,
        partner_en=partner.name_en,
        workflow_id=offer.workflow_id if _may_see_all(uow, offer) else None,
        throughput=[UnitRate.model_validate(entry) for entry in entries],
        evidence={
            f"{kind}.{name}": one
            for kind, document in (("site", site.evidence), ("pool", pool.evidence), ("offer", offer.evidence))
            for name, one in document.items()
        },
    )


def _may_see_all(uow: UnitOfWork, offer: ComputeOffer) -> bool:
    return uow.actor.is_known and (repository.is_staff(uow.actor) or uow.actor.may(offer.org_id))


def _require_term(uow: UnitOfWork, offer: ComputeOffer) -> None:
    if offer.usable_until <= uow.clock.now():
        raise OfferExpired(
            (
                f"该供给或其依据已于 {offer.usable_until:%Y-%m-%d} 到期",
                f"the offer, or the evidence of one of its figures, ended on {offer.usable_until:%Y-%m-%d}",
            ),
            hint=("请供应方更新期限与依据", "its supplier must renew term and evidence"),
            usable_until=offer.usable_until.isoformat(),
        )


def _terms(wanted: OfferTerms) -> dict[str, Any]:
    plain = wanted.model_dump(mode="json", exclude={"pool_id", "expires_at"})
    return {**plain, "expires_at": wanted.expires_at}
