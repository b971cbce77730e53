"""The curve of a running training, from the engine's reports into the database, a few points at a time."""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType
from typing import Any

from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.platform import Platform
from ceyuan.models.trainings import repository

logger = logging.getLogger(__name__)
FLUSH_S = 2.0
FIGURES = ("loss", "heldout_loss", "learning_rate", "tokens_per_second", "eta_s")


class CurveKeeper:
    """While entered, writes what it hears every other second, and the rest at the end."""

    def __init__(self, platform: Platform, run_id: str) -> None:
        self._platform = platform
        self._run_id = run_id
        self._points: dict[int, dict[str, Any]] = {}
        self._task: asyncio.Task[None] | None = None

    def hear(self, report: dict[str, Any]) -> None:
        """Note a report of the engine if it is a training step."""
        if "step" in report:
            figures = {name: report[name] for name in FIGURES}
            now = self._platform.clock.now()
            self._points[report["step"]] = {"run_id": self._run_id, "step": report["step"], "at": now, **figures}

    async def __aenter__(self) -> CurveKeeper:
        self._task = asyncio.create_task(self._keep_writing(), name=f"curve of {self._run_id}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._write()

    async def _keep_writing(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_S)
            try:
                await self._write()
            except Exception:
                logger.exception("points of %s could not be written; they are tried again", self._run_id)

    async def _write(self) -> None:
        if not self._points:
            return
        rows = [self._points[step] for step in sorted(self._points)]
        async with self._platform.work(SYSTEM) as uow:
            await repository.keep_points(uow.session, rows)
            run = await repository.get(uow.session, self._run_id)
            last = rows[-1]
            measured = [row["heldout_loss"] for row in rows if row["heldout_loss"] is not None]
            known = run.summary or {}
            run.summary = {
                **known,
                **{name: last[name] for name in ("step", "loss", "learning_rate", "tokens_per_second", "eta_s")},
                "heldout_loss": measured[-1] if measured else known.get("heldout_loss"),
            }
        # What came in while the transaction ran stays for the next round.
        for row in rows:
            if self._points.get(row["step"]) is row:
                del self._points[row["step"]]
