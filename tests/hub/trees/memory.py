"""A tree source in memory, and small files made from words."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from ceyuan.hub.trees import Draft, File, Folder, Sealed, file_of, git_blob_oid
from ceyuan.hub.trees.folders import Contents, decode


class MemorySource:
    """Keeps what drafts seal, and counts what is read."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.read = 0

    def keep(self, sealed: Sealed) -> Folder:
        self.bodies.update({t.folder.tree_id: t.body for t in sealed.trees} | {p.id: p.body for p in sealed.pages})
        return sealed.root

    async def tree(self, tree_id: str) -> Contents:
        self.read += 1
        return decode(self.bodies[tree_id])

    async def pages(self, page_ids: Sequence[str]) -> Sequence[Contents]:
        self.read += len(page_ids)
        return [decode(self.bodies[page]) for page in page_ids]


def text_file(path: str, text: str) -> File:
    content = text.encode()
    return file_of(path, hashlib.sha256(content).hexdigest(), len(content), git_blob_oid(content))


async def build(source: MemorySource, files: Mapping[str, str], base: Folder | None = None) -> Folder:
    """The tree of `files` (path to text), on top of `base`."""
    draft = Draft(source) if base is None else Draft(source, base)
    for path, text in files.items():
        await draft.put(path, text_file(path, text))
    return source.keep(draft.seal())
