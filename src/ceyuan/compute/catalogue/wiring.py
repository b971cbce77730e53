"""Registers the workflows of the catalogue and its scope of tokens."""

from __future__ import annotations

from ceyuan.compute.catalogue.process import OFFER_WORKFLOW, PARTNER_WORKFLOW
from ceyuan.compute.catalogue.tables import ComputeOffer, ComputePartner, ComputePool, ComputeSite
from ceyuan.identity import OrganisationData, OrganisationRows, Rows, ScopeRoom
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.workflow import workflows

_OF_ORGANISATION = OrganisationRows(
    "catalogue",
    Rows("partners", ComputePartner, ComputePartner.org_id),
    Rows("sites", ComputeSite, ComputeSite.org_id),
    Rows("pools", ComputePool, ComputePool.org_id),
    Rows("offers", ComputeOffer, ComputeOffer.org_id),
)


def wire(platform: Platform) -> None:
    """Make the workflows known."""
    workflows(platform).register(PARTNER_WORKFLOW)
    workflows(platform).register(OFFER_WORKFLOW)
    platform.provide(OrganisationData, _OF_ORGANISATION)  # type: ignore[type-abstract]
    platform.provide(ScopeRoom, ScopeRoom("compute", ("算力", "Compute"), paths=("/api/v1/compute",)))
