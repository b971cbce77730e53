"""Use cases of single sign-on: begin, come back, link, unlink."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
from dataclasses import asdict, dataclass
from datetime import timedelta

import orjson

from ceyuan.identity.access.credential import require_own_hands
from ceyuan.identity.errors import AccountSuspended, NameReserved, NameTaken, SignOnFailed
from ceyuan.identity.names import NAME_MAX
from ceyuan.identity.organisations.founding import claim_name
from ceyuan.identity.people import repository as people
from ceyuan.identity.people.accounts import add_person
from ceyuan.identity.people.tables import Person
from ceyuan.identity.sessions.service import Opened, open_session
from ceyuan.identity.sign_on import repository
from ceyuan.identity.sign_on.protocol import Claims, Client, Providers
from ceyuan.identity.sign_on.tables import ExternalAccount, SignOnProvider
from ceyuan.kernel.actor import SYSTEM, Actor
from ceyuan.kernel.errors import Conflict, NotFound
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.secrets import UnsealFault
from ceyuan.kernel.work import UnitOfWork

COOKIE = "ceyuan_sign_on"
COOKIE_SECONDS = 600
HOME = "/console/"
_COOKIE_CONTEXT = "identity.sign_on"


@dataclass(frozen=True, slots=True)
class Flow:
    """A sign-on that has begun: what the browser must bring back. It lives in a sealed cookie."""

    provider: str
    state: str
    nonce: str
    verifier: str
    return_to: str
    person_id: str | None
    until: float


def safe_return(path: str | None) -> str:
    """A path of the console, or its home: never another site (open redirect)."""
    if path and re.fullmatch(r"/console(?:/[^\\\s]*)?$", path) and "//" not in path.partition("?")[0]:
        return path
    return HOME


def provider_context(provider_id: str) -> str:
    """What a provider's client secret is sealed for."""
    return f"oidc.client_secret:{provider_id}"


