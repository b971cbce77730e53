"""The pause after wrong passwords: per account and per address, doubling from one second.

A known device (one that signed in before) is counted apart from strangers who try the same account,
so that a storm of wrong passwords does not lock the owner out (OWASP, device cookies).
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from ceyuan.identity.errors import TooManyAttempts
from ceyuan.identity.sessions.tables import SignInPause
from ceyuan.identity.settings import IdentitySettings
from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.upserts import insert_missing

MEMORY = timedelta(hours=1)
"""After so long without a wrong password the count starts anew."""
_REMEMBERED = 20_000
MAX_WAITING = 20


@dataclass(frozen=True, slots=True)
class Counted:
    """Something whose wrong passwords are counted; the `allowed`-th in a row brings the first pause."""

    key: str
    allowed: int


def counted(kind: str, value: str, allowed: int) -> Counted:
    """The counter of an account, a device or an address. The key is a hash: no list of names or addresses is kept."""
    return Counted(hashlib.sha256(f"{kind}:{value}".encode()).hexdigest(), allowed)


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, an IPv6 /64 (one customer's network)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6:
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


class Pauses:
    """Counts wrong passwords in the database, and refuses paused attempts from memory without touching it."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._until: dict[str, datetime] = {}
        self._turns: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def turn(self, subjects: Sequence[Counted]) -> AsyncIterator[None]:
        """Passwords for the first of `subjects` are checked one after the other, so that each wrong one counts before
        the next is looked at. Raises `TooManyAttempts` while one of them is paused, or too many wait."""
        await self.check(subjects)
        key = subjects[0].key
        lock, waiting = self._turns.get(key, (asyncio.Lock(), 0))
        if waiting >= MAX_WAITING:
            raise TooManyAttempts(retry_after_s=2)
        self._turns[key] = (lock, waiting + 1)
        try:
            async with lock:
                await self.check(subjects)
                yield
        finally:
            lock, waiting = self._turns[key]
            if waiting == 1:
                del self._turns[key]
            else:
                self._turns[key] = (lock, waiting - 1)

    async def check(self, subjects: Sequence[Counted]) -> None:
        """Raise `TooManyAttempts` while one of them is paused."""
        now = self._platform.clock.now()
        until = max((self._until.get(s.key, now) for s in subjects), default=now)
        if until <= now:
            keys = [s.key for s in subjects]
            async with self._platform.database.session(write=False) as session:
                rows = await session.scalars(
                    select(SignInPause).where(SignInPause.key.in_(keys), SignInPause.until > now)
                )
                until = max((self._remember(row.key, row.until) for row in rows), default=now)
        if until > now:
            seconds = max(1, round((until - now).total_seconds() + 0.5))
            raise TooManyAttempts(
                (
                    f"密码尝试过多,请 {seconds} 秒后再试",
                    f"too many attempts with a wrong password; try again in {seconds} s",
                ),
                hint=("忘记密码可以重置", "if you forgot the password, reset it"),
                retry_after_s=seconds,
            )

    def _remember(self, key: str, until: datetime) -> datetime:
        if len(self._until) >= _REMEMBERED:
            now = self._platform.clock.now()
            self._until = {k: u for k, u in self._until.items() if u > now}
        self._until[key] = until
        return until

    async def count(self, subjects: Sequence[Counted], *, subject_id: str | None = None) -> None:
        """Count a wrong password for each; from the `allowed`-th on each pause is twice the one before."""
        limit = timedelta(minutes=self._platform.section(IdentitySettings).pause_max_minutes)
        async with self._platform.work(SYSTEM) as uow:
            now = uow.clock.now()
            for each in sorted(subjects, key=lambda s: s.key):
                fresh = {"key": each.key, "failures": 0, "last_at": now, "until": now}
                await uow.session.execute(insert_missing(uow.session, SignInPause, fresh))
                row = await uow.session.get_one(SignInPause, each.key, with_for_update=True)
                row.failures = 1 if row.last_at < now - MEMORY else row.failures + 1
                row.last_at = now
                beyond = row.failures - each.allowed
                if beyond >= 0:
                    row.until = now + min(timedelta(seconds=2.0 ** min(beyond, 30)), limit)
                    self._remember(row.key, row.until)
                if beyond == 0:
                    await uow.audit("identity.sign_in_pause", subject_id or "unknown", failures=row.failures)

    async def forget(self, subject: Counted) -> None:
        """A right password: start counting anew."""
        self._until.pop(subject.key, None)
        async with self._platform.work(SYSTEM) as uow:
            await uow.session.execute(delete(SignInPause).where(SignInPause.key == subject.key))
