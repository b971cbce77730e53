"""What a folder lists: files and folders, each by its content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class File:
    """A file by its content.

    `sha256` and `git_oid` (SHA-1) are hexadecimal; `size` is in bytes. `large` says that git sees a
    Git LFS pointer in its place, `executable` that git holds mode 100755.
    """

    sha256: str
    size: int
    git_oid: str
    large: bool = False
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder by its content: `tree_id` (SHA-256) and git's `git_oid`, both hexadecimal, with the number of
    files below it and the sum of their bytes."""

    tree_id: str
    git_oid: str
    files: int
    bytes: int


Entry = File | Folder


def tree_id_of(entries: Mapping[str, Entry]) -> str:
    """The SHA-256 of a folder's entries, hexadecimal.

    Over the line `ceyuan-tree 1`, then one line an entry in the order of the names' UTF-8 bytes: `file`,
    `large`, `exec`, `large-exec` or `folder`, the SHA-256 of the content (of a folder: its id), the size in
    bytes (files only), then a tab and the name. Names hold no control characters, so lines are unambiguous.
    """
    digest = hashlib.sha256(b"ceyuan-tree 1\n")
    for name in sorted(entries):
        entry = entries[name]
        if isinstance(entry, Folder):
            line = f"folder {entry.tree_id}\t{name}\n"
        else:
            line = f"{_kind(entry)} {entry.sha256} {entry.size}\t{name}\n"
        digest.update(line.encode())
    return digest.hexdigest()


def _kind(file: File) -> str:
    if file.executable:
        return "large-exec" if file.large else "exec"
    return "large" if file.large else "file"


EMPTY_TREE_ID: Final = tree_id_of({})
EMPTY: Final = Folder(EMPTY_TREE_ID, "4b825dc642cb6eb9a060e54bf8d69288fbee4904", 0, 0)
"""The folder without entries, with the id that git gives it."""