class SignOn:
    """Signs people on by providers."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.providers = Providers()

    def _client(self, row: SignOnProvider, redirect_uri: str) -> Client:
        secret = row.client_secret
        opened = self._platform.vault.decrypt(secret, provider_context(row.id)).decode() if secret else None
        return Client(row.issuer, row.client_id, opened, row.scope, redirect_uri)

    async def begin(
        self, name: str, *, redirect_uri: str, return_to: str | None, linking: Actor | None = None
    ) -> tuple[str, str]:
        """Where to send the browser, and the cookie it must bring back; with `linking` the account is added to that
        person. Raises `NotFound`, `SignOnFailed`."""
        if linking is not None:
            require_own_hands(linking)
        async with self._platform.work(write=False) as uow:
            row = await repository.provider(uow.session, name)
        flow = Flow(
            provider=row.name,
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            return_to=safe_return(return_to),
            person_id=linking.id if linking else None,
            until=(self._platform.clock.now() + timedelta(seconds=COOKIE_SECONDS)).timestamp(),
        )
        url = await self.providers.authorization_url(
            self._client(row, redirect_uri), state=flow.state, nonce=flow.nonce, verifier=flow.verifier
        )
        sealed = self._platform.vault.encrypt(orjson.dumps(asdict(flow)), _COOKIE_CONTEXT)
        return url, base64.urlsafe_b64encode(sealed).decode()

    def read_cookie(self, cookie: str | None, provider: str, state: str | None) -> Flow:
        """The flow that this browser began; raises `SignOnFailed` for another, late or forged one."""
        try:
            sealed = base64.urlsafe_b64decode(cookie or "")
            flow = Flow(**orjson.loads(self._platform.vault.decrypt(sealed, _COOKIE_CONTEXT)))
        except (UnsealFault, ValueError, TypeError, binascii.Error) as error:
            raise SignOnFailed(("登录流程已过期,请重新开始", "this sign-on is over; begin again")) from error
        fresh = flow.until > self._platform.clock.now().timestamp()
        if (
            not fresh
            or flow.provider != provider
            or not hmac.compare_digest(flow.state.encode(), (state or "").encode())
        ):
            raise SignOnFailed(("登录流程不匹配,请重新开始", "this is not the sign-on that was begun; begin again"))
        return flow

    async def finish(
        self, flow: Flow, code: str, *, redirect_uri: str, actor: Actor, address: str, client: str
    ) -> Opened | None:
        """Check the provider's answer and open a session (None when an account was linked)."""
        async with self._platform.work(write=False) as uow:
            row = await repository.provider(uow.session, flow.provider)
        claims = await self.providers.claims(
            self._client(row, redirect_uri),
            code=code,
            verifier=flow.verifier,
            nonce=flow.nonce,
            now=self._platform.clock.now(),
        )
        async with self._platform.work(actor if flow.person_id else SYSTEM) as uow:
            if flow.person_id is not None:
                require_own_hands(actor)
                if actor.id != flow.person_id:
                    raise SignOnFailed(("登录的账号已变", "another person is signed in by now"))
                await self._link(uow, row, claims, await people.get(uow.session, actor.id))
                return None
            person = await self._person(uow, row, claims)
            opened = await open_session(uow, person, method=f"oidc:{row.name}"[:20], address=address, client=client)
            await uow.audit("identity.sign_in", person.id, method="oidc", provider=row.name)
            return opened

    async def _person(self, uow: UnitOfWork, row: SignOnProvider, claims: Claims) -> Person:
        known = await repository.account(uow.session, row.id, claims.subject)
        if known is not None:
            person = await people.get(uow.session, known.person_id)
            if person.state != "active":
                raise AccountSuspended(hint=("请联系平台管理员", "ask an administrator"))
            return person
        trusted = claims.email if claims.email and claims.email_verified and row.trusts_email else None
        owner = await people.by_email(uow.session, claims.email) if claims.email else None
        if owner is not None:
            if trusted is None or owner.email_confirmed_at is None or owner.state != "active":
                raise SignOnFailed(
                    ("该邮箱已有账号,但尚未关联", "an account with this e-mail address exists and is not linked"),
                    hint=("请用密码登录后在个人设置中关联", "sign in with the password and link it in your settings"),
                )
            await self._link(uow, row, claims, owner)
            return owner
        if not row.auto_create or not _domain_fits(row, trusted):
            raise SignOnFailed(
                ("没有与之关联的账号", "no account is linked with this sign-on"),
                hint=("请向管理员申请账号", "ask an administrator for an account"),
            )
        name = await _free_name(uow, row, claims)
        person = await add_person(
            uow,
            name=name,
            display_name=claims.name or name,
            email=claims.email,
            password_hash=None,
            email_confirmed=trusted is not None,
        )
        await uow.audit("identity.sign_up", person.id, person.org_id, provider=row.name)
        await self._link(uow, row, claims, person)
        return person

    async def _link(self, uow: UnitOfWork, row: SignOnProvider, claims: Claims, person: Person) -> None:
        known = await repository.account(uow.session, row.id, claims.subject)
        if known is not None:
            if known.person_id != person.id:
                raise Conflict(("该外部账号已关联其他用户", "this account is linked with another person"))
            return
        uow.session.add(
            ExternalAccount(
                id=new_id("ext"),
                provider_id=row.id,
                subject=claims.subject,
                person_id=person.id,
                label=(claims.email or claims.name or claims.subject)[:254],
                created_at=uow.clock.now(),
            )
        )
        await uow.session.flush()
        await uow.audit("identity.sign_on_link", person.id, provider=row.name)


def _domain_fits(row: SignOnProvider, trusted_email: str | None) -> bool:
    if not row.email_domains:
        return True
    return trusted_email is not None and trusted_email.rpartition("@")[2].lower() in row.email_domains


async def _free_name(uow: UnitOfWork, row: SignOnProvider, claims: Claims) -> str:
    """A name that is free, as near as possible to what the provider calls the person."""
    wished = str(claims.others.get(row.name_claim) or "") or (claims.email or "").partition("@")[0]
    base = "-".join(re.findall(r"[A-Za-z0-9]+", wished))[: NAME_MAX - 9].strip("-")
    if len(base) < 2:
        base = "member"
    for candidate in (base, *(f"{base}-{n}" for n in range(2, 10)), f"{base}-{secrets.token_hex(4)}"):
        try:
            return await claim_name(uow, candidate)
        except (NameTaken, NameReserved):
            continue
    raise NameTaken()


async def unlink(uow: UnitOfWork, account_id: str) -> None:
    """Remove a link of the actor's; the last way to sign in stays."""
    require_own_hands(uow.actor)
    person = await people.get(uow.session, uow.actor.id, lock=True)
    accounts = await repository.accounts_of(uow.session, person.id)
    mine = [a for a, _ in accounts if a.id == account_id]
    if not mine:
        raise NotFound(("未找到该关联", "no such linked account"))
    if person.password_hash is None and len(accounts) == 1:
        raise Conflict(
            ("这是唯一的登录方式", "this is your only way to sign in"), hint=("请先设置密码", "set a password first")
        )
    await uow.session.delete(mine[0])
    await uow.audit("identity.sign_on_unlink", person.id)
