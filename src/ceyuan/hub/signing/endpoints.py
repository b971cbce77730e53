"""Signing keys and signatures over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, Field, StringConstraints

from ceyuan.hub.addresses import REPOSITORY, Address, OpenView, RevisionQuery
from ceyuan.hub.browsing.service import open_repository
from ceyuan.hub.errors import RepositoryNotFound, RevisionNotFound
from ceyuan.hub.repositories.service import find_repository
from ceyuan.hub.signing import service
from ceyuan.hub.signing.errors import SignatureWrong, SigningKeyNotFound, SigningKeyTaken
from ceyuan.hub.signing.tables import HubSigningKey
from ceyuan.kernel.errors import Forbidden, Invalid, Unauthenticated
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import ReadWork, WriteWork, problems

router = Router(tags=["hub"])
_KEYS = "/api/v1/signing-keys"
_Hex32 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_Hex64 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]
_KeyId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]


class SigningKeyIn(BaseModel, extra="forbid"):
    """A public Ed25519 key, in hexadecimal, with a name by which its owner knows it."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
    public_key: _Hex32


class SigningKeyOut(BaseModel):
    """One's own public key."""

    id: str
    name: str
    public_key: str
    created_at: datetime
    revoked_at: datetime | None


class SignatureIn(BaseModel, extra="forbid"):
    """A signature of the revision's statement, in hexadecimal, by a registered key."""

    key_id: _KeyId
    signature: _Hex64


class SignatureOut(BaseModel):
    """Somebody's signature: `valid` says what checking it now came to, `revoked` that the key signs no more."""

    by: str
    kind: Literal["platform", "person"]
    key_id: str
    public_key: str
    signature: str
    signed_at: datetime | None
    revoked: bool
    valid: bool


class SignaturesOut(BaseModel):
    """What is signed of a revision (`statement`, text in UTF-8), and by whom."""

    commit: str
    tree: str
    statement: Annotated[str, Field(description="the very bytes that are signed")]
    signatures: list[SignatureOut]


def _key_out(row: HubSigningKey) -> dict[str, Any]:
    names = ("id", "name", "created_at", "revoked_at")
    return {name: getattr(row, name) for name in names} | {"public_key": row.public_key.hex()}


@router.get(_KEYS, response_model=list[SigningKeyOut], responses=problems(Unauthenticated))
async def list_signing_keys(uow: ReadWork) -> Any:
    """List one's own signing keys."""
    return [_key_out(row) for row in await service.list_keys(uow)]


@router.post(
    _KEYS,
    response_model=SigningKeyOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, SigningKeyTaken, Invalid),
)
async def create_signing_key(body: SigningKeyIn, uow: WriteWork) -> Any:
    """Register one's public key; the private key stays with its owner."""
    return _key_out(await service.add_key(uow, body.name, body.public_key))


@router.delete(f"{_KEYS}/{{key_id}}", status_code=204, responses=problems(Unauthenticated, SigningKeyNotFound))
async def revoke_signing_key(key_id: Annotated[str, Path(max_length=16)], uow: WriteWork) -> None:
    """Let a key sign no more; what it signed is shown as signed by a revoked key."""
    await service.revoke_key(uow, key_id)


@router.get(
    f"{REPOSITORY}/signatures",
    response_model=SignaturesOut,
    responses=problems(RepositoryNotFound, RevisionNotFound),
)
async def list_revision_signatures(view: OpenView, uow: ReadWork) -> Any:
    """Show who vouches for a revision, with what anybody needs to check it."""
    found = await service.signatures_of(uow, view)
    return {
        "commit": view.commit.id,
        "tree": view.commit.tree_id,
        "statement": service.statement(view).decode(),
        "signatures": [
            {
                "by": each.by,
                "kind": each.kind,
                "key_id": each.key_id,
                "public_key": each.public_key.hex(),
                "signature": each.signature.hex(),
                "signed_at": each.signed_at,
                "revoked": each.revoked,
                "valid": each.valid,
            }
            for each in found
        ],
    }


@router.post(
    f"{REPOSITORY}/signatures",
    status_code=204,
    responses=problems(
        *(Unauthenticated, Forbidden, RepositoryNotFound, RevisionNotFound, SigningKeyNotFound, SignatureWrong),
    ),
)
async def sign_revision(address: Address, body: SignatureIn, uow: WriteWork, revision: RevisionQuery = None) -> None:
    """Vouch for a revision by one's key."""
    row = await find_repository(uow, *address)
    await service.sign(uow, await open_repository(uow, row, revision), body.key_id, body.signature)
