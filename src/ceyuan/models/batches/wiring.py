"""Puts files and batches into the platform."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ceyuan.identity import OrganisationData, OrganisationRows, Rows
from ceyuan.kernel.blobs import BlobReferences
from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.batches import repository, service, tasks  # noqa: F401 - declares the job
from ceyuan.models.batches.app import BatchesApp
from ceyuan.models.batches.tables import Batch, BatchFile
from ceyuan.models.gateway.keys import IdentityKeys

_OF_ORGANISATION = OrganisationRows(
    "batches",
    Rows("batches", Batch, Batch.org_id),
    Rows("files", BatchFile, BatchFile.org_id),
)


class FileBlobs:
    """The blobs that files refer to."""

    async def references(self, uow: UnitOfWork) -> AsyncIterator[str]:
        """Their hashes."""
        async for sha256 in repository.hashes(uow.session):
            yield sha256


def wire(platform: Platform) -> None:
    """Provide the handler, tell which blobs are in use, and follow the jobs."""
    platform.provide(BatchesApp, BatchesApp(platform, IdentityKeys(platform)))
    platform.provide(BlobReferences, FileBlobs())  # type: ignore[type-abstract]
    platform.provide(OrganisationData, _OF_ORGANISATION)  # type: ignore[type-abstract]
    platform.subscriptions.on("job.finished", on_job_finished)


async def on_job_finished(uow: UnitOfWork, event: Event) -> None:
    """A job that ended badly takes its batch along."""
    if event.data.get("kind") != service.KIND or event.data.get("state") == "succeeded":
        return
    batch = await repository.of_job(uow.session, str(event.data["job_id"]))
    if batch is not None and batch.status in repository.OPEN:
        service.advance(uow, batch, "cancelled" if event.data["state"] == "cancelled" else "failed")
