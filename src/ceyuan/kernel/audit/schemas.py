"""The audit log on the wire. Hashes are hexadecimal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel


class EntryOut(BaseModel):
    """An entry: who did what to what, when; `body` is the exact text whose hash is the tree's leaf."""

    seq: int
    id: str
    at: datetime
    actor_kind: str
    actor_id: str
    impersonator: str | None
    action: str
    subject: str
    org_id: str | None
    data: dict[str, Any]
    body: str


class HeadOut(BaseModel):
    """A signed head: the log's size, when it was signed, its root, and the signed note to keep."""

    size: int
    at: datetime
    root: str
    note: str


class InclusionOut(BaseModel):
    """Proof that the entry with hash `leaf` is number `index` in the log whose head is `note` (RFC 9162 §2.1.3)."""

    entry: EntryOut
    index: int
    size: int
    leaf: str
    path: list[str]
    root: str
    note: str


class ConsistencyOut(BaseModel):
    """Proof that the log of `second` entries extends that of `first` (RFC 9162 §2.1.4)."""

    first: int
    second: int
    path: list[str]


class FaultOut(BaseModel):
    """The first thing that is wrong, and the first and last entry in question."""

    kind: str
    first: int
    last: int
    entry_id: str | None
    message_zh: str
    message_en: str


class VerificationOut(BaseModel):
    """The result of checking every entry and head."""

    ok: bool
    size: int
    heads: int
    root: str
    fault: FaultOut | None


class KeysOut(BaseModel):
    """The log's name, and the public keys that check its heads, in the form of signed-note tools, newest first."""

    origin: str
    keys: list[str]
