"""Hashing content on its way in: the SHA-256 of a file that arrives xorb after xorb is known when its last one is.

What a file is made of is said only at the end of its upload. Clients send a large file's xorbs in its order, so the
xorbs of an upload are hashed one after the other as they pass; where the guess was wrong, the content is read again
from where it was right. Nothing is believed for it: the hash is over content that was verified here.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ceyuan.hub.grants import Grant
from ceyuan.hub.xet.encoding import Run
from ceyuan.hub.xet.reading import Layout

PATIENCE_S = 3.0
"""Seconds for which a xorb waits for the one before it; who sends many over a slow line waits no second time."""
_MOST = 256


@dataclass(slots=True)
class Trail:
    """What came of one upload: its xorbs in order, and the hash of all content up to the end of each."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    broken: bool = False
    xorbs: list[bytes] = field(default_factory=list)
    states: list[hashlib._Hash] = field(default_factory=list)

    def known(self, where: Layout) -> tuple[hashlib._Hash, int]:
        """The hash of the beginning of a file, as far as it passed, and of how many of its runs that is."""
        count = 0
        for run, passed in zip(where.runs, self.xorbs, strict=False):
            if run.xorb != passed or not _is_whole(run, where):
                break
            count += 1
        return (self.states[count - 1].copy() if count else hashlib.sha256()), count


@dataclass(slots=True)
class Step:
    """The turn of one xorb: its content is fed to `digest`; it counts once `done` is told the xorb's hash."""

    trail: Trail
    digest: hashlib._Hash

    def done(self, xorb: bytes) -> None:
        self.trail.xorbs.append(xorb)
        self.trail.states.append(self.digest)


class Trails:
    """The uploads under way, by who uploads to which repository; the longest silent ones are forgotten."""

    def __init__(self) -> None:
        self._trails: OrderedDict[tuple[str, str], Trail] = OrderedDict()

    @asynccontextmanager
    async def step(self, grant: Grant) -> AsyncIterator[Step | None]:
        """The turn of the next xorb of an upload; None if its order cannot be kept."""
        trail = self._of(grant)
        if not trail.broken:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await trail.turn.acquire()
            except TimeoutError:
                trail.broken = True
        if trail.broken:
            yield None
            return
        try:
            yield Step(trail, trail.states[-1].copy() if trail.states else hashlib.sha256())
        finally:
            trail.turn.release()

    def finish(self, grant: Grant) -> Trail:
        """The trail of an upload whose files are described now; the next one begins anew."""
        return self._trails.pop(_key(grant), None) or Trail()

    def _of(self, grant: Grant) -> Trail:
        trail = self._trails.setdefault(_key(grant), Trail())
        self._trails.move_to_end(_key(grant))
        while len(self._trails) > _MOST:
            self._trails.popitem(last=False)
        return trail


def _key(grant: Grant) -> tuple[str, str]:
    return grant.repository_id, grant.actor.id


def _is_whole(run: Run, where: Layout) -> bool:
    return run.first == 0 and run.last == len(where.xorbs[run.xorb].xorb.chunks)
