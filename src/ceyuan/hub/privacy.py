"""What the hub keeps of people and for organisations: how it is handed out and erased."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import delete, select, update

from ceyuan.hub.discussions.tables import HubDiscussion, HubDiscussionEvent
from ceyuan.hub.gating.tables import HubAccessRequest
from ceyuan.hub.history.tables import HubCommit, HubRef
from ceyuan.hub.hooks.tables import HubHook
from ceyuan.hub.lineage.tables import LineageRecord
from ceyuan.hub.locks.tables import HubLock
from ceyuan.hub.mirrors.tables import HubMirror
from ceyuan.hub.repositories import repository
from ceyuan.hub.repositories.schemas import repository_out
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.signing.tables import HubSigningKey
from ceyuan.hub.social.tables import HubLike
from ceyuan.identity import ExportFile, json_file
from ceyuan.kernel.work import UnitOfWork

ERASED = "erased"


class HubPersonalData:
    """Fills `PersonalData`: names beside commits, repositories and deeds. Ids stay, as pseudonyms: git's ids are
    made from them, so history keeps its hashes when a name goes."""

    room = "hub"

    async def export(self, uow: UnitOfWork, person_id: str) -> AsyncIterator[ExportFile]:
        """The repositories and commits that the person made."""
        made = await uow.session.scalars(select(HubRepository).where(HubRepository.created_by == person_id))
        yield json_file("repositories.json", [repository_out(row) for row in made])
        commits = await uow.session.scalars(select(HubCommit).where(HubCommit.author_id == person_id))
        yield json_file("commits.json", [_commit(row) for row in commits])
        said = await uow.session.scalars(select(HubDiscussionEvent).where(HubDiscussionEvent.author_id == person_id))
        names = ("discussion_id", "id", "kind", "data", "created_at")
        yield json_file("discussions.json", [{name: getattr(row, name) for name in names} for row in said])
        asked = await uow.session.scalars(select(HubAccessRequest).where(HubAccessRequest.person_id == person_id))
        fields = ("repository_id", "status", "reason", "fields", "created_at", "decided_at")
        keys = await uow.session.scalars(select(HubSigningKey).where(HubSigningKey.person_id == person_id))
        shown = ("id", "name", "created_at", "revoked_at")
        signing = [{name: getattr(key, name) for name in shown} | {"public_key": key.public_key.hex()} for key in keys]
        yield json_file("signing-keys.json", signing)
        locks = await uow.session.scalars(select(HubLock).where(HubLock.owner_id == person_id))
        kept = ("repository_id", "path", "locked_at")
        yield json_file("locks.json", [{name: getattr(row, name) for name in kept} for row in locks])
        yield json_file("access-requests.json", [{name: getattr(row, name) for name in fields} for row in asked])

    async def erase(self, uow: UnitOfWork, person_id: str) -> None:
        """Names go, ids stay; likes, webhooks and locks go."""
        for gone in (
            delete(HubLike).where(HubLike.person_id == person_id),
            delete(HubHook).where(HubHook.person_id == person_id),
            delete(HubLock).where(HubLock.owner_id == person_id),
        ):
            await uow.session.execute(gone)
        for table, of, name in (
            (HubRepository, HubRepository.created_by, "creator"),
            (HubCommit, HubCommit.author_id, "author"),
            (LineageRecord, LineageRecord.by_id, "by_label"),
            (HubDiscussion, HubDiscussion.author_id, "author"),
            (HubDiscussionEvent, HubDiscussionEvent.author_id, "author"),
            (HubAccessRequest, HubAccessRequest.person_id, "person"),
            (HubSigningKey, HubSigningKey.person_id, "person"),
            (HubMirror, HubMirror.created_by, "creator"),
        ):
            await uow.session.execute(update(table).where(of == person_id).values({name: ERASED}))


class HubOrganisationData:
    """Fills `OrganisationData`: what there is, with all commits, branches and tags. The files themselves are
    downloaded repository by repository: they may be larger than any archive."""

    room = "hub"

    async def export(self, uow: UnitOfWork, org_id: str) -> AsyncIterator[ExportFile]:
        """One file for each repository."""
        for row in await repository.owned_by(uow.session, org_id):
            commits = await uow.session.scalars(select(HubCommit).where(HubCommit.repository_id == row.id))
            refs = await uow.session.scalars(select(HubRef).where(HubRef.repository_id == row.id))
            content = {
                "repository": repository_out(row),
                "refs": {ref.name: ref.commit_id for ref in refs},
                "commits": [_commit(commit) for commit in commits],
            }
            yield json_file(f"{row.kind}/{row.owner}/{row.name}-{row.id}.json", content)


def _commit(row: HubCommit) -> dict[str, Any]:
    names = ("repository_id", "id", "tree_id", "parents", "title", "description", "author", "created_at", "origin")
    return {name: getattr(row, name) for name in names}
