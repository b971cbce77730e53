"""Registers the workflow of releases, and says what is released."""

from __future__ import annotations

from ceyuan.identity import OrganisationData, OrganisationRows, Rows, ScopeRoom
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.kernel.workflow import workflows
from ceyuan.models.releases import repository
from ceyuan.models.releases.process import VERSIONS
from ceyuan.models.releases.tables import Release
from ceyuan.models.serving import ReleaseBook


class Releases:
    """What serving asks: whether a revision has been released."""

    async def is_released(self, uow: UnitOfWork, node_id: str) -> bool:
        """Whether a release of it was approved."""
        return await repository.is_released(uow.session, node_id)


def wire(platform: Platform) -> None:
    """Make the workflow known, and let serving ask what is released."""
    platform.provide(ReleaseBook, Releases())  # type: ignore[type-abstract]
    for version in VERSIONS:
        workflows(platform).register(version)
    rows = OrganisationRows("releases", Rows("releases", Release, Release.org_id))
    platform.provide(OrganisationData, rows)  # type: ignore[type-abstract]
    platform.provide(ScopeRoom, ScopeRoom("releases", ("模型发布", "Releases"), paths=("/api/v1/releases",)))
