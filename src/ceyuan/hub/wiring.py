"""What the hub hears and fills: references to blobs, chores, and owners that change their names."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ceyuan.hub.commits.contents import forget_uploads, referenced
from ceyuan.hub.downloads.counter import FLUSH_S, DownloadCounter
from ceyuan.hub.hooks import calling
from ceyuan.hub.inspection import tasks as inspecting
from ceyuan.hub.mirrors import tasks as mirroring
from ceyuan.hub.mirrors.tables import HubMirror
from ceyuan.hub.owners import OwnerDirectory, find_organisation
from ceyuan.hub.privacy import HubOrganisationData, HubPersonalData
from ceyuan.hub.repositories import repository
from ceyuan.hub.repositories.service import describe, purge_deleted, rename
from ceyuan.hub.scrubbing import tasks as scrubbing
from ceyuan.hub.viewer.service import Viewer
from ceyuan.hub.xet import repository as xorbs
from ceyuan.hub.xet.forms import XetOrigin, evict, forget
from ceyuan.hub.xet.tasks import EVERY_S, plan_packing
from ceyuan.identity import OrganisationData, OrganisationRows, PersonalData, Rows, ScopeRoom
from ceyuan.kernel.blobs import BlobReferences
from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Chore, Platform
from ceyuan.kernel.work import UnitOfWork


class HubReferences:
    """Tells the collector which blobs revisions hold or uploads keep waiting, and the blobs of all xorbs. The flat
    form of content that lies in xorbs is not among them: it is a cache."""

    async def references(self, uow: UnitOfWork) -> AsyncIterator[str]:
        async for sha256 in referenced(uow.session):
            yield sha256
        async for sha256 in xorbs.xorb_blobs(uow.session):
            yield sha256


async def follow_owner(uow: UnitOfWork, event: Event) -> None:
    """An organisation changed its name: its repositories follow, old addresses lead to the new ones."""
    for row in await repository.owned_by(uow.session, event.data["org_id"]):
        await rename(uow, row, event.data["name"], row.name)
        await describe(uow, row)


async def purge(platform: Platform) -> None:
    """Remove for good what can no longer be restored."""
    await purge_deleted(platform)


def wire(platform: Platform) -> None:
    """Register the hub's handlers, hooks and chores."""
    platform.provide(OwnerDirectory, OwnerDirectory(find_organisation))
    platform.provide(BlobReferences, HubReferences())  # type: ignore[type-abstract]
    platform.provide(PersonalData, HubPersonalData())  # type: ignore[type-abstract]
    platform.provide(OrganisationData, HubOrganisationData())  # type: ignore[type-abstract]
    mirrors = OrganisationRows("mirrors", Rows("mirrors", HubMirror, HubMirror.org_id, without=frozenset({"token"})))
    platform.provide(OrganisationData, mirrors)  # type: ignore[type-abstract]
    platform.provide(
        ScopeRoom,
        ScopeRoom(
            "hub",
            ("数据与模型仓库", "Hub"),
            paths=(
                "/api/v1/repositories",
                "/api/v1/collections",
                "/api/v1/lineage",
                "/api/v1/mirrors",
                "/api/v1/signing-keys",
            ),
        ),
    )
    platform.subscriptions.on("identity.organisation_renamed", follow_owner)
    platform.provide(Viewer, Viewer(platform))
    counter = DownloadCounter()
    platform.provide(DownloadCounter, counter)
    platform.services.append(counter)
    platform.chores.append(Chore("write download counters", FLUSH_S, counter.flush))
    platform.chores.append(Chore("forget uploads that were not committed", 3600.0, forget_uploads))
    platform.chores.append(Chore("purge deleted repositories", 3600.0, purge))
    for topic in calling.TOPICS:
        platform.subscriptions.on(topic, calling.tell)
    platform.chores.append(Chore("call the Hub's webhooks", calling.EVERY_S, calling.deliver))
    platform.chores.append(Chore("forget calls of the Hub's webhooks", 24 * 3600.0, calling.forget_calls))
    platform.chores.append(Chore("look at new revisions", inspecting.EVERY_S, inspecting.plan_inspections))
    platform.chores.append(Chore("read all that is stored again", scrubbing.EVERY_S, scrubbing.plan_scrub))
    platform.chores.append(Chore("start mirrors that are due", mirroring.EVERY_S, mirroring.plan_mirrors))
    origin = XetOrigin(platform)
    platform.blobs.origins.append(origin)
    platform.services.append(origin)
    platform.chores.append(Chore("cut large files that came whole", EVERY_S, plan_packing))
    platform.chores.append(Chore("keep flat copies within their limit", 600.0, evict))
    platform.chores.append(Chore("forget chunks that no file needs", 6 * 3600.0, forget))
