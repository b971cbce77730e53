"""What is signed: a line for each thing that identifies a revision."""

from __future__ import annotations


def statement_of(repository_id: str, commit: str, tree: str) -> bytes:
    """The bytes that a signature is made over.

    `tree` is the SHA-256 of the content (see `hub.trees.tree_id_of`), so that it can be computed again from the files
    alone; `commit` says which revision, the repository's id where; names may change and are not part of it.
    """
    return f"ceyuan-revision 1\nrepository {repository_id}\ncommit {commit}\ntree {tree}\n".encode()
