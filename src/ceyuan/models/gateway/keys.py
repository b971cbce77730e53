"""Who calls: from the key of a request to the organisation that pays."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from fastapi import Request

from ceyuan.identity import TokenRejected, credential_changes, credential_of, org_by_name, token_credential
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.platform import Platform
from ceyuan.models.gateway.errors import BadRequest, InvalidKey, KeyForbidden
from ceyuan.models.gateway.funds import Payer

SCOPE = "gateway:call"
_NAMES_FRESH_S = 60.0
_CALLERS_FRESH_S = 1.0
_MOST_NAMES = 10_000


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """What a key stands for: its id, the actor behind it, the organisation that it is bound to, and the one that
    its person calls for when nothing else is said."""

    key_id: str
    actor: Actor
    org_id: str | None = None
    home_org_id: str | None = None


class KeyStore(Protocol):
    """Where keys are looked up; it keeps what it found in memory."""

    async def find_key(self, plain: str) -> KeyOwner | None:
        """The owner of a key, `None` if it is unknown, revoked or expired."""
        ...

    async def org_id_of(self, name: str) -> str | None:
        """The id of the organisation with this name, `None` if there is none."""
        ...


class IdentityKeys:
    """Keys are access tokens of the identity room, which remembers them for a minute or until an event revokes them."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._org_ids: dict[str, tuple[str | None, float]] = {}

    async def find_key(self, plain: str) -> KeyOwner | None:
        """The owner of an access token."""
        try:
            found = await token_credential(self._platform, plain)
        except TokenRejected:
            return None
        home = found.profile.org_id if found.profile is not None else None
        return KeyOwner(found.id, found.actor, found.org_id, home)

    async def org_id_of(self, name: str) -> str | None:
        """The id of an organisation by its name; remembered for a minute."""
        known = self._org_ids.get(name)
        if known is None or time.monotonic() - known[1] > _NAMES_FRESH_S:
            async with self._platform.work(write=False) as uow:
                found = await org_by_name(uow, name)
            if len(self._org_ids) > _MOST_NAMES:
                self._org_ids.clear()
            known = self._org_ids[name] = (found.id if found else None, time.monotonic())
        return known[0]


class Callers:
    """Who calls, by what the request said, for a second: a key that comes again at once is not looked up again.
    Any change of credentials empties it."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._changes: Callable[[], int] | None = None
        self._known: dict[tuple[bytes, ...], Caller] = {}
        self._stamp = (-1, 0.0)

    def find(self, said: tuple[bytes, ...]) -> Caller | None:
        """The caller who said the same a moment ago."""
        if self._changes is None:
            self._changes = credential_changes(self._platform)
        now = time.monotonic()
        if self._stamp[0] != self._changes() or now - self._stamp[1] > _CALLERS_FRESH_S:
            self._known.clear()
            self._stamp = (self._changes(), now)
        return self._known.get(said)

    def keep(self, said: tuple[bytes, ...], caller: Caller) -> None:
        """Remember a caller who was looked up after the last `find`."""
        if self._changes is not None and self._stamp[0] == self._changes():
            self._known[said] = caller


async def session_owner(platform: Platform, request: Request) -> KeyOwner | None:
    """Who is signed in by cookie, for the console's playground; the CSRF rules of the control plane hold here too."""
    actor = await platform.authenticate(platform, request)
    found = credential_of(request)
    if found is None or not actor.is_known:
        return None
    return KeyOwner(found.id, actor, None, found.profile.org_id if found.profile is not None else None)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls and who pays."""

    key_id: str
    actor: Actor
    payer: Payer

    @property
    def org_id(self) -> str:
        return self.payer.org_id


def key_of(authorization: bytes, api_key: bytes) -> str:
    """The key in a request's headers; raises `InvalidKey` where there is none."""
    scheme, _, value = authorization.partition(b" ")
    if scheme.lower() == b"bearer" and value.strip():
        return value.strip().decode("latin-1")
    if api_key:
        return api_key.decode("latin-1")
    raise InvalidKey(
        ("缺少 API 密钥", "no API key was sent"),
        hint=("请求头需含 Authorization: Bearer <密钥>", "send the header Authorization: Bearer <key>"),
    )


async def require_owner(store: KeyStore, plain: str) -> KeyOwner:
    """The owner of a key; raises `InvalidKey`."""
    owner = await store.find_key(plain)
    if owner is None:
        raise InvalidKey(
            ("API 密钥无效、已撤销或已过期", "the API key is unknown, revoked or expired"),
            hint=("请在控制台创建新的密钥", "create a new key in the console"),
        )
    return owner


async def caller_of(store: KeyStore, owner: KeyOwner, wanted_org: str, project: str) -> Caller:
    """Who calls and who pays.

    A key that is bound to an organisation calls for that one. A person's key calls for `wanted_org` (id or name,
    OpenAI's header `OpenAI-Organization`), else for the person's own organisation or the only one it belongs to.
    """
    if not owner.actor.has_scope(SCOPE):
        raise KeyForbidden(
            (f"该密钥缺少权限范围 {SCOPE}", f"this key lacks the scope {SCOPE}"),
            hint=("请创建包含该范围的密钥", "create a key that has this scope"),
        )
    org_id = await _org_of(store, owner, wanted_org)
    person = owner.actor.id if owner.actor.kind == "person" else ""
    return Caller(owner.key_id, owner.actor, Payer(org_id, owner.key_id, person, project))


async def _org_of(store: KeyStore, owner: KeyOwner, wanted: str) -> str:
    roles = owner.actor.roles
    if wanted:
        org_id = wanted if wanted in roles else await store.org_id_of(wanted)
        if org_id is None or not owner.actor.may(org_id, "member") or owner.org_id not in (None, org_id):
            raise KeyForbidden(
                (f"该密钥不能代表组织“{wanted}”调用", f"this key may not call for the organisation “{wanted}”"),
                hint=("请检查 OpenAI-Organization 请求头", "check the header OpenAI-Organization"),
            )
        return org_id
    org_id = owner.org_id or owner.home_org_id or (next(iter(roles)) if len(roles) == 1 else None)
    if org_id is None:
        raise BadRequest(
            ("该密钥属于多个组织,无法确定由谁付费", "this key belongs to several organisations: who pays?"),
            hint=("请用 OpenAI-Organization 请求头指定组织", "name one with the header OpenAI-Organization"),
        )
    if not owner.actor.may(org_id, "member"):
        raise KeyForbidden(("在该组织中只能查看,不能调用", "a viewer of the organisation may not call"))
    return org_id
