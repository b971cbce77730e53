"""The name under which a process holds leases, held so that no second process goes by it.

A process that is begun again after it was killed takes up at once what stands under its name; so two that live must
not have the same one. On PostgreSQL the name is a session's advisory lock
(https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS), which ends with the process that held
it; on SQLite, which has one process, the lock is on a file beside the database.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import logging
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from ceyuan.kernel.database import Database
from ceyuan.kernel.errors import Conflict, Invalid

if TYPE_CHECKING:
    from psycopg import AsyncConnection

logger = logging.getLogger(__name__)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LOOK_S = 2.0
_PATIENCE_S = 5.0
"""How long the server may take to notice that a killed process is gone."""
_SETTLE = (
    "SET tcp_keepalives_idle = 10",  # a machine that lost its power lets go of the name after half a minute
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 4",
    "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'",
)


class ExecutorTaken(Conflict):
    """Another process that lives goes by the name of this one, or has the SQLite database open."""

    code = "executor_taken"
    title = ("进程名已被占用", "The process's name is taken")


def executor_name() -> str:
    """The name under which this process holds leases; the same after a restart on the same host and slot.

    Raises `Invalid` for one that is no name.
    """
    name = os.environ.get("CEYUAN_EXECUTOR", "local")
    if not _NAME.fullmatch(name):
        raise Invalid(
            (f"CEYUAN_EXECUTOR 不是有效的进程名:{name[:80]!r}", f"CEYUAN_EXECUTOR is no name: {name[:80]!r}"),
            hint=(
                "请用 1 到 64 个字母、数字、点、下划线或连字符",
                "use 1 to 64 letters, digits, dots, underscores and hyphens",
            ),
        )
    return name


def _leave() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


class ExecutorHold:
    """The name, held from `take` to `release`; `lost` is called once if another process got hold of it meanwhile."""

    def __init__(self, database: Database, name: str, *, lost: Callable[[], None] = _leave) -> None:
        self.name = name
        self._path = database.path
        self._url = database.url
        self._lost = lost
        self._file: int | None = None
        self._connection: AsyncConnection | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def take(self) -> None:
        """Hold the name; raises `ExecutorTaken` where another process does."""
        if self._path is not None:
            self._take_file(self._path)
            return
        until = time.monotonic() + _PATIENCE_S
        while not await self._lock():
            if time.monotonic() > until:
                await self._hang_up()
                raise ExecutorTaken(
                    (
                        f"另一个进程正以 {self.name} 之名使用此数据库",
                        f"another process uses this database under the name {self.name}",
                    ),
                    hint=(
                        "请停止它,或用 CEYUAN_EXECUTOR 给本进程另起一个名字",
                        "stop it, or give this process a name of its own with CEYUAN_EXECUTOR",
                    ),
                )
            await asyncio.sleep(0.2)
        self._keeper = asyncio.create_task(self._keep(), name="executor-name")

    async def release(self) -> None:
        """Let go of the name."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
        await self._hang_up()

    def _take_file(self, database: Path) -> None:
        self._file = os.open(f"{database}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            self._file = None
            raise ExecutorTaken(
                (f"另一个进程正在使用数据库 {database}", f"another process uses the database {database}"),
                hint=("请先停止它;多个进程需要 PostgreSQL", "stop it first; several processes need PostgreSQL"),
            ) from None

    async def _lock(self) -> bool:
        from psycopg import AsyncConnection  # a platform on SQLite has no driver

        if self._connection is None:
            url = sa.make_url(self._url).set(drivername="postgresql").render_as_string(hide_password=False)
            self._connection = await AsyncConnection.connect(url, autocommit=True, connect_timeout=10)
            for statement in _SETTLE:
                await self._connection.execute(statement)
        digest = hashlib.sha256(f"ceyuan executor {self.name}".encode()).digest()
        key = int.from_bytes(digest[:8], signed=True)
        cursor = await self._connection.execute("SELECT pg_try_advisory_lock(%s)", (key,))
        row = await cursor.fetchone()
        return row is not None and bool(row[0])

    async def _hang_up(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _keep(self) -> None:
        await asyncio.sleep(_LOOK_S)
        while await self.look():
            await asyncio.sleep(_LOOK_S)

    async def look(self) -> bool:
        """Whether the name is still held, or may be again. The server may be begun anew: the lock is gone with its
        session then, and is taken again."""
        try:
            if self._connection is not None:
                async with asyncio.timeout(30):
                    await self._connection.execute("SELECT 1")
                return True
            if await self._lock():
                logger.warning("the name %s is held again", self.name)
                return True
        except Exception:
            logger.warning("the session that holds the name %s is gone; it is taken again", self.name)
            await self._hang_up()
            return True
        logger.error("another process took the name %s: this one stops", self.name)
        self._lost()
        return False
