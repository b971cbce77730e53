"""Use cases of signatures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from ceyuan.hub.browsing.service import View
from ceyuan.hub.repositories.access import require_change, require_read
from ceyuan.hub.repositories.cards import clean
from ceyuan.hub.signing.errors import SignatureWrong, SigningKeyNotFound, SigningKeyTaken
from ceyuan.hub.signing.statement import statement_of
from ceyuan.hub.signing.tables import HubSignature, HubSigningKey
from ceyuan.kernel.errors import Forbidden, Invalid
from ceyuan.kernel.secrets.vault import public_key_id, verify_signature
from ceyuan.kernel.upserts import insert_missing
from ceyuan.kernel.work import UnitOfWork

PLATFORM = "hub"
"""The name of the vault's key by which the platform itself vouches for what it keeps."""
_MOST_KEYS = 20
_HEX = re.compile(r"[0-9a-f]+")


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature with the key that checks it; `valid` is what checking it now says."""

    by: str
    kind: str
    key_id: str
    public_key: bytes
    signature: bytes
    signed_at: datetime | None
    revoked: bool
    valid: bool


def statement(view: View) -> bytes:
    """What is signed of a revision."""
    return statement_of(view.row.id, view.commit.id, view.commit.tree_id)


def _bytes(text: str, size: int) -> bytes:
    if not _HEX.fullmatch(text) or len(text) != 2 * size:
        raise Invalid((f"应为 {size} 字节的十六进制", f"write {size} bytes in hexadecimal"))
    return bytes.fromhex(text)


async def add_key(uow: UnitOfWork, name: str, public_key: str) -> HubSigningKey:
    """Register one's public key (64 hexadecimal digits); raises `SigningKeyTaken`."""
    uow.actor.require_known()
    uow.actor.require_scope("hub:write")
    if uow.actor.kind != "person":
        raise Forbidden(("只有个人可以登记签名密钥", "only people register signing keys"))
    raw = _bytes(public_key, 32)
    if len(await list_keys(uow)) >= _MOST_KEYS:
        raise Invalid((f"每人最多 {_MOST_KEYS} 个签名密钥", f"a person has at most {_MOST_KEYS} signing keys"))
    values = {
        "id": public_key_id(raw),
        "person_id": uow.actor.id,
        "person": uow.actor.label,
        "name": clean(name).strip()[:100] or "key",
        "public_key": raw,
        "created_at": uow.clock.now(),
        "revoked_at": None,
    }
    made = await uow.session.scalar(insert_missing(uow.session, HubSigningKey, values).returning(HubSigningKey.id))
    if made is None:
        raise SigningKeyTaken()
    await uow.audit("hub.signing_key_add", made, None, public_key=public_key)
    row = await uow.session.get(HubSigningKey, made)
    assert row is not None
    return row


async def list_keys(uow: UnitOfWork) -> Sequence[HubSigningKey]:
    """One's own keys, oldest first."""
    uow.actor.require_known()
    rows = await uow.session.scalars(
        select(HubSigningKey).where(HubSigningKey.person_id == uow.actor.id).order_by(HubSigningKey.created_at)
    )
    return list(rows)


async def revoke_key(uow: UnitOfWork, key_id: str) -> None:
    """Let a key sign no more."""
    row = await _own(uow, key_id)
    row.revoked_at = row.revoked_at or uow.clock.now()
    await uow.audit("hub.signing_key_revoke", row.id, None)


async def _own(uow: UnitOfWork, key_id: str) -> HubSigningKey:
    uow.actor.require_known()
    uow.actor.require_scope("hub:write")
    row = await uow.session.get(HubSigningKey, key_id)
    if row is None or row.person_id != uow.actor.id:
        raise SigningKeyNotFound()
    return row


async def sign(uow: UnitOfWork, view: View, key_id: str, signature: str) -> None:
    """Keep one's signature (128 hexadecimal digits) of a revision that one may write; raises `SignatureWrong`."""
    require_change(uow.actor, view.row)
    key = await _own(uow, key_id)
    raw = _bytes(signature, 64)
    if key.revoked_at is not None or not verify_signature(key.public_key, statement(view), raw):
        raise SignatureWrong(
            ("签名与该版本不符,或密钥已撤销", "the signature is not one of this revision, or the key was revoked"),
            hint=("请用 ceyuan signing sign 重新签名", "sign again with ceyuan signing sign"),
        )
    values = {
        "repository_id": view.row.id,
        "commit_id": view.commit.id,
        "key_id": key.id,
        "signature": raw,
        "signed_at": uow.clock.now(),
    }
    await uow.session.execute(insert_missing(uow.session, HubSignature, values))
    await uow.audit("hub.revision_sign", view.row.id, view.row.org_id, commit=view.commit.id, key_id=key.id)


async def signatures_of(uow: UnitOfWork, view: View) -> list[Signed]:
    """Who vouches for a revision: the platform first, then people in the order of their signing."""
    require_read(uow.actor, view.row)
    words, vault = statement(view), uow.platform.vault
    own = vault.sign(PLATFORM, words)
    found = [Signed("platform", "platform", own.key_id, vault.public_key(PLATFORM), own.value, None, False, True)]
    rows = await uow.session.execute(
        select(HubSignature, HubSigningKey)
        .join(HubSigningKey, HubSigningKey.id == HubSignature.key_id)
        .where(HubSignature.repository_id == view.row.id, HubSignature.commit_id == view.commit.id)
        .order_by(HubSignature.signed_at)
    )
    for made, key in rows:
        # A signature made before its key was revoked remains one; one made afterwards cannot be.
        revoked = key.revoked_at is not None
        valid = verify_signature(key.public_key, words, made.signature)
        found.append(
            Signed(key.person, "person", key.id, key.public_key, made.signature, made.signed_at, revoked, valid)
        )
    return found
