"""The ids that git gives to the same content: blobs, Git LFS pointers, trees and commits (SHA-1 objects).

Object format: https://git-scm.com/docs/gitformat-pack and gitcore-tutorial; pointer format:
https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ceyuan.hub.trees.entries import Entry, File, Folder

LARGE_BYTES = 10 * 1024 * 1024
"""Files above this many bytes are large: git sees a pointer instead of them."""
LARGE_SUFFIXES = tuple(
    f".{suffix}"
    for group in (
        ("7z", "bz2", "gz", "rar", "tar", "tgz", "xz", "zip", "zst"),
        ("arrow", "avro", "duckdb", "h5", "npy", "npz", "orc", "parquet", "sqlite"),
        ("bin", "ckpt", "ftz", "gguf", "joblib", "mlmodel", "model", "msgpack", "onnx", "ot", "pb"),
        ("pickle", "pkl", "pt", "pth", "safetensors", "tflite", "wasm"),
        ("avi", "flac", "mov", "mp3", "mp4", "wav", "webm"),
    )
    for suffix in group
)


def is_large(path: str, size: int) -> bool:
    """Whether git shall see a pointer: by the file's size and by suffixes whose content has no lines; an empty file
    is its own pointer."""
    return size > LARGE_BYTES or (size > 0 and path.lower().endswith(LARGE_SUFFIXES))


def _object_oid(kind: str, content: bytes) -> str:
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()


def git_blob_oid(content: bytes) -> str:
    """The id of a blob that holds `content`."""
    return _object_oid("blob", content)


def pointer(sha256: str, size: int) -> bytes:
    """The Git LFS pointer to a file."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()


def git_pointer_oid(sha256: str, size: int) -> str:
    """The id of the blob that holds the Git LFS pointer to a file."""
    return git_blob_oid(pointer(sha256, size))


def file_of(path: str, sha256: str, size: int, git_oid: str | None) -> File:
    """The entry of a file at `path`; `git_oid` is that of its content, which large files do not need.

    Raises `ValueError` when a file that is not large comes without it.
    """
    if is_large(path, size):
        return File(sha256, size, git_pointer_oid(sha256, size), large=True)
    if git_oid is None:
        raise ValueError(f"{path}: the git id of a small file is needed")
    return File(sha256, size, git_oid)


def git_tree_oid(entries: Mapping[str, Entry]) -> str:
    """The id of the tree that lists `entries`."""
    return _object_oid("tree", git_tree_body(entries))


def git_tree_body(entries: Mapping[str, Entry]) -> bytes:
    """The tree that lists `entries`; git sorts folders as if their names ended in a slash."""
    rows = []
    for name, entry in entries.items():
        encoded = name.encode()
        if isinstance(entry, Folder):
            rows.append((encoded + b"/", b"40000 " + encoded, entry.git_oid))
        else:
            mode = b"100755 " if entry.executable else b"100644 "
            rows.append((encoded, mode + encoded, entry.git_oid))
    rows.sort()
    return b"".join(line + b"\0" + bytes.fromhex(oid) for _, line, oid in rows)


@dataclass(frozen=True, slots=True)
class Signature:
    """Who made a commit, and when (to the second)."""

    name: str
    email: str
    at: datetime

    def line(self) -> str:
        """As git writes it: name, address, seconds since 1970, time zone."""
        name = "".join(c for c in self.name if c not in "<>" and c.isprintable()).strip() or "unknown"
        return f"{name} <{self.email}> {int(self.at.timestamp())} +0000"


def git_commit_oid(tree: str, parents: Sequence[str], author: Signature, message: str) -> str:
    """The id of the commit of the git tree `tree` on `parents`; author and committer are the same."""
    return _object_oid("commit", git_commit_body(tree, parents, author, message))


def git_commit_body(tree: str, parents: Sequence[str], author: Signature, message: str) -> bytes:
    """The commit of the git tree `tree` on `parents`."""
    lines = [f"tree {tree}", *(f"parent {p}" for p in parents)]
    lines += [f"author {author.line()}", f"committer {author.line()}", "", message]
    return "\n".join(lines).encode()
