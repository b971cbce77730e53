"""Use cases of suppliers: register as a partner, enter sites and pools."""

from __future__ import annotations

from typing import Any

from ceyuan.compute.accelerators import Accelerator, UnknownAccelerator, accelerator
from ceyuan.compute.catalogue import repository
from ceyuan.compute.catalogue.copies import refresh
from ceyuan.compute.catalogue.errors import (
    AcceleratorUnknown,
    MeasuredByOthers,
    PartnerExists,
    PartnerNotFound,
    PoolNotFound,
    RegionUnknown,
    SiteNotFound,
    TermsFrozen,
)
from ceyuan.compute.catalogue.process import PARTNER
from ceyuan.compute.catalogue.regions import REGIONS
from ceyuan.compute.catalogue.schemas import PartnerChange, PartnerIn, PoolIn, SiteIn, ThroughputIn
from ceyuan.compute.catalogue.tables import ComputeOffer, ComputePartner, ComputePool, ComputeSite
from ceyuan.identity import get_organisation
from ceyuan.kernel import workflow
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.work import UnitOfWork

_OPEN = ("applied", "refused", "retired")
"""States of an offer in which what lies under it may still be changed."""


async def register_partner(uow: UnitOfWork, wanted: PartnerIn) -> ComputePartner:
    """Let an organisation, named by id or name, apply as a compute partner.

    Raises `OrganisationNotFound`, `PartnerExists`.
    """
    uow.actor.require_known()
    org_id = (await get_organisation(uow, wanted.org_id)).id
    uow.actor.require_role(org_id, "maintainer")
    if await repository.partner_of(uow.session, org_id) is not None:
        raise PartnerExists()
    partner_id = new_id("cpt")
    instance = await workflow.start(
        uow,
        PARTNER,
        partner_id,
        title=(f"算力伙伴:{wanted.name_zh}", f"Compute partner: {wanted.name_en}"),
        org_id=org_id,
    )
    partner = ComputePartner(
        id=partner_id,
        org_id=org_id,
        workflow_id=instance.id,
        state=instance.state,
        created_by=uow.actor.id,
        created_at=uow.clock.now(),
        **wanted.model_dump(exclude={"org_id"}),
    )
    uow.session.add(partner)
    await uow.session.flush()
    return partner


async def find_partner(uow: UnitOfWork, partner_id: str) -> ComputePartner:
    """The partner if the actor may see it; raises `PartnerNotFound`."""
    partner = await repository.get_partner(uow.session, partner_id)
    if partner.state != "admitted" and not repository.is_staff(uow.actor) and not uow.actor.may(partner.org_id):
        raise PartnerNotFound()
    return partner


async def change_partner(uow: UnitOfWork, partner_id: str, change: PartnerChange) -> ComputePartner:
    """Let a partner describe itself anew."""
    uow.actor.require_known()
    partner = await find_partner(uow, partner_id)
    uow.actor.require_role(partner.org_id, "maintainer")
    given = change.model_dump(exclude_unset=True)
    for name, value in given.items():
        if value is not None or name == "website":
            setattr(partner, name, value)
    await uow.audit("compute_partner.change", partner.id, partner.org_id, fields=sorted(given))
    return partner


async def decide_partner(uow: UnitOfWork, partner_id: str, decision: str, form: dict[str, Any]) -> ComputePartner:
    """Take a step of a partner's workflow."""
    uow.actor.require_known()
    partner = await find_partner(uow, partner_id)
    await workflow.transit(uow, partner.workflow_id, decision, form=form)
    return partner


def known_region(name: str) -> str:
    """The region's name; raises `RegionUnknown`."""
    if name not in REGIONS:
        raise RegionUnknown(
            (f"没有区域“{name}”", f"there is no region “{name}”"),
            hint=(f"可用:{'、'.join(REGIONS)}", f"use one of: {', '.join(REGIONS)}"),
        )
    return name


def known_accelerator(name: str) -> Accelerator:
    """The accelerator's facts; raises `AcceleratorUnknown` with the nearest names."""
    try:
        return accelerator(name)
    except UnknownAccelerator as error:
        near = error.near
        raise AcceleratorUnknown(
            (f"没有加速卡“{name}”", f"there is no accelerator “{name}”"),
            hint=(
                f"相近的有:{'、'.join(near)}" if near else "请查看 /api/v1/compute/accelerators",
                f"near: {', '.join(near)}" if near else "see /api/v1/compute/accelerators",
            ),
            near=near,
        ) from error


async def add_site(uow: UnitOfWork, wanted: SiteIn) -> ComputeSite:
    """Enter a site of a partner."""
    uow.actor.require_known()
    partner = await find_partner(uow, wanted.partner_id)
    uow.actor.require_role(partner.org_id, "maintainer")
    known_region(wanted.region)
    site = ComputeSite(
        id=new_id("cst"), org_id=partner.org_id, created_at=uow.clock.now(), **wanted.model_dump(mode="json")
    )
    uow.session.add(site)
    await uow.session.flush()
    await uow.audit("compute_site.add", site.id, site.org_id, region=site.region)
    return site


