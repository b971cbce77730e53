"""From the objects of a pack to the hub's commits and trees; nothing is written here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.hub.git import Pack, PackedBlob, commit_of, tree_entries
from ceyuan.hub.git.bodies import EXECUTABLE, FOLDER, LINK, MODULE, PLAIN
from ceyuan.hub.history.commits import Pushed
from ceyuan.hub.history.source import DatabaseTrees
from ceyuan.hub.history.tables import HubCommit
from ceyuan.hub.receiving.errors import PushRefused
from ceyuan.hub.repositories.cards import clean
from ceyuan.hub.trees import EMPTY, Entry, File, Folder, StoredPage, StoredTree, check_path, listing
from ceyuan.hub.trees.folders import store
from ceyuan.hub.trees.paths import refuse_collisions


class Known(NamedTuple):
    """A commit that the repository has."""

    root: Folder
    parents: Sequence[str]


async def known_commits(session: AsyncSession, repository_id: str) -> dict[str, Known]:
    """All commits of a repository, newest first."""
    query = (
        select(HubCommit.id, HubCommit.tree_id, HubCommit.git_tree, HubCommit.files, HubCommit.bytes, HubCommit.parents)
        .where(HubCommit.repository_id == repository_id)
        .order_by(HubCommit.created_at.desc())
    )
    return {row[0]: Known(Folder(row[1], row[2], row[3], row[4]), row[5]) for row in await session.execute(query)}


@dataclass(slots=True)
class Growth:
    """What a push adds: its commits (parents first), folders, and the contents that they need: blobs of the pack by
    their git ids, and large files by SHA-256 with their size and one path at which they are."""

    commits: list[Pushed] = field(default_factory=list)
    trees: list[StoredTree] = field(default_factory=list)
    pages: list[StoredPage] = field(default_factory=list)
    blobs: dict[str, PackedBlob] = field(default_factory=dict)
    pointers: dict[str, tuple[int, str]] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    """One path of each blob that came."""


class Grower:
    """Makes the hub's form of commits: folders are taken from the parents where they are the same, from the pack where
    they are new, and from the rest of the repository's history where git left them out."""

    def __init__(self, session: AsyncSession, repository_id: str, pack: Pack, known: Mapping[str, Known]) -> None:
        self._trees = DatabaseTrees(session, repository_id)
        self._pack = pack
        self._known = known
        self._older = iter(known.values())
        self._seen: dict[str, Entry] = {EMPTY.git_oid: EMPTY}
        self._made: dict[str, Folder] = {}
        self._entries: dict[str, Mapping[str, Entry]] = {}
        self._roots: dict[str, Folder] = {}
        self.growth = Growth()

    async def reach(self, tip: str) -> None:
        """Make every commit from `tip` back to those that the repository has. Raises `PushRefused`, `TreeProblem` or
        `GitProblem`."""
        waiting = [tip]
        while waiting:
            each = waiting[-1]
            if each in self._known or each in self._roots:
                waiting.pop()
                continue
            body = self._pack.commits.get(each)
            if body is None:
                raise _absent(each)
            read = commit_of(body)
            new = [parent for parent in read.parents if parent not in self._known and parent not in self._roots]
            if new:
                waiting += new
                continue
            waiting.pop()
            before = [self.root_of(parent) for parent in read.parents]
            root = await self._folder(read.tree, "", before)
            first, _, rest = clean(read.message).strip().partition("\n")
            title, text = first[:500] or "(no message)", "\n".join(p for p in (first[500:], rest.strip()) if p)
            self._roots[each] = root
            author = clean(read.author)[:200]
            self.growth.commits.append(Pushed(each, root, read.parents, author, read.at, title, text, body))

    def root_of(self, commit: str) -> Folder:
        """The root folder of a commit that is known or was reached."""
        return self._roots[commit] if commit in self._roots else self._known[commit].root

    def parents_of(self, commit: str) -> Sequence[str]:
        """The parents of a commit that is known or came in the pack; none of others."""
        if commit in self._known:
            return self._known[commit].parents
        body = self._pack.commits.get(commit)
        return commit_of(body).parents if body is not None else ()

    def descends(self, commit: str, ancestor: str) -> bool:
        """Whether `ancestor` is `commit` or before it."""
        return any(each == ancestor for each in self._before(commit))

    def fork(self, ours: str, theirs: str) -> str | None:
        """The commit at which two histories part: common to both and before no other such commit; of several, as
        after a merge crosswise, the one that is newest here."""
        common = set(self._before(ours)) & set(self._before(theirs))
        older = {parent for each in common for parent in self.parents_of(each)}
        return next((each for each in self._known if each in common and each not in older), None)

    def news(self, tip: str) -> list[Pushed]:
        """The commits of the push that are `tip` or before it, oldest first."""
        before = set(self._before(tip))
        return [commit for commit in self.growth.commits if commit.id in before]

    def _before(self, commit: str) -> Iterator[str]:
        """A commit and all before it."""
        seen, waiting = {commit}, [commit]
        while waiting:
            each = waiting.pop()
            yield each
            for parent in self.parents_of(each):
                if parent not in seen:
                    seen.add(parent)
                    waiting.append(parent)

    async def _folder(self, oid: str, path: str, before: Sequence[Folder]) -> Folder:
        for folder in (*before, self._made.get(oid)):
            if folder is not None and folder.git_oid == oid:
                return folder
        body = self._pack.trees.get(oid)
        if body is None:
            found = await self._elsewhere(oid)
            if not isinstance(found, Folder):
                raise _absent(oid)
            return found
        theirs = [await self._listing(folder) for folder in before]
        entries: dict[str, Entry] = {}
        for mode, name, child in tree_entries(body):
            full = f"{path}/{name}" if path else name
            if name in entries:
                raise _odd(full)
            there = [entry for each in theirs if (entry := each.get(name)) is not None]
            if not there:
                check_path(full)
            if mode == FOLDER:
                entries[name] = await self._folder(child, full, [e for e in there if isinstance(e, Folder)])
            else:
                entries[name] = await self._file(child, full, mode, [e for e in there if isinstance(e, File)])
        added = [name for name in entries if not any(name in each for each in theirs)]
        refuse_collisions(added, entries, f"{path}/" if path else "")
        return self._stored(oid, path, entries)

    def _stored(self, oid: str, path: str, entries: Mapping[str, Entry]) -> Folder:
        tree, pages = store(entries)
        if tree.folder.git_oid != oid or (path and not entries):
            raise _odd(path or "/")
        self._made[oid] = tree.folder
        if entries:
            self._entries[tree.folder.tree_id] = entries
            self.growth.trees.append(tree)
            self.growth.pages += pages
        return tree.folder

    async def _file(self, oid: str, path: str, mode: bytes, before: Sequence[File]) -> File:
        if mode not in (PLAIN, EXECUTABLE):
            raise _refused_mode(mode, path)
        executable = mode == EXECUTABLE
        for file in before:
            if file.git_oid == oid:
                return replace(file, executable=executable)
        blob = self._pack.blobs.get(oid)
        if blob is None:
            found = await self._elsewhere(oid)
            if not isinstance(found, File):
                raise _absent(oid)
            return replace(found, executable=executable)
        if blob.pointer is not None:
            sha256, size = blob.pointer
            self.growth.pointers[sha256] = (size, path)
            return File(sha256, size, oid, large=True, executable=executable)
        if blob.sha256 is None:
            raise PushRefused(
                (
                    f"“{path}”有 {blob.size} 字节,超过 {self._pack.limits.blob} 字节的文件须由 Git LFS 管理",
                    f"“{path}” has {blob.size} bytes; files over {self._pack.limits.blob} bytes come by Git LFS",
                ),
                hint=(
                    f"执行 git lfs track “{path}”,再 git lfs migrate import --include=“{path}”,然后推送",
                    f"run: git lfs migrate import --include='{path}', then push again",
                ),
            )
        self.growth.blobs[oid] = blob
        self.growth.paths.setdefault(oid, path)
        return File(blob.sha256, blob.size, oid, executable=executable)

    async def _listing(self, folder: Folder) -> Mapping[str, Entry]:
        known = self._entries.get(folder.tree_id)
        return known if known is not None else await listing(self._trees, folder.tree_id)

    async def _elsewhere(self, oid: str) -> Entry | None:
        """The folder or file of this id in any commit of the repository; history is walked as far as is needed."""
        while oid not in self._seen:
            commit = next(self._older, None)
            if commit is None:
                return None
            async for git_oid, entry in self._below(commit.root):
                self._seen[git_oid] = entry
        return self._seen[oid]

    async def _below(self, root: Folder) -> AsyncIterator[tuple[str, Entry]]:
        """Everything in a folder and itself, without what was seen before."""
        waiting = [root]
        while waiting:
            folder = waiting.pop()
            if folder.git_oid in self._seen:
                continue
            yield folder.git_oid, folder
            for entry in (await listing(self._trees, folder.tree_id)).values():
                if isinstance(entry, Folder):
                    waiting.append(entry)
                elif entry.git_oid not in self._seen:
                    yield entry.git_oid, entry


def _absent(oid: str) -> PushRefused:
    return PushRefused(
        (f"缺少对象 {oid}", f"missing necessary objects: {oid} is neither in the pack nor here"),
        hint=(
            "请先执行 git fetch;浅克隆请执行 git fetch --unshallow",
            "git fetch first; of a shallow clone --unshallow",
        ),
    )


def _odd(path: str) -> PushRefused:
    return PushRefused((f"目录“{path}”不是规范的 git 目录", f"the folder “{path}” is not as git writes folders"))


def _refused_mode(mode: bytes, path: str) -> PushRefused:
    if mode == LINK:
        return PushRefused(
            (f"“{path}”是符号链接,仓库不接受", f"“{path}” is a symbolic link, which the hub does not take"),
            hint=("请改为普通文件", "put the file itself in its place"),
        )
    if mode == MODULE:
        return PushRefused(
            (f"“{path}”是子模块,仓库不接受", f"“{path}” is a submodule, which the hub does not take"),
            hint=("请直接加入文件", "add the files themselves"),
        )
    shown = mode.decode("ascii", "replace")[:8]
    return PushRefused((f"“{path}”的模式 {shown} 无效", f"“{path}” has the mode {shown}, which is none of git's"))
