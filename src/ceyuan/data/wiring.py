"""How the data rooms take part in the platform: their jobs, their token scope."""

from __future__ import annotations

from ceyuan.data.pipelines import tasks
from ceyuan.data.sources.tables import DataSource
from ceyuan.identity import OrganisationData, OrganisationRows, PersonalData, PersonalRows, Rows, ScopeRoom
from ceyuan.kernel.platform import Platform

assert tasks


def wire(platform: Platform) -> None:
    """Declare the scope that tokens can be limited to; the import declares the jobs."""
    shared = OrganisationRows("data", Rows("sources", DataSource, DataSource.org_id))
    own = PersonalRows("data", Rows("sources", DataSource, DataSource.created_by, blank={"creator": "erased"}))
    platform.provide(OrganisationData, shared)  # type: ignore[type-abstract]
    platform.provide(PersonalData, own)  # type: ignore[type-abstract]
    platform.provide(ScopeRoom, ScopeRoom("data", ("数据来源与流水线", "Data sources and pipelines")))