async def find_site(uow: UnitOfWork, site_id: str) -> ComputeSite:
    """The site if it is the actor's own, or the actor examines suppliers; raises `SiteNotFound`."""
    uow.actor.require_known()
    site = await repository.get_site(uow.session, site_id)
    if not repository.is_staff(uow.actor) and not uow.actor.may(site.org_id):
        raise SiteNotFound()
    return site


async def change_site(uow: UnitOfWork, site_id: str, wanted: SiteIn) -> ComputeSite:
    """Replace what is said of a site; raises `TermsFrozen` while a verified offer rests on it."""
    site = await find_site(uow, site_id)
    uow.actor.require_role(site.org_id, "maintainer")
    known_region(wanted.region)
    offers = await repository.offers_of_site(uow.session, site.id)
    _require_open(offers)
    for name, value in wanted.model_dump(mode="json", exclude={"partner_id"}).items():
        setattr(site, name, value)
    await refresh(uow.session, offers)
    await uow.audit("compute_site.change", site.id, site.org_id)
    return site


async def add_pool(uow: UnitOfWork, wanted: PoolIn) -> ComputePool:
    """Enter a pool at a site; raises `AcceleratorUnknown`, `MeasuredByOthers`."""
    site = await find_site(uow, wanted.site_id)
    uow.actor.require_role(site.org_id, "maintainer")
    pool = ComputePool(id=new_id("cpl"), org_id=site.org_id, created_at=uow.clock.now(), **_pool_fields(wanted, []))
    uow.session.add(pool)
    await uow.session.flush()
    await uow.audit("compute_pool.add", pool.id, pool.org_id, accelerator=pool.accelerator, nodes=pool.nodes)
    return pool


async def find_pool(uow: UnitOfWork, pool_id: str) -> ComputePool:
    """The pool if it is the actor's own, or the actor examines suppliers; raises `PoolNotFound`."""
    uow.actor.require_known()
    pool = await repository.get_pool(uow.session, pool_id)
    if not repository.is_staff(uow.actor) and not uow.actor.may(pool.org_id):
        raise PoolNotFound()
    return pool


async def change_pool(uow: UnitOfWork, pool_id: str, wanted: PoolIn) -> ComputePool:
    """Replace what is said of a pool; raises `TermsFrozen` while a verified offer rests on it."""
    pool = await find_pool(uow, pool_id)
    uow.actor.require_role(pool.org_id, "maintainer")
    offers = await repository.offers_of_pool(uow.session, pool.id)
    _require_open(offers)
    fields = _pool_fields(wanted, pool.throughput)
    fields.pop("site_id")
    for name, value in fields.items():
        setattr(pool, name, value)
    await refresh(uow.session, offers)
    await uow.audit("compute_pool.change", pool.id, pool.org_id)
    return pool


async def record_measurement(uow: UnitOfWork, pool_id: str, entry: ThroughputIn) -> ComputePool:
    """Enter a measured speed of a pool, also while its offers are live; officers may who do not belong to its supplier
    (else `MeasuredByOthers`)."""
    uow.actor.require_duty("programme_officer")
    pool = await find_pool(uow, pool_id)
    if pool.org_id in uow.actor.roles:
        raise MeasuredByOthers(
            hint=("请由该供应方以外的人员登记", "somebody who does not belong to the supplier enters it"),
        )
    given = entry.model_dump(mode="json")
    key = (given["family"], given["precision"], given["unit"], given["provenance"])
    kept = [one for one in pool.throughput if (one["family"], one["precision"], one["unit"], one["provenance"]) != key]
    pool.throughput = [*kept, given]
    await uow.audit("compute_pool.measure", pool.id, pool.org_id, **given)
    return pool


def _pool_fields(wanted: PoolIn, known: list[Any]) -> dict[str, Any]:
    fact = known_accelerator(wanted.accelerator)
    fields = wanted.model_dump(mode="json")
    fields["accelerator"] = fact.name
    if fields["memory_gib"] is None:
        fields["memory_gib"] = fact.memory_gib
    new = [entry for entry in fields["throughput"] if entry["provenance"] == "measured" and entry not in known]
    if new:
        raise MeasuredByOthers(
            hint=(
                "供应方可登记为 vendor(厂商声明);实测值由核验人员登记",
                "enter it as `vendor`: what the supplier claims; officers enter what was measured",
            ),
        )
    return fields


def _require_open(offers: list[ComputeOffer]) -> None:
    if frozen := [offer.id for offer in offers if offer.state not in _OPEN]:
        raise TermsFrozen(
            ("已有经过核验的供给依赖它", "verified offers rest on it"),
            hint=("请先对这些供给执行“变更”,再修改并重新核验", "take the step “amend” of those offers first"),
            offers=frozen,
        )
