"""`Last used` of tokens and `last seen` of sessions: noted in memory, written together every half minute."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import cast

from sqlalchemy import Table, bindparam, update

from ceyuan.identity.sessions.tables import Session
from ceyuan.identity.settings import IdentitySettings
from ceyuan.identity.tokens.tables import Token
from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.platform import Platform

logger = logging.getLogger(__name__)


class UsageNotes:
    """Collects times of use; loses at most one interval of them in a crash, and nothing else depends on it."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._tokens: dict[str, datetime] = {}
        self._sessions: dict[str, datetime] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def token(self, token_id: str, at: datetime) -> None:
        self._tokens[token_id] = at
        self._arm()

    def session(self, session_id: str, at: datetime) -> None:
        self._sessions[session_id] = at
        self._arm()

    def _arm(self) -> None:
        if self._timer is None:
            wait = self._platform.section(IdentitySettings).usage_flush_s
            self._timer = asyncio.get_running_loop().call_later(wait, self._fire)

    def _fire(self) -> None:
        self._timer = None
        self._task = asyncio.create_task(self._flush_quietly(), name="usage-notes")

    async def _flush_quietly(self) -> None:
        try:
            await self.flush()
        except Exception:
            logger.exception("times of use could not be written; they will be tried again")
            self._arm()

    async def flush(self) -> None:
        """Write what was noted."""
        tokens, self._tokens = self._tokens, {}
        sessions, self._sessions = self._sessions, {}
        try:
            await self._write(tokens, sessions)
        except BaseException:
            self._tokens = {**tokens, **self._tokens}
            self._sessions = {**sessions, **self._sessions}
            raise

    async def _write(self, tokens: dict[str, datetime], sessions: dict[str, datetime]) -> None:
        if not tokens and not sessions:
            return
        async with self._platform.work(SYSTEM) as uow:
            for table, column, times in (
                (Token.__table__, "used_at", tokens),
                (Session.__table__, "seen_at", sessions),
            ):
                if times:
                    statement = update(cast(Table, table)).where(table.c.id == bindparam("row"))
                    rows = [{"row": row, "at": at} for row, at in sorted(times.items())]
                    await (await uow.session.connection()).execute(statement.values({column: bindparam("at")}), rows)

    async def stop(self) -> None:
        """Write the rest."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        await self.flush()
