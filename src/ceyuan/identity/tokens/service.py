"""Use cases of tokens: issue (shown once), list, revoke."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, or_, select

from ceyuan.identity.access.credential import require_own_hands
from ceyuan.identity.access.scopes import check_scopes
from ceyuan.identity.credentials import TOKEN_PREFIX, fingerprint, new_credential
from ceyuan.identity.errors import OwnHandsOnly
from ceyuan.identity.names import clean_text
from ceyuan.identity.organisations import repository as organisations
from ceyuan.identity.telling import tell
from ceyuan.identity.tokens.tables import Token
from ceyuan.kernel.actor import ROLE_ORDER, Actor, Role
from ceyuan.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork

MAX_OPEN = 200
"""Usable tokens of one person or organisation."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token: its row, and the secret that is shown this once."""

    token: Token
    secret: str


async def issue_personal(
    uow: UnitOfWork,
    *,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
    organisation: str | None = None,
    person_id: str | None = None,
) -> Issued:
    """A token that acts as the person (the actor, unless the platform itself asks for `person_id`).

    With `organisation` it acts within that organisation alone. A token makes no personal tokens, lest a limited one
    make a stronger one: raises `OwnHandsOnly`.
    """
    actor = uow.actor
    if actor.kind != "system" or person_id is None:
        require_own_hands(actor)
        person_id = actor.id
    wanted = check_scopes(scopes)
    org_id = None
    if organisation is not None:
        org = await organisations.find(uow.session, organisation)
        if actor.kind == "person":
            actor.require_role(org.id)
        org_id = org.id
    return await _issue(uow, "personal", name, wanted, expires_at, person_id=person_id, org_id=org_id, role=None)


async def issue_service(
    uow: UnitOfWork,
    organisation: str,
    *,
    name: str,
    role: Role,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
) -> Issued:
    """A token for a program of the organisation, which acts as itself with `role` there; maintainers issue them,
    and none above their own role."""
    org = await organisations.find(uow.session, organisation)
    actor = uow.actor
    actor.require_role(org.id, "maintainer")
    if actor.kind == "service" or actor.impersonator is not None:
        raise OwnHandsOnly()
    held = actor.roles.get(org.id, "owner")
    if ROLE_ORDER.index(role) > ROLE_ORDER.index(held):
        raise Forbidden(("令牌角色不能高于自己的角色", "a token's role cannot exceed your own"))
    wanted = check_scopes(scopes)
    _require_within(actor, wanted)
    return await _issue(uow, "service", name, wanted, expires_at, person_id=None, org_id=org.id, role=role)


def _require_within(actor: Actor, scopes: Sequence[str]) -> None:
    for scope in scopes:
        allowed = actor.scopes is None or "*" in actor.scopes or scope in actor.scopes
        if not allowed and (scope.endswith("*") or not actor.has_scope(scope)):
            raise Forbidden(
                (f"当前令牌没有范围 {scope}", f"the token in use does not itself reach {scope}"),
                hint=("请登录后创建", "sign in to create it"),
            )


async def _issue(
    uow: UnitOfWork,
    kind: str,
    name: str,
    scopes: list[str],
    expires_at: datetime | None,
    *,
    person_id: str | None,
    org_id: str | None,
    role: Role | None,
) -> Issued:
    now = uow.clock.now()
    if expires_at is not None and expires_at <= now:
        raise Invalid(("到期时间须在将来", "the expiry must lie in the future"))
    usable = select(Token.id).where(_usable(now)).limit(MAX_OPEN)
    whose = Token.org_id == org_id if kind == "service" else Token.person_id == person_id
    if len(list(await uow.session.scalars(usable.where(Token.kind == kind, whose)))) >= MAX_OPEN:
        raise Conflict((f"最多 {MAX_OPEN} 个有效令牌", f"at most {MAX_OPEN} usable tokens"))
    secret = new_credential(TOKEN_PREFIX)
    token = Token(
        id=new_id("tok"),
        kind=kind,
        name=clean_text(name) or "token",
        secret_hash=fingerprint(secret),
        ending=secret[-4:],
        person_id=person_id,
        org_id=org_id,
        role=role,
        scopes=scopes,
        created_by=uow.actor.id,
        created_at=now,
        expires_at=expires_at,
    )
    uow.session.add(token)
    await uow.session.flush()
    await uow.audit("identity.token_issue", token.id, org_id, kind=kind, scopes=scopes)
    await uow.publish("identity.token_issued", token_id=token.id, person_id=person_id, org_id=org_id)
    return Issued(token, secret)


def _usable(now: datetime) -> ColumnElement[bool]:
    return and_(Token.revoked_at.is_(None), or_(Token.expires_at.is_(None), Token.expires_at > now))


async def list_personal(uow: UnitOfWork, paging: PageRequest, *, usable: bool) -> Rows[Token]:
    """The actor's own tokens."""
    uow.actor.require_known()
    return await _list(uow, select(Token).where(Token.person_id == uow.actor.id), paging, usable)


async def list_service(uow: UnitOfWork, organisation: str, paging: PageRequest, *, usable: bool) -> Rows[Token]:
    """The organisation's service tokens, for its maintainers."""
    org = await organisations.find(uow.session, organisation)
    uow.actor.require_role(org.id, "maintainer")
    return await _list(uow, select(Token).where(Token.org_id == org.id, Token.kind == "service"), paging, usable)


async def _list(uow: UnitOfWork, query: Select[Token], paging: PageRequest, usable: bool) -> Rows[Token]:
    if usable:
        query = query.where(_usable(uow.clock.now()))
    sorts = {"created_at": Token.created_at, "name": Token.name}
    return await fetch_page(uow.session, query, paging, key=Token.id, sorts=sorts, default="-created_at")


async def revoke(uow: UnitOfWork, token_id: str, *, organisation: str | None = None) -> None:
    """Revoke an own token, or with `organisation` a service token of it; publishes `identity.token_revoked`."""
    uow.actor.require_known()
    token = await uow.session.get(Token, token_id, with_for_update=True)
    if organisation is not None:
        org = await organisations.find(uow.session, organisation)
        uow.actor.require_role(org.id, "maintainer")
        mine = token is not None and token.kind == "service" and token.org_id == org.id
    else:
        mine = token is not None and token.person_id == uow.actor.id
    if token is None or not mine:
        raise NotFound(("未找到该令牌", "no such token"))
    await revoke_row(uow, token)


async def revoke_row(uow: UnitOfWork, token: Token) -> None:
    """Revoke this token whoever asks; nothing happens if it was revoked before."""
    if token.revoked_at is not None:
        return
    token.revoked_at = uow.clock.now()
    await uow.audit("identity.token_revoke", token.id, token.org_id)
    await tell(uow, "identity.token_revoked", token_id=token.id, person_id=token.person_id, org_id=token.org_id)


async def revoke_all(uow: UnitOfWork, *, person_id: str | None = None, org_id: str | None = None) -> None:
    """Revoke every usable token of a person or organisation."""
    which = Token.person_id == person_id if person_id is not None else Token.org_id == org_id
    for token in await uow.session.scalars(select(Token).where(which, Token.revoked_at.is_(None))):
        await revoke_row(uow, token)
