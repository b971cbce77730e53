"""Registers the workflow of releases."""

from __future__ import annotations

from ceyuan.identity import OrganisationData, OrganisationRows, Rows, ScopeRoom
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.workflow import workflows
from ceyuan.models.releases.process import RELEASE
from ceyuan.models.releases.tables import Release


def wire(platform: Platform) -> None:
    """Make the workflow known."""
    workflows(platform).register(RELEASE)
    rows = OrganisationRows("releases", Rows("releases", Release, Release.org_id))
    platform.provide(OrganisationData, rows)  # type: ignore[type-abstract]
    platform.provide(ScopeRoom, ScopeRoom("releases", ("模型发布", "Releases"), paths=("/api/v1/releases",)))
