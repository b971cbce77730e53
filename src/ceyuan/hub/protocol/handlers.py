"""All handlers, imported so that their routes are declared; what is more special comes first."""

from ceyuan.hub.protocol import (
    accounts,
    branches,
    committing,
    gates,
    gathering,
    git,
    lfs,
    listing,
    locking,
    pushing,
    repos,
    talks,
    transfers,
    trees,
    watching,
)

__all__ = [
    "accounts",
    "branches",
    "committing",
    "gates",
    "gathering",
    "git",
    "lfs",
    "listing",
    "locking",
    "pushing",
    "repos",
    "talks",
    "transfers",
    "trees",
    "watching",
]
