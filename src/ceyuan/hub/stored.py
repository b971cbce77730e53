"""Content in the blob store, as the hub speaks of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Content:
    """Content in the blob store: SHA-256, bytes, and git's id unless it is large."""

    sha256: str
    size: int
    git_oid: str | None
