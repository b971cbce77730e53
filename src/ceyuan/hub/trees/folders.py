"""How a folder is kept: its entries in one body, or, when there are many, in pages that revisions share.

A page ends after a name whose CRC-32 says so, not after a count: adding a file changes one page and leaves
the others as they are. A folder of 100,000 files to which 256 are added then costs some pages and one
list of pages, not 100,000 entries.
"""

from __future__ import annotations

import hashlib
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import orjson

from ceyuan.hub.trees.entries import Entry, File, Folder, tree_id_of
from ceyuan.hub.trees.gitforms import git_tree_oid

INLINE_ENTRIES = 256
_PAGE_MASK = 127
"""A page ends after each name whose CRC-32 has these bits zero: 128 entries on average."""


@dataclass(frozen=True, slots=True)
class StoredTree:
    """A folder as it is kept: what it is, and its entries (or the list of its pages) encoded."""

    folder: Folder
    body: bytes


@dataclass(frozen=True, slots=True)
class StoredPage:
    """A run of a large folder's entries, encoded; `id` is the SHA-256 of the encoding before compression."""

    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Contents:
    """A decoded body: either `entries`, or `pages` as (first name, page id) in order."""

    entries: Mapping[str, Entry] | None
    pages: tuple[tuple[str, str], ...] = ()

    def page_for(self, name: str) -> str | None:
        """The id of the page that would hold `name`."""
        position = bisect_right(self.pages, name, key=lambda page: page[0]) - 1
        return self.pages[position][1] if position >= 0 else None


def store(entries: Mapping[str, Entry]) -> tuple[StoredTree, list[StoredPage]]:
    """Encode a folder: the same entries always give the same bytes."""
    ordered = {name: entries[name] for name in sorted(entries)}
    files = sum(e.files if isinstance(e, Folder) else 1 for e in ordered.values())
    size = sum(e.bytes if isinstance(e, Folder) else e.size for e in ordered.values())
    folder = Folder(tree_id_of(ordered), git_tree_oid(ordered), files, size)
    if len(ordered) <= INLINE_ENTRIES:
        return StoredTree(folder, _pack({"entries": [_row(n, e) for n, e in ordered.items()]})), []
    pages, index = [], []
    for rows in _runs(ordered):
        raw = orjson.dumps({"entries": rows})
        page = StoredPage(hashlib.sha256(raw).hexdigest(), zlib.compress(raw, 1))
        pages.append(page)
        index.append([rows[0][0], page.id])
    return StoredTree(folder, _pack({"pages": index})), pages


def decode(body: bytes) -> Contents:
    """The contents of a folder's or a page's body."""
    raw = orjson.loads(zlib.decompress(body))
    if "pages" in raw:
        return Contents(None, tuple((first, page) for first, page in raw["pages"]))
    return Contents({row[0]: _entry(row) for row in raw["entries"]})


def _runs(entries: Mapping[str, Entry]) -> Iterator[list[list[object]]]:
    run: list[list[object]] = []
    for name, entry in entries.items():
        run.append(_row(name, entry))
        if not zlib.crc32(name.encode()) & _PAGE_MASK:
            yield run
            run = []
    if run:
        yield run


def _row(name: str, entry: Entry) -> list[object]:
    if isinstance(entry, Folder):
        return [name, "d", entry.tree_id, entry.git_oid, entry.files, entry.bytes]
    flags = ("l" if entry.large else "") + ("x" if entry.executable else "")
    return [name, "f" + flags, entry.sha256, entry.git_oid, entry.size]


def _entry(row: list[object]) -> Entry:
    kind = str(row[1])
    if kind == "d":
        return Folder(str(row[2]), str(row[3]), int(str(row[4])), int(str(row[5])))
    return File(str(row[2]), int(str(row[4])), str(row[3]), "l" in kind, "x" in kind)


def _pack(value: object) -> bytes:
    return zlib.compress(orjson.dumps(value), 1)
