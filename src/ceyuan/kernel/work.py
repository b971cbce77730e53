"""The unit of work: one request or one task is one transaction, and nothing commits by hand."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.kernel.actor import Actor
from ceyuan.kernel.clock import Clock
from ceyuan.kernel.events import Event, write_event

if TYPE_CHECKING:
    from ceyuan.kernel.platform import Platform

logger = logging.getLogger(__name__)
AfterCommit = Callable[[], Awaitable[None]]


class UnitOfWork:
    """What a use case needs: the session, who acts, the clock, and what shall follow the commit."""

    def __init__(self, platform: Platform, session: AsyncSession, actor: Actor, *, writes: bool) -> None:
        self.platform = platform
        self.session = session
        self.actor = actor
        self.writes = writes
        self._after: list[AfterCommit] = []
        self._published = False

    @property
    def clock(self) -> Clock:
        return self.platform.clock

    async def publish(self, topic: str, **data: Any) -> None:
        """Tell the rooms above, after the commit, that something happened; `data` must be JSON-able."""
        self._published = True
        await write_event(self, Event(topic, data))

    def after_commit(self, action: AfterCommit) -> None:
        """Run `action` once the transaction is committed. It must be a mere nudge (wake a worker, drop a
        cache entry): whatever must not be lost is a row, an event or a job."""
        self._after.append(action)

    async def audit(self, action: str, subject: str, org_id: str | None = None, **data: Any) -> None:
        """Append to the audit log, in this transaction: who did `action` to `subject`."""
        await self.platform.audit.append(self, action, subject, org_id=org_id, data=data)

    async def committed(self) -> None:
        """Called by the platform after the commit."""
        if self._published:
            self.platform.dispatcher.wake()
        for action in self._after:
            try:
                await action()
            except Exception:
                logger.exception("an action after the commit failed")
