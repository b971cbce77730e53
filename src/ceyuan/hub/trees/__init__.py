"""Immutable trees of files, addressed by content: the shape of every revision.

A folder is a list of entries sorted by name; its id is the SHA-256 of that list, so equal ids mean equal
content, all the way down. Beside it stands the id that git gives the same folder, with large files in
the form of Git LFS pointers, so that git and its hubs can speak about the same revision. Pure functions
over values; where folders are kept is the caller's business (`TreeSource`).
"""

from ceyuan.hub.trees.compare import Change, compare
from ceyuan.hub.trees.draft import Draft, Sealed
from ceyuan.hub.trees.entries import EMPTY, EMPTY_TREE_ID, Entry, File, Folder
from ceyuan.hub.trees.folders import StoredPage, StoredTree
from ceyuan.hub.trees.gitforms import (
    LARGE_BYTES,
    LARGE_SUFFIXES,
    Signature,
    file_of,
    git_blob_oid,
    git_commit_body,
    git_commit_oid,
    git_pointer_oid,
    git_tree_body,
    is_large,
    pointer,
)
from ceyuan.hub.trees.paths import (
    MAX_PATH_BYTES,
    CaseCollision,
    PathMissing,
    PathRefused,
    PathTaken,
    TreeProblem,
    check_path,
    split_path,
)
from ceyuan.hub.trees.reading import TreeSource, find, listing, walk, walk_all

__all__ = [
    "EMPTY",
    "EMPTY_TREE_ID",
    "LARGE_BYTES",
    "LARGE_SUFFIXES",
    "MAX_PATH_BYTES",
    "CaseCollision",
    "Change",
    "Draft",
    "Entry",
    "File",
    "Folder",
    "PathMissing",
    "PathRefused",
    "PathTaken",
    "Sealed",
    "Signature",
    "StoredPage",
    "StoredTree",
    "TreeProblem",
    "TreeSource",
    "check_path",
    "compare",
    "file_of",
    "find",
    "git_blob_oid",
    "git_commit_body",
    "git_commit_oid",
    "git_pointer_oid",
    "git_tree_body",
    "is_large",
    "listing",
    "pointer",
    "split_path",
    "walk",
    "walk_all",
]
