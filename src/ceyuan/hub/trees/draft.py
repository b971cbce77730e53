"""A revision in the making: the tree of the one before, loaded where it is touched, with changes on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ceyuan.hub.trees.entries import EMPTY, Entry, File, Folder
from ceyuan.hub.trees.folders import StoredPage, StoredTree, store
from ceyuan.hub.trees.paths import PathMissing, PathTaken, refuse_collisions, split_path
from ceyuan.hub.trees.reading import TreeSource, listing


@dataclass(slots=True)
class _Node:
    """A folder that was loaded: its entries, and which of them this draft added."""

    entries: dict[str, Entry | _Node]
    origin: Folder | None = None
    touched: bool = False
    added: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A finished draft: its root, and the folders and pages to be kept (some may be kept already)."""

    root: Folder
    trees: Sequence[StoredTree]
    pages: Sequence[StoredPage]


class Draft:
    """Changes to a tree, applied in order; equal to doing the same to a dictionary from path to file.

    Folders exist only through the files below them. Nothing is loaded but the folders that a change
    touches, and `seal` makes only those anew.
    """

    def __init__(self, source: TreeSource, base: Folder = EMPTY) -> None:
        self._source = source
        self._base = base
        self._root: _Node | None = None

    async def put(self, path: str, entry: Entry) -> None:
        """Put a file (or, for a copy, a whole folder) at `path`, in place of a file that is there.

        Raises `PathRefused`, or `PathTaken` if a folder is at `path` or a file on the way to it.
        """
        *above, name = split_path(path)
        chain = [await self._open_root()]
        for segment in above:
            node = chain[-1]
            child = node.entries.get(segment)
            if isinstance(child, File):
                raise PathTaken(path, f"“{segment}”是文件,不能在其下存放“{path}”", f"“{segment}” of “{path}” is a file")
            if child is None:
                child = _Node({})
                node.added.add(segment)
            elif isinstance(child, Folder):
                child = await self._load(child)
            node.entries[segment] = child
            chain.append(child)
        node = chain[-1]
        present = node.entries.get(name)
        if present is not None and present == entry:
            return
        if isinstance(present, Folder | _Node) or (isinstance(entry, Folder) and present is not None):
            raise PathTaken(path, f"“{path}”处已有内容", f"something is already at “{path}”")
        if present is None:
            node.added.add(name)
        for upper in chain:
            upper.touched = True
        node.entries[name] = entry

    async def delete(self, path: str) -> None:
        """Remove the file or the whole folder at `path`; raises `PathMissing` if nothing is there."""
        *above, name = split_path(path)
        chain = [await self._open_root()]
        for segment in above:
            child = chain[-1].entries.get(segment)
            if isinstance(child, Folder):
                child = await self._load(child)
                chain[-1].entries[segment] = child
            if not isinstance(child, _Node):
                raise _missing(path)
            chain.append(child)
        if name not in chain[-1].entries:
            raise _missing(path)
        for node in chain:
            node.touched = True
        del chain[-1].entries[name]
        for node, segment in zip(reversed(chain[:-1]), reversed(above), strict=True):
            child = node.entries[segment]
            if not isinstance(child, _Node) or child.entries:
                break
            del node.entries[segment]

    async def clear(self) -> None:
        """Remove everything."""
        root = await self._open_root()
        root.entries.clear()
        root.touched = True

    def seal(self) -> Sealed:
        """The tree as it now is. Raises `CaseCollision` if a new name differs from another one in its
        folder only by case or by Unicode normalisation."""
        trees: list[StoredTree] = []
        pages: list[StoredPage] = []
        root = self._base if self._root is None else _seal(self._root, "", trees, pages)
        return Sealed(root, trees, pages)

    async def _open_root(self) -> _Node:
        if self._root is None:
            self._root = await self._load(self._base)
        return self._root

    async def _load(self, folder: Folder) -> _Node:
        return _Node(dict(await listing(self._source, folder.tree_id)), origin=folder)


def _missing(path: str) -> PathMissing:
    return PathMissing(path, f"“{path}”不存在", f"there is nothing at “{path}”")


def _seal(node: _Node, path: str, trees: list[StoredTree], pages: list[StoredPage]) -> Folder:
    if not node.touched and node.origin is not None:
        return node.origin
    refuse_collisions(node.added & node.entries.keys(), node.entries, path)
    entries: dict[str, Entry] = {}
    for name, entry in node.entries.items():
        entries[name] = _seal(entry, f"{path}{name}/", trees, pages) if isinstance(entry, _Node) else entry
    tree, own_pages = store(entries)
    if tree.folder not in (node.origin, EMPTY):
        trees.append(tree)
        pages.extend(own_pages)
    return tree.folder
