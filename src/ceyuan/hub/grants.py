"""Grants: short-lived signed permits that a client carries in an address or as a token of its own.

Whoever holds one may do what it names until it expires, on one repository. They are signed by the platform's key and
kept nowhere.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import Unauthenticated
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.secrets import Signature

_KEY = "hub-grants"


class GrantRejected(Unauthenticated):
    """The permit is not ours, is for something else, or has expired."""

    code = "grant_rejected"
    title = ("传输凭证无效或已过期", "The transfer token is not valid or has expired")


@dataclass(frozen=True, slots=True)
class Grant:
    """Who may do what: `purpose` such as `xet-write`, the repository, the actor at the time, and details."""

    purpose: str
    repository_id: str
    org_id: str
    actor: Actor
    details: dict[str, Any]


def issue(
    platform: Platform, purpose: str, row: HubRepository, actor: Actor, *, seconds: int, **details: Any
) -> tuple[str, int]:
    """A signed grant and the second (since 1970) at which it expires."""
    ends = int(platform.clock.now().timestamp()) + seconds
    body = orjson.dumps(
        {"p": purpose, "r": row.id, "o": row.org_id, "k": actor.kind, "a": actor.id, "l": actor.label, "e": ends}
        | {"d": details}
    )
    signature = platform.vault.sign(_KEY, body)
    return ".".join((_text(body), signature.key_id, _text(signature.value))), ends


def read(platform: Platform, text: str, *purposes: str) -> Grant:
    """The grant that `text` is, if it is for one of `purposes`; raises `GrantRejected`."""
    try:
        body_text, key_id, value = text.split(".")
        body = _bytes(body_text)
        if not platform.vault.verify(_KEY, body, Signature(key_id, _bytes(value))):
            raise GrantRejected()
        data = orjson.loads(body)
    except (ValueError, binascii.Error) as error:
        raise GrantRejected() from error
    if data["p"] not in purposes or datetime.fromtimestamp(data["e"], UTC) <= platform.clock.now():
        raise GrantRejected()
    actor = Actor(kind=data["k"], id=data["a"], label=data["l"], roles={data["o"]: "member"})
    return Grant(data["p"], data["r"], data["o"], actor, data["d"])


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
