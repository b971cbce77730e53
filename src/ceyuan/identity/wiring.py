"""Puts the identity room into the platform."""

from __future__ import annotations

from ceyuan.identity import workflows
from ceyuan.identity.access.forgetting import Forgetter
from ceyuan.identity.access.gate import Gate
from ceyuan.identity.notices.courier import Courier
from ceyuan.identity.notices.outbox import Wakeable
from ceyuan.identity.passwords.hashing import Hasher
from ceyuan.identity.passwords.service import Passwords
from ceyuan.identity.privacy import export, retention
from ceyuan.identity.privacy.hooks import OrganisationData, PersonalData
from ceyuan.identity.privacy.own import IdentityOrganisationData, IdentityPersonalData
from ceyuan.identity.privacy.rows import OrganisationRows, PersonalRows, Rows
from ceyuan.identity.references import JobActors
from ceyuan.identity.sessions.pauses import Pauses
from ceyuan.identity.sessions.sign_in import SignIn
from ceyuan.identity.settings import IdentitySettings
from ceyuan.identity.sign_on.service import SignOn
from ceyuan.identity.telling import Listener
from ceyuan.kernel.blobs import BlobReferences
from ceyuan.kernel.jobs import ActorResolver, Job, JobLog
from ceyuan.kernel.platform import Chore, Platform

_JOBS_OF_ORGANISATION = OrganisationRows(
    "jobs", Rows("jobs", Job, Job.org_id), Rows("log", JobLog, Job.org_id, JobLog.job_id)
)
_JOBS_OF_PERSON = PersonalRows("jobs", Rows("jobs", Job, Job.created_by, blank={"created_by_label": "erased"}))


def wire(platform: Platform) -> None:
    """Authenticate requests, resolve the actors of jobs, deliver mails and webhooks, keep retention."""
    gate = Gate(platform)
    platform.provide(Gate, gate)
    platform.authenticate = gate.authenticate
    platform.services.append(gate)
    forgetter = Forgetter(gate)
    forgetter.subscribe(platform)
    platform.provide(Listener, forgetter)  # type: ignore[type-abstract]

    hasher = Hasher(platform.section(IdentitySettings))
    pauses = Pauses(platform)
    platform.provide(Hasher, hasher)
    platform.provide(SignIn, SignIn(platform, hasher, pauses))
    platform.provide(Passwords, Passwords(platform, hasher, pauses))
    platform.provide(SignOn, SignOn(platform))
    platform.provide(ActorResolver, JobActors())  # type: ignore[type-abstract]

    courier = Courier(platform)
    platform.provide(Wakeable, courier)  # type: ignore[type-abstract]
    platform.services.append(courier)

    platform.provide(PersonalData, IdentityPersonalData())  # type: ignore[type-abstract]
    platform.provide(OrganisationData, IdentityOrganisationData())  # type: ignore[type-abstract]
    platform.provide(OrganisationData, _JOBS_OF_ORGANISATION)  # type: ignore[type-abstract]
    platform.provide(PersonalData, _JOBS_OF_PERSON)  # type: ignore[type-abstract]
    workflows.wire(platform)
    platform.provide(BlobReferences, export.ExportBlobs())  # type: ignore[type-abstract]
    platform.subscriptions.on("job.finished", export.export_ended)
    platform.chores.append(Chore("carry out erasures", 3600.0, retention.erase_due))
    platform.chores.append(Chore("delete what has served its time", 3600.0, retention.sweep))
