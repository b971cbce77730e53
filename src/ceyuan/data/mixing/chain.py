"""The chain of hashes that an account of contributions is; it is checked without any engine."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from ceyuan.data.files import canonical_json

__all__ = ["chain_holds", "entry_hash"]


def entry_hash(entry: Mapping[str, Any]) -> str:
    """The hash of an entry that has none yet."""
    return hashlib.sha256(canonical_json(dict(entry))).hexdigest()


def chain_holds(entries: Sequence[Mapping[str, Any]]) -> bool:
    """Whether every entry has its own hash and names the one before."""
    previous = ""
    for entry in entries:
        body = {name: value for name, value in entry.items() if name != "hash"}
        if entry["previous"] != previous or entry["hash"] != entry_hash(body):
            return False
        previous = str(entry["hash"])
    return True
