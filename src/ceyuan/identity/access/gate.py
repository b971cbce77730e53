"""The gate: from a request's token or cookie to its actor.

A credential is looked up once and then kept in memory for a minute; events drop what changed in every
process at once, and the minute bounds what a lost event could do.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable
from datetime import timedelta

from fastapi import Request

from ceyuan.identity.access.credential import Credential
from ceyuan.identity.access.loading import load_session, load_token
from ceyuan.identity.access.scopes import SAFE_METHODS, ScopeGuard
from ceyuan.identity.access.usage import UsageNotes
from ceyuan.identity.credentials import SESSION_PREFIX, TOKEN_PREFIX, fingerprint, is_credential
from ceyuan.identity.errors import CsrfFailed, TokenRejected
from ceyuan.identity.sessions import cookies
from ceyuan.identity.settings import IdentitySettings
from ceyuan.kernel.actor import ANONYMOUS, Actor
from ceyuan.kernel.platform import Platform

CAPACITY = 20_000


class Gate:
    """Authenticates requests of one process; also the platform service that writes times of use."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._known: dict[str, Credential] = {}
        self._generation = 0
        self._guard: ScopeGuard | None = None
        settings = platform.section(IdentitySettings)
        self._fresh_s = settings.credential_cache_s
        self._idle = timedelta(minutes=settings.session_idle_minutes)
        self.usage = UsageNotes(platform)

    @property
    def changes(self) -> int:
        """Grows with every change after which a credential in memory may no longer be right."""
        return self._generation

    async def start(self, platform: Platform) -> None:
        """Nothing to start: the gate works from the first request."""

    async def stop(self, platform: Platform) -> None:
        """Write the times of use that are still in memory."""
        await self.usage.stop()

    async def authenticate(self, platform: Platform, request: Request) -> Actor:
        """Who sends the request; fills `request.state.credential`.

        Raises `TokenRejected` for a bad token, `Forbidden` where a token's scopes do not reach, `CsrfFailed` for a
        change by cookie without its header token. A session that is over is nobody, so that public pages still open.
        """
        header = request.headers.get("authorization")
        if header is not None:
            found = await self.token(_token_in(header))
            if self._guard is None:
                self._guard = ScopeGuard(platform)
            self._guard.check(found.actor, request.method, request.url.path)
            request.state.credential = found
            return found.actor
        secret = cookies.read(platform, request, cookies.SESSION)
        session = await self.session(secret) if secret else None
        if secret is None or session is None:
            return ANONYMOUS
        if request.method not in SAFE_METHODS and not cookies.csrf_fits(
            secret, request.headers.get(cookies.CSRF_HEADER)
        ):
            raise CsrfFailed(hint=("请刷新页面后重试", "reload the page and try again"))
        request.state.credential = session
        return session.actor

    async def token(self, plain: str) -> Credential:
        """The credential of an access token; raises `TokenRejected`."""
        if not is_credential(plain, TOKEN_PREFIX):
            raise _rejected()
        key = fingerprint(plain)
        now = self._platform.clock.now()
        found = self._recall(key)
        if found is None:
            generation = self._generation
            async with self._platform.database.session(write=False) as session:
                found = await load_token(session, key)
            if found is None:
                raise _rejected()
            self._keep(key, found, generation)
        if found.is_over(now):
            raise TokenRejected(
                ("访问令牌已过期", "the access token has expired"), hint=("请创建新的令牌", "create a new token")
            )
        found.seen_at = now
        self.usage.token(found.id, now)
        return found

    async def session(self, secret: str) -> Credential | None:
        """The credential of a session cookie; None if it is unknown, ended or over."""
        if not is_credential(secret, SESSION_PREFIX):
            return None
        key = fingerprint(secret)
        now = self._platform.clock.now()
        found = self._recall(key)
        if found is None or found.is_over(now):
            generation = self._generation
            async with self._platform.database.session(write=False) as session:
                found = await load_session(session, key, self._idle)
            if found is None or found.is_over(now):
                self._known.pop(key, None)
                return None
            self._keep(key, found, generation)
        found.seen_at = now
        self.usage.session(found.id, now)
        return found

    def _recall(self, key: str) -> Credential | None:
        found = self._known.get(key)
        if found is None or time.monotonic() - found.loaded_at > self._fresh_s:
            return None
        return found

    def _keep(self, key: str, found: Credential, generation: int) -> None:
        # What was read before something changed must not be remembered after it.
        if generation != self._generation:
            return
        if len(self._known) >= CAPACITY:
            self._known = {k: c for k, c in self._known.items() if time.monotonic() - c.loaded_at <= self._fresh_s}
            while len(self._known) >= CAPACITY:
                self._known.pop(next(iter(self._known)))
        self._known[key] = found

    def forget(self, matches: Callable[[Credential], bool]) -> None:
        """Drop the credentials that a change concerns; the next request looks them up again."""
        self._generation += 1
        self._known = {k: c for k, c in self._known.items() if not matches(c)}


def _rejected() -> TokenRejected:
    return TokenRejected(hint=("请检查令牌是否完整,或创建新的令牌", "check that it is complete, or create a new one"))


def _token_in(header: str) -> str:
    """The token of a Bearer header, or the password of a Basic one (git and LFS clients send that)."""
    scheme, _, value = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise _rejected() from None
        return password or user
    raise _rejected()
