"""Which commits, trees and blobs lead from what a client has to what it wants."""

from __future__ import annotations

from collections.abc import AsyncIterator, Container, Iterable
from dataclasses import dataclass, field

from sqlalchemy import select

from ceyuan.hub.history.commits import message_of
from ceyuan.hub.history.source import DatabaseTrees
from ceyuan.hub.history.tables import HubCommit, HubRef
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.trees import File, Folder, Signature, git_commit_body, git_tree_body, listing, pointer
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork


@dataclass(slots=True)
class Missing:
    """What a client lacks: bodies of commits, tags and trees (small), and the files whose content it needs."""

    commits: list[bytes] = field(default_factory=list)
    tags: list[bytes] = field(default_factory=list)
    trees: list[bytes] = field(default_factory=list)
    files: dict[str, File] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    """Commits that come without their parents."""

    def __len__(self) -> int:
        return len(self.commits) + len(self.tags) + len(self.trees) + len(self.files)


def commit_body(row: HubCommit) -> bytes:
    """The commit as git hashes it."""
    if row.body is not None:
        return row.body
    author = Signature(row.author_id, f"{row.author_id}@ceyuan", row.created_at)
    return git_commit_body(row.git_tree, row.parents, author, message_of(row.title, row.description))


async def known_commits(uow: UnitOfWork, row: HubRepository, ids: Iterable[str]) -> list[str]:
    """Those of these commits that the repository has, in the order given."""
    wanted = list(dict.fromkeys(ids))
    found: set[str] = set()
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        found.update(
            await uow.session.scalars(
                select(HubCommit.id).where(HubCommit.repository_id == row.id, HubCommit.id.in_(some))
            )
        )
    return [each for each in wanted if each in found]


async def tags(uow: UnitOfWork, row: HubRepository, ids: Iterable[str]) -> dict[str, HubRef]:
    """The annotated tags of the repository that are among these ids."""
    wanted = set(ids)
    refs = await uow.session.scalars(select(HubRef).where(HubRef.repository_id == row.id, HubRef.tag_oid.is_not(None)))
    return {ref.tag_oid: ref for ref in refs if ref.tag_oid in wanted}


async def missing(
    uow: UnitOfWork,
    row: HubRepository,
    wants: Iterable[str],
    haves: Iterable[str],
    *,
    depth: int = 0,
    shallow: Iterable[str] = (),
) -> Missing:
    """What leads from `haves` to `wants`, all of them commits of the repository; with `depth`, no more than so many
    commits from each. The client has the commits `shallow` without their parents."""
    commits = {
        commit.id: commit
        for commit in await uow.session.scalars(select(HubCommit).where(HubCommit.repository_id == row.id))
    }
    trees = DatabaseTrees(uow.session, row.id)
    theirs = _closure(commits, haves, cut=set(shallow))
    found, seen = Missing(), set[str]()
    for commit_id in haves:
        await _walk(trees, commits[commit_id], seen, None)
    if depth:
        wanted, found.cut = _within(commits, wants, depth)
    else:
        wanted, found.cut = _closure(commits, wants), set(shallow)
    for commit_id in wanted:
        if commit_id in theirs:
            continue
        commit = commits[commit_id]
        found.commits.append(commit_body(commit))
        await _walk(trees, commit, seen, found)
    return found


def _closure(commits: dict[str, HubCommit], start: Iterable[str], cut: Container[str] = ()) -> dict[str, None]:
    """These commits and all before them, newest first as they are met, but not what is before those in `cut`."""
    reached: dict[str, None] = {}
    waiting = list(start)
    while waiting:
        each = waiting.pop()
        if each in reached:
            continue
        reached[each] = None
        if each not in cut:
            waiting += [parent for parent in commits[each].parents if parent in commits]
    return reached


def _within(commits: dict[str, HubCommit], start: Iterable[str], depth: int) -> tuple[dict[str, None], set[str]]:
    """The commits at most `depth` from these, and those of them whose parents are beyond."""
    reached: dict[str, None] = {}
    level = list(dict.fromkeys(start))
    for _ in range(depth):
        reached |= dict.fromkeys(level)
        level = [
            parent for each in level for parent in commits[each].parents if parent in commits and parent not in reached
        ]
        level = list(dict.fromkeys(level))
        if not level:
            break
    return reached, {each for each in reached if any(parent not in reached for parent in commits[each].parents)}


async def _walk(trees: DatabaseTrees, commit: HubCommit, seen: set[str], found: Missing | None) -> None:
    """Note all trees and files of a commit that were not seen before; with `found`, that they are missing."""
    waiting = [Folder(commit.tree_id, commit.git_tree, commit.files, commit.bytes)]
    while waiting:
        folder = waiting.pop()
        if folder.git_oid in seen:
            continue
        seen.add(folder.git_oid)
        entries = await listing(trees, folder.tree_id)
        if found is not None:
            found.trees.append(git_tree_body(entries))
        for entry in entries.values():
            if isinstance(entry, Folder):
                waiting.append(entry)
            elif entry.git_oid not in seen:
                seen.add(entry.git_oid)
                if found is not None:
                    found.files[entry.git_oid] = entry


async def contents(platform: Platform, found: Missing) -> AsyncIterator[bytes]:
    """The bodies of the files: their content, or the pointer in the place of a large one."""
    for file in found.files.values():
        yield pointer(file.sha256, file.size) if file.large else await platform.blobs.read(file.sha256)
