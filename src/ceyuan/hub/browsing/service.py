"""Use cases of reading. Everything begins with a reference that the actor may read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from ceyuan.hub.commits.refs import resolve_commit
from ceyuan.hub.commits.service import revision_of
from ceyuan.hub.errors import EntryNotFound, FileTooLarge, explain
from ceyuan.hub.gating.access import require_open
from ceyuan.hub.history import repository as history
from ceyuan.hub.history.commits import root_of
from ceyuan.hub.history.source import DatabaseTrees
from ceyuan.hub.history.tables import HubCommit
from ceyuan.hub.naming import Reference
from ceyuan.hub.repositories.service import find_by_reference
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.revision import Revision
from ceyuan.hub.trees import Entry, File, Folder, TreeProblem, find, listing, walk, walk_all
from ceyuan.kernel.work import UnitOfWork

_LOG_STEP = 64
_LOG_SCAN = 2000
"""Most commits that are looked through for changes of one path."""


@dataclass(frozen=True, slots=True)
class View:
    """A revision opened for reading: its repository, its commit, and its trees."""

    row: HubRepository
    commit: HubCommit
    trees: DatabaseTrees

    @property
    def revision(self) -> Revision:
        return revision_of(self.row, self.commit)

    @property
    def root(self) -> Folder:
        return root_of(self.commit)


def revision_part(reference: str | Reference) -> str | None:
    """The revision that a reference names, if it does."""
    if isinstance(reference, Reference):
        return reference.revision
    return reference.partition("@")[2] or None


async def open_revision(uow: UnitOfWork, reference: str | Reference) -> View:
    """Open what a reference such as `datasets/demo/corpus-zh@main` names. Raises `RepositoryNotFound` or
    `RevisionNotFound`."""
    row = await find_by_reference(uow, reference)
    return await open_repository(uow, row, revision_part(reference))


async def open_repository(uow: UnitOfWork, row: HubRepository, revision: str | None = None) -> View:
    """Open a revision of a repository that was found already."""
    return View(row, await resolve_commit(uow, row, revision), DatabaseTrees(uow.session, row.id))


async def resolve(uow: UnitOfWork, reference: str | Reference) -> Revision:
    """The revision that a reference names, now fixed to its commit."""
    return (await open_revision(uow, reference)).revision


async def find_entry(view: View, path: str) -> Entry:
    """The file or folder at `path`; raises `EntryNotFound`."""
    try:
        entry = await find(view.trees, view.root, path)
    except TreeProblem as problem:
        raise explain(problem) from problem
    if entry is None:
        raise EntryNotFound(
            (f"该版本中没有“{path}”", f"this revision has nothing at “{path}”"),
            hint=("请检查路径与大小写", "check the path and its case"),
            commit=view.commit.id,
        )
    return entry


async def find_file(view: View, path: str) -> File:
    """The file at `path`; raises `EntryNotFound`, also for a folder."""
    entry = await find_entry(view, path)
    if isinstance(entry, Folder):
        raise EntryNotFound((f"“{path}”是文件夹", f"“{path}” is a folder"), commit=view.commit.id)
    return entry


async def read_file(uow: UnitOfWork, reference: str | Reference, path: str, *, limit: int = 64 * 1024 * 1024) -> bytes:
    """The verified content of a file of at most `limit` bytes; raises `FileTooLarge` above."""
    view = await open_revision(uow, reference)
    await require_open(uow, view.row)
    file = await find_file(view, path)
    if file.size > limit:
        raise FileTooLarge((f"“{path}”有 {file.size} 字节", f"“{path}” has {file.size} bytes"), size=file.size)
    return await uow.platform.blobs.read(file.sha256)


async def list_files(uow: UnitOfWork, reference: str | Reference) -> AsyncIterator[tuple[str, File]]:
    """Every file of a revision with its path, folder by folder in the order of names."""
    view = await open_revision(uow, reference)
    async for found in walk(view.trees, view.root):
        yield found


@dataclass(frozen=True, slots=True)
class Listed:
    """Entries of a folder with their full paths; `after` is the last path if there are more."""

    entries: Sequence[tuple[str, Entry]]
    after: str | None


async def list_folder(
    view: View, path: str, *, recursive: bool, after: str | None, limit: int, folders: bool = False
) -> Listed:
    """Entries at `path`: its own files and folders, or with `recursive` all files below, with `folders` those too;
    raises `EntryNotFound`."""
    folder = await find_entry(view, path)
    if isinstance(folder, File):
        raise EntryNotFound((f"“{path}”是文件", f"“{path}” is a file"), commit=view.commit.id)
    prefix = f"{path}/" if path else ""
    found: list[tuple[str, Entry]] = []
    start = (after or "").removeprefix(prefix)
    if recursive:
        below_it = walk_all if folders else walk
        async for name, below in below_it(view.trees, folder, path, after=start.split("/") if start else ()):
            if len(found) == limit:
                return Listed(found, found[-1][0])
            found.append((name, below))
        return Listed(found, None)
    for name, entry in (await listing(view.trees, folder.tree_id)).items():
        if name > start or not start:
            if len(found) == limit:
                return Listed(found, found[-1][0])
            found.append((prefix + name, entry))
    return Listed(found, None)


@dataclass(frozen=True, slots=True)
class Log:
    """Commits, newest first; `before` is the commit to go on from, if there are more."""

    commits: Sequence[HubCommit]
    before: str | None


async def list_commits(uow: UnitOfWork, view: View, *, limit: int) -> Log:
    """The commit of the view and those before it."""
    rows = await history.log(uow.session, view.row.id, view.commit.id, limit + 1)
    return Log(rows[:limit], rows[limit].id if len(rows) > limit else None)


async def list_changes_of(uow: UnitOfWork, view: View, path: str, *, limit: int) -> Log:
    """The commits that changed the file or folder at `path`, newest first.

    At most 2,000 commits are looked through; `before` then says where to go on.
    """
    found: list[HubCommit] = []
    start: str | None = view.commit.id
    scanned = 0
    while start is not None and scanned < _LOG_SCAN:
        rows = await history.log(uow.session, view.row.id, start, _LOG_STEP + 1)
        states = [await _state(view, row, path) for row in rows]
        states += [None] if len(rows) <= _LOG_STEP else []
        for row, state, older in zip(rows[:_LOG_STEP], states, states[1:], strict=False):
            if state == older:
                continue
            if len(found) == limit:
                return Log(found, row.id)
            found.append(row)
        start = rows[_LOG_STEP].id if len(rows) > _LOG_STEP else None
        scanned += _LOG_STEP
    return Log(found, start)


async def _state(view: View, commit: HubCommit, path: str) -> Entry | None:
    try:
        return await find(view.trees, root_of(commit), path)
    except TreeProblem as problem:
        raise explain(problem) from problem
