"""An entry's canonical form: the exact bytes that are hashed, and the columns that repeat parts of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import orjson

from ceyuan.kernel.actor import Actor
from ceyuan.kernel.audit.merkle import leaf_hash
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.secrets import redact_data

MAX_TEXT = 4_000
"""Longer texts in an entry's data are cut: the log holds facts, not documents."""
COLUMNS = ("id", "at", "actor_id", "impersonator", "action", "subject", "org_id")
MAX_ACTION, MAX_SUBJECT = 80, 300


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry that waits for its place in the log until its transaction is about to commit."""

    body: str
    leaf: bytes
    columns: dict[str, Any]


def draft(
    actor: Actor, at: datetime, action: str, subject: str, org_id: str | None, data: Mapping[str, Any] | None
) -> Draft:
    """The entry “`actor` did `action` to `subject`”, without secrets."""
    document = {
        "id": new_id("aud"),
        "at": _stamp(at),
        "actor": {"kind": actor.kind, "id": actor.id, "impersonator": actor.impersonator},
        "action": action[:MAX_ACTION],
        "subject": _clean_text(subject)[:MAX_SUBJECT],
        "org": org_id,
        "data": redact_data(_clean(dict(data or {}))),
    }
    body = canonical(document)
    return Draft(body, leaf_hash(body.encode()), columns_of(document))


def canonical(document: Mapping[str, Any]) -> str:
    """JSON in one form: members sorted, no spaces, UTF-8."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode()


def columns_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """The searchable columns that an entry's document gives rise to; raises `KeyError` or `ValueError` on others."""
    actor = document["actor"]
    return {
        "id": document["id"],
        "at": datetime.fromisoformat(document["at"]),
        "actor_id": actor["id"],
        "impersonator": actor["impersonator"],
        "action": document["action"],
        "subject": document["subject"],
        "org_id": document["org"],
    }


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _clean(value: Any) -> Any:
    """`value` as plain JSON: known types only, valid Unicode, texts cut to `MAX_TEXT`."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {_clean_text(str(k)): _clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return _clean_text(str(value))


def _clean_text(text: str) -> str:
    text = text.encode("utf-8", "replace").decode().replace("\x00", "")
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"
