"""What differs between two trees, found without loading what is equal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

from ceyuan.hub.trees.entries import EMPTY_TREE_ID, Entry, File, Folder
from ceyuan.hub.trees.folders import Contents
from ceyuan.hub.trees.reading import TreeSource, listing, walk

Status = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is not the same in both trees; `old` is null where it was added, `new` where removed."""

    path: str
    old: File | None
    new: File | None

    @property
    def status(self) -> Status:
        if self.old is None:
            return "added"
        return "removed" if self.new is None else "changed"


async def compare(source: TreeSource, old: Folder, new: Folder, prefix: str = "") -> AsyncIterator[Change]:
    """The changes that lead from `old` to `new`, folder by folder in the order of names."""
    if old.tree_id == new.tree_id:
        return
    before, after = await _differing(source, old.tree_id, new.tree_id)
    for name in sorted(before.keys() | after.keys()):
        path = f"{prefix}/{name}" if prefix else name
        a, b = before.get(name), after.get(name)
        if a == b:
            continue
        if isinstance(a, Folder) and isinstance(b, Folder):
            async for change in compare(source, a, b, path):
                yield change
            continue
        if isinstance(a, File) and isinstance(b, File):
            yield Change(path, a, b)
            continue
        async for found, file in _files(source, a, path):
            yield Change(found, file, None)
        async for found, file in _files(source, b, path):
            yield Change(found, None, file)


async def _files(source: TreeSource, entry: Entry | None, path: str) -> AsyncIterator[tuple[str, File]]:
    if isinstance(entry, File):
        yield path, entry
    elif entry is not None:
        async for found in walk(source, entry, path):
            yield found


async def _differing(source: TreeSource, old: str, new: str) -> tuple[dict[str, Entry], dict[str, Entry]]:
    """The entries of both folders, without those in pages that both share."""
    if EMPTY_TREE_ID in (old, new):
        return await listing(source, old), await listing(source, new)
    before, after = await source.tree(old), await source.tree(new)
    shared = {page for _, page in before.pages} & {page for _, page in after.pages}
    return await _entries(source, before, shared), await _entries(source, after, shared)


async def _entries(source: TreeSource, contents: Contents, without: set[str]) -> dict[str, Entry]:
    if contents.entries is not None:
        return dict(contents.entries)
    pages = await source.pages([page for _, page in contents.pages if page not in without])
    return {name: entry for page in pages for name, entry in (page.entries or {}).items()}
