"""Reading trees: one entry, one folder, or everything below one, loading no more than is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from ceyuan.hub.trees.entries import EMPTY_TREE_ID, Entry, File, Folder
from ceyuan.hub.trees.folders import Contents
from ceyuan.hub.trees.paths import split_path


class TreeSource(Protocol):
    """Where folders are kept."""

    async def tree(self, tree_id: str) -> Contents:
        """The folder of this id; raises `KeyError` if it is not kept here."""

    async def pages(self, page_ids: Sequence[str]) -> Sequence[Contents]:
        """The pages of these ids, in this order; raises `KeyError` if one is not kept here."""


async def listing(source: TreeSource, tree_id: str) -> dict[str, Entry]:
    """All entries of one folder, sorted by name."""
    if tree_id == EMPTY_TREE_ID:
        return {}
    contents = await source.tree(tree_id)
    if contents.entries is not None:
        return dict(contents.entries)
    pages = await source.pages([page for _, page in contents.pages])
    return {name: entry for page in pages for name, entry in (page.entries or {}).items()}


async def find(source: TreeSource, root: Folder, path: str) -> Entry | None:
    """The file or folder at `path` below `root`; the empty path is the root itself. Raises `PathRefused`."""
    if not path:
        return root
    here: Entry = root
    for segment in split_path(path):
        if not isinstance(here, Folder):
            return None
        found = await _child(source, here.tree_id, segment)
        if found is None:
            return None
        here = found
    return here


async def _child(source: TreeSource, tree_id: str, name: str) -> Entry | None:
    if tree_id == EMPTY_TREE_ID:
        return None
    contents = await source.tree(tree_id)
    if contents.entries is not None:
        return contents.entries.get(name)
    page_id = contents.page_for(name)
    if page_id is None:
        return None
    (page,) = await source.pages([page_id])
    return (page.entries or {}).get(name)


async def walk(
    source: TreeSource, folder: Folder, prefix: str = "", *, after: Sequence[str] = ()
) -> AsyncIterator[tuple[str, File]]:
    """Every file below `folder` with its path (after `prefix/`), folder by folder in the order of names.

    `after` holds the segments of a path: only what follows it in this order comes, so that a listing can
    be continued where it stopped.
    """
    async for path, entry in walk_all(source, folder, prefix, after=after):
        if isinstance(entry, File):
            yield path, entry


async def walk_all(
    source: TreeSource, folder: Folder, prefix: str = "", *, after: Sequence[str] = ()
) -> AsyncIterator[tuple[str, Entry]]:
    """The same with the folders, each before what is in it."""
    first = after[0] if after else None
    for name, entry in (await listing(source, folder.tree_id)).items():
        if first is not None and name < first:
            continue
        path = f"{prefix}/{name}" if prefix else name
        if name != first:
            yield path, entry
        if isinstance(entry, Folder):
            async for found in walk_all(source, entry, path, after=after[1:] if name == first else ()):
                yield found
