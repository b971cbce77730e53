"""Writing commits: the id follows from the contents, so that writing one twice is writing it once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.hub.history.tables import HubCommit
from ceyuan.hub.trees import Folder, Signature, git_commit_oid
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.upserts import insert_missing, insert_missing_many


def message_of(title: str, description: str) -> str:
    """The message as git keeps it: title, empty line, description."""
    return f"{title}\n\n{description}\n" if description else f"{title}\n"


def signature(actor: Actor, at: datetime) -> Signature:
    """Who signs a commit: the actor's id, so that history keeps its hashes when a person's name must go."""
    return Signature(actor.id, f"{actor.id}@ceyuan", at)


@dataclass(frozen=True, slots=True)
class Pushed:
    """A commit that came by git: what it is called and says, and its body as git hashes it."""

    id: str
    root: Folder
    parents: tuple[str, ...]
    author: str
    at: datetime
    title: str
    description: str
    body: bytes


async def write_commit(
    session: AsyncSession,
    repository_id: str,
    root: Folder,
    parent: str | None,
    *,
    author: Actor,
    at: datetime,
    title: str,
    description: str = "",
    origin: str | None = None,
) -> HubCommit:
    """Write the commit of `root` on `parent`; its trees must be kept already, no pointer is moved."""
    # Git knows seconds: the row must give back the very bytes that were hashed.
    moment = at.replace(microsecond=0)
    parents = [parent] if parent else []
    author_line = signature(author, moment)
    commit_id = git_commit_oid(root.git_oid, parents, author_line, message_of(title, description))
    values = {
        "repository_id": repository_id,
        "id": commit_id,
        "tree_id": root.tree_id,
        "git_tree": root.git_oid,
        "parent": parent,
        "parents": parents,
        "title": title,
        "description": description,
        "author_id": author.id,
        "author": author.label,
        "created_at": moment,
        "files": root.files,
        "bytes": root.bytes,
        "origin": origin,
    }
    await session.execute(insert_missing(session, HubCommit, values))
    found = await session.get(HubCommit, (repository_id, commit_id))
    assert found is not None
    return found


def root_of(commit: HubCommit) -> Folder:
    """The root folder of a commit."""
    return Folder(commit.tree_id, commit.git_tree, commit.files, commit.bytes)


async def keep_commits(session: AsyncSession, repository_id: str, pushed: Sequence[Pushed], author: Actor) -> None:
    """Write commits that came by git as they are; the actor answers for them, whoever wrote them."""
    values = [
        {
            "repository_id": repository_id,
            "id": each.id,
            "tree_id": each.root.tree_id,
            "git_tree": each.root.git_oid,
            "parent": each.parents[0] if each.parents else None,
            "parents": list(each.parents),
            "title": each.title,
            "description": each.description,
            "author_id": author.id,
            "author": each.author or author.label,
            "created_at": each.at,
            "files": each.root.files,
            "bytes": each.root.bytes,
            "origin": None,
            "body": each.body,
        }
        for each in pushed
    ]
    if values:
        connection = await session.connection()
        await connection.execute(insert_missing_many(session, HubCommit), values)
