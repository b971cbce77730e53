"""Which process runs the embedded engines of deployments, where several share one database.

Each process says every few seconds that it lives, and one of them holds the engines: the first that finds nobody
holding them. It trusts what it holds for less long than the others do, so that two never run a deployment at once, nor
post its replica time. A process that is begun again in its own data folder is the same one and takes up at once what it
held. On SQLite there is one process, and nothing is written.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import socket
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import delete, select

from ceyuan.kernel.jobs import executor_name
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.upserts import insert_missing, upsert
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.serving.errors import EngineUnavailable
from ceyuan.models.serving.tables import EngineHolder

logger = logging.getLogger(__name__)
LASTS = timedelta(seconds=20)
"""For how long others believe that a process lives."""
_RENEW_S = 5.0
_EARLY_S = 6.0
"""It stops believing in itself so much earlier, as clocks differ and a renewal takes its time."""


class EngineHome:
    """This process's part in the question who runs embedded deployments; `changed` is called when the answer is
    another."""

    def __init__(
        self, platform: Platform, changed: Callable[[], None], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._platform = platform
        self._changed = changed
        self._monotonic = monotonic
        self._alone = platform.database.is_sqlite
        place = f"{executor_name()}@{socket.gethostname()}:{platform.data_dir.resolve()}"
        self.worker = hashlib.sha256(place.encode()).hexdigest()[:32]
        self.label = f"{executor_name()}@{socket.gethostname()}"[:200]
        self.holder = ""
        """The label of the process that holds the engines."""
        self._held = False
        self._until = 0.0
        self._task: asyncio.Task[None] | None = None

    @property
    def here(self) -> bool:
        """Whether deployments run in this process."""
        return self._alone or (self._held and self._monotonic() < self._until)

    async def start(self) -> None:
        """Say that this process lives, and go on saying so."""
        if self._alone:
            return
        await self.renew()
        if not self.here:
            logger.warning("embedded deployments run in the process %s, not in this one", self.holder)
        self._task = asyncio.create_task(self._keep(), name="engine-home")

    async def stop(self) -> None:
        """Leave what is held to others."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._held = False
            async with self._platform.work() as uow:
                await uow.session.execute(delete(EngineHolder).where(EngineHolder.worker == self.worker))

    async def renew(self) -> None:
        """Say that this process lives; take the engines where nobody holds them."""
        asked = self._monotonic()
        async with self._platform.work() as uow:
            now = uow.clock.now()
            rows = await _locked(uow)
            holder = next((row for row in rows if row.holds and row.until > now), None)
            held = holder is None or holder.worker == self.worker
            values = {"worker": self.worker, "label": self.label, "until": now + LASTS, "holds": held}
            changing = ("label", "until", "holds")
            await uow.session.execute(upsert(uow.session, EngineHolder, values, key=["worker"], update=changing))
            gone = (EngineHolder.until <= now, EngineHolder.worker.not_in(("", self.worker)))
            await uow.session.execute(delete(EngineHolder).where(*gone))
        self._held, self._until = held, asked + LASTS.total_seconds() - _EARLY_S
        self.holder = self.label if holder is None else holder.label

    def require(self) -> None:
        """Raise `EngineUnavailable` where deployments run in another process."""
        if not self.here:
            raise EngineUnavailable(
                (
                    f"该部署的引擎在进程 {self.holder} 中运行",
                    f"the engines of this deployment run in the process {self.holder}",
                ),
                (
                    "请让运维把该部署放入资源池,它对每个进程都可用",
                    "ask an operator to deploy it into a pool, where every process reaches it",
                ),
            )

    async def _keep(self) -> None:
        was = self.here
        while True:
            await asyncio.sleep(_RENEW_S)
            try:
                await self.renew()
            except Exception:
                logger.exception("it cannot be said that this process lives; it is tried again")
            if self.here != was:
                was = self.here
                logger.warning("embedded deployments run in the process %s now", self.holder)
                self._changed()


async def _locked(uow: UnitOfWork) -> Sequence[EngineHolder]:
    """All rows, held against other processes until the transaction ends."""
    first = {"worker": "", "label": "", "until": uow.clock.now(), "holds": False}
    await uow.session.execute(insert_missing(uow.session, EngineHolder, first))
    lock = select(EngineHolder).where(EngineHolder.worker == "").with_for_update()
    await uow.session.execute(lock)
    # A statement that had to wait for the lock does not see what was written meanwhile; the next one does.
    rows = select(EngineHolder).where(EngineHolder.worker != "").execution_options(populate_existing=True)
    return list(await uow.session.scalars(rows))


async def living(uow: UnitOfWork) -> list[str]:
    """The labels of all processes that share the database; none where it is SQLite."""
    rows = select(EngineHolder.label).where(EngineHolder.worker != "", EngineHolder.until > uow.clock.now())
    return sorted(await uow.session.scalars(rows))
