"""Argon2id hashes of passwords (RFC 9106), worked out in threads, at most as many at once as there are cores."""

from __future__ import annotations

import asyncio
import os
from functools import lru_cache

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from ceyuan.identity.errors import TooManyAttempts
from ceyuan.identity.passwords.rules import normalise
from ceyuan.identity.settings import IdentitySettings

QUEUE = 64
"""How many checks may wait for a core before the rest are told to come back."""


class Hasher:
    """Hashes and checks passwords without blocking the event loop or filling the memory."""

    def __init__(self, settings: IdentitySettings) -> None:
        self._argon2 = PasswordHasher(
            time_cost=settings.argon2_passes,
            memory_cost=max(settings.argon2_memory_kib, 8 * settings.argon2_lanes),
            parallelism=settings.argon2_lanes,
            type=Type.ID,
        )
        self._turn = asyncio.Semaphore(len(os.sched_getaffinity(0)))
        self._waiting = 0
        self._nobody = lru_cache(maxsize=1)(lambda: self._argon2.hash("nobody has this password"))

    async def hash(self, password: str) -> str:
        """The encoded Argon2id hash, with its own salt and parameters."""
        async with self._turn:
            return await asyncio.to_thread(self._argon2.hash, normalise(password))

    async def verify(self, encoded: str | None, password: str) -> bool:
        """Whether the password fits the hash; with no hash it takes the same time and is never true.

        Raises `TooManyAttempts` while more than `QUEUE` checks wait.
        """
        if self._waiting >= QUEUE:
            raise TooManyAttempts(retry_after_s=2)
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(self._fits, encoded, normalise(password))
        finally:
            self._waiting -= 1

    def _fits(self, encoded: str | None, password: str) -> bool:
        nobody = self._nobody()
        try:
            return self._argon2.verify(encoded or nobody, password) and encoded is not None
        except (VerificationError, InvalidHashError):
            return False

    def is_outdated(self, encoded: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(encoded)
