"""Sign-in with name (or e-mail address) and password, and a one-time code where the person uses one.

The password is checked outside any transaction: Argon2 takes tens of milliseconds, and SQLite has one
writer. Unknown names take the same time and give the same answer as wrong passwords.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

import orjson

from ceyuan.identity.errors import AccountSuspended, SecondFactorRequired, SignInFailed
from ceyuan.identity.passwords.hashing import Hasher
from ceyuan.identity.people import repository as people
from ceyuan.identity.people.tables import Person
from ceyuan.identity.second_factor import service as second_factor
from ceyuan.identity.sessions.pauses import Counted, Pauses, counted, network_of
from ceyuan.identity.sessions.service import Opened, open_session
from ceyuan.identity.settings import IdentitySettings
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.secrets import UnsealFault

DEVICE_DAYS = 180
_DEVICE_CONTEXT = "identity.device"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in: what was typed, and from where."""

    name: str
    password: str
    code: str | None
    address: str
    client: str
    device: str | None


class SignIn:
    """Signs people in."""

    def __init__(self, platform: Platform, hasher: Hasher, pauses: Pauses) -> None:
        self._platform = platform
        self._hasher = hasher
        self.pauses = pauses

    async def sign_in(self, attempt: Attempt) -> Opened:
        """Open a session, or raise `SignInFailed`, `SecondFactorRequired`, `TooManyAttempts`, `AccountSuspended`."""
        async with self._platform.work(write=False) as uow:
            person = await people.by_sign_in(uow.session, attempt.name)
            if person is not None and person.state == "erased":
                person = None
        account, address = self._counted(attempt, person)
        async with self.pauses.turn([account, address]):
            fits = await self._hasher.verify(person.password_hash if person else None, attempt.password)
            if person is None or not fits:
                await self._wrong(account, address, person)
                raise SignInFailed(
                    hint=("请检查后重试;忘记密码可以重置", "check both; a forgotten password can be reset")
                )
            if person.state == "suspended":
                raise AccountSuspended(hint=("请联系平台管理员", "ask an administrator"))
            two = await self._second_factor(attempt, person, account, address)
            await self.pauses.forget(account)
        return await self._open(attempt, person, "password+code" if two else "password")

    def _counted(self, attempt: Attempt, person: Person | None) -> tuple[Counted, Counted]:
        settings = self._platform.section(IdentitySettings)
        address = counted("address", network_of(attempt.address), settings.attempts_per_address)
        device = self._known_device(attempt.device, person)
        if device is not None:
            return counted("device", device, settings.attempts_per_account), counted(
                "device address", device, settings.attempts_per_address
            )
        name = person.id if person else attempt.name.strip().casefold()
        return counted("account", name, settings.attempts_per_account), address

    async def _wrong(self, account: Counted, address: Counted, person: Person | None) -> None:
        await self.pauses.count([account, address], subject_id=person.id if person else None)

    async def _second_factor(self, attempt: Attempt, person: Person, account: Counted, address: Counted) -> bool:
        """Whether the person uses codes; raises unless the attempt's code is right then."""
        async with self._platform.work(write=False) as uow:
            if not await second_factor.is_on(uow.session, person.id):
                return False
        if not attempt.code:
            raise SecondFactorRequired()
        async with self._platform.work() as uow:
            right = await second_factor.check(uow, person.id, attempt.code)
        if not right:
            await self._wrong(account, address, person)
            raise SecondFactorRequired(("验证码错误", "the one-time code is wrong"))
        return True

    async def _open(self, attempt: Attempt, person: Person, method: str) -> Opened:
        rehashed = None
        if person.password_hash and self._hasher.is_outdated(person.password_hash):
            rehashed = await self._hasher.hash(attempt.password)
        actor = Actor(kind="person", id=person.id, label=person.name)
        async with self._platform.work(actor) as uow:
            row = await people.get(uow.session, person.id)
            if row.password_hash != person.password_hash or row.state != "active":
                raise SignInFailed()
            if rehashed is not None:
                row.password_hash = rehashed
            opened = await open_session(uow, row, method=method, address=attempt.address, client=attempt.client)
            await uow.audit("identity.sign_in", person.id, method=method)
        return opened

    # --- known devices ---

    def device_cookie(self, person_id: str) -> str:
        """What marks a browser as one that this person signed in with."""
        until = self._platform.clock.now() + timedelta(days=DEVICE_DAYS)
        body = orjson.dumps([person_id, secrets.token_hex(8), int(until.timestamp())])
        return self._platform.vault.encrypt(body, _DEVICE_CONTEXT).hex()

    def _known_device(self, cookie: str | None, person: Person | None) -> str | None:
        if cookie is None or person is None:
            return None
        try:
            owner, device, until = orjson.loads(self._platform.vault.decrypt(bytes.fromhex(cookie), _DEVICE_CONTEXT))
        except (UnsealFault, ValueError):
            return None
        fresh = owner == person.id and until > self._platform.clock.now().timestamp()
        return str(device) if fresh else None
