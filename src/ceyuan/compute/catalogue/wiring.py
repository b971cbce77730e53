"""Registers the workflows of the catalogue and its scope of tokens."""

from __future__ import annotations

from ceyuan.compute.catalogue.process import OFFER_WORKFLOW, PARTNER_WORKFLOW
from ceyuan.identity import ScopeRoom
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.workflow import workflows


def wire(platform: Platform) -> None:
    """Make the workflows known."""
    workflows(platform).register(PARTNER_WORKFLOW)
    workflows(platform).register(OFFER_WORKFLOW)
    platform.provide(ScopeRoom, ScopeRoom("compute", ("算力", "Compute"), paths=("/api/v1/compute",)))
