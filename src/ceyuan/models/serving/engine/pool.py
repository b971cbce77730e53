"""The engines of this platform: started at the first request or ahead of it, restarted with growing pauses
when they die, ended when nobody asked for a while."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Literal

import psutil

from ceyuan.kernel.waiting import wait_at_most
from ceyuan.models.serving.engine.logbook import Logbook
from ceyuan.models.serving.engine.process import EngineProcess, EngineSpec
from ceyuan.models.serving.errors import EngineUnavailable

logger = logging.getLogger(__name__)
State = Literal["stopped", "starting", "ready", "backing_off", "queued", "draining", "stopping", "failed"]
_PREFIX = "ceyuan-engines-"
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_SMOOTHING = 0.2
_SHOWN = 200
"""Lines of an engine's log that its state has."""
_OVERHEAD_BYTES = 200 << 20
"""Memory of a worker beside the model file: runtime, buffers, a small context."""


@dataclass(frozen=True, slots=True)
class EngineState:
    """How an engine is: for pages and health checks. `selftest` holds tokens/s by thread count; of one in a
    pool `task_id` is the compute task that runs it, and `address` where it listens."""

    name: str
    state: State
    pid: int | None
    in_flight: int
    threads: int | None
    load_s: float | None
    rss_mb: float | None
    restarts: int
    last_error: str | None
    selftest: list[dict[str, Any]]
    log: list[str]
    task_id: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to send one request to an engine: its socket."""

    name: str
    socket: Path


@dataclass(frozen=True, slots=True)
class Load:
    """How busy an engine is: calls that it holds, how many it runs at once, how long one usually takes in seconds."""

    ready: bool
    in_flight: int
    parallel: int
    mean_s: float


@dataclass
class _Slot:
    name: str
    spec: EngineSpec
    keep_warm: bool
    socket: Path
    process: EngineProcess | None = None
    starting: asyncio.Task[None] | None = None
    in_flight: int = 0
    used_at: float = 0.0
    failures: int = 0
    restarts: int = 0
    not_before: float = 0.0
    last_error: str | None = None
    threads: int | None = None
    mean_s: float = 0.0
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    book: Logbook = field(default_factory=Logbook)


def own_folder(base: Path | None = None) -> tuple[Path, IO[bytes]]:
    """A short folder for sockets (mode 0700; their paths are limited to about 100 bytes) and the open file that
    locks it. Folders of processes that are gone, which the lock tells, are removed."""
    base = base or Path(tempfile.gettempdir())
    for left in base.glob(f"{_PREFIX}*"):
        try:
            with (left / "lock").open("rb") as found:
                fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
        except OSError:
            continue  # it is in use, another account's, or just being made
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
    lock = (folder / "lock").open("wb")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return folder, lock


class Engines:
    """Engine processes by name. Times are in seconds; `max_loaded` bounds how many models are in memory."""

    def __init__(
        self, *, idle_s: float = 900, start_timeout_s: float = 180, max_loaded: int = 3, drain_s: float = 30
    ) -> None:
        self.idle_s = idle_s
        self.start_timeout_s = start_timeout_s
        self.max_loaded = max_loaded
        self.drain_s = drain_s
        self._folder, self._lock = own_folder()
        self._slots: dict[str, _Slot] = {}
        self._sweeper: asyncio.Task[None] | None = None
        self._closed = False
        self._count = 0
        self._ending: set[asyncio.Task[None]] = set()

    def declare(self, name: str, spec: EngineSpec, *, keep_warm: bool = False) -> None:
        """Say that `name` is to be served by `spec`; a running engine with another spec is drained and replaced."""
        known = self._slots.get(name)
        if known is not None and known.spec == spec:
            known.keep_warm = keep_warm
        else:
            if known is not None:
                self._retire(known)
            self._count += 1
            self._slots[name] = _Slot(name, spec, keep_warm, self._folder / f"{self._count}.sock")
        if keep_warm:
            self._begin(self._slots[name])

    def withdraw(self, name: str) -> None:
        """Serve `name` no longer: its running requests finish, then its process ends."""
        if slot := self._slots.pop(name, None):
            self._retire(slot)

    @property
    def names(self) -> list[str]:
        return list(self._slots)

    @asynccontextmanager
    async def lease(self, name: str, *, wait_s: float | None = None, call_id: str = "") -> AsyncIterator[Lease]:
        """Hold an engine for one request (`call_id` in its log), started first where it sleeps.

        Waits at most `wait_s` for a start; raises `EngineUnavailable` when that is not enough, when the
        engine pauses after a crash, or when it cannot be loaded.
        """
        slot = self._slots.get(name)
        if slot is None or self._closed:
            raise EngineUnavailable((f"没有引擎 {name}", f"there is no engine {name}"))
        slot.in_flight += 1
        slot.idle.clear()
        try:
            if slot.process is None or not slot.process.is_alive:
                await self._ensure(slot, wait_s if wait_s is not None else self.start_timeout_s)
            began = asyncio.get_running_loop().time()
            ending = "ended early"
            try:
                yield Lease(name, slot.socket)
                ending = "ended"
            finally:
                taken = asyncio.get_running_loop().time() - began
                slot.book.call(f"call {call_id or 'of the platform'} {ending} after {taken:.3f} s")
            slot.mean_s = taken if not slot.mean_s else slot.mean_s + _SMOOTHING * (taken - slot.mean_s)
        finally:
            slot.in_flight -= 1
            slot.used_at = asyncio.get_running_loop().time()
            if slot.in_flight == 0:
                slot.idle.set()

    def load(self, name: str) -> Load | None:
        """How busy an engine is."""
        slot = self._slots.get(name)
        if slot is None:
            return None
        ready = slot.process is not None and slot.process.is_alive and slot.starting is None
        return Load(ready, slot.in_flight, slot.spec.parallel, slot.mean_s)

    def states(self) -> list[EngineState]:
        """All engines as they are now."""
        return [self._state(slot) for slot in self._slots.values()]

    def state(self, name: str) -> EngineState | None:
        slot = self._slots.get(name)
        return self._state(slot) if slot else None

    async def start(self) -> None:
        """Begin to look after idle and dead engines."""
        self._sweeper = asyncio.create_task(self._sweep(), name="engine-sweeper")

    async def close(self) -> None:
        """End every engine; running requests get `drain_s` to finish."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
        for slot in list(self._slots.values()):
            self._retire(slot)
        self._slots.clear()
        while self._ending:
            await asyncio.gather(*self._ending, return_exceptions=True)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._lock.close()

    def _state(self, slot: _Slot) -> EngineState:
        process, now = slot.process, asyncio.get_running_loop().time()
        alive = process is not None and process.is_alive
        state: State = "ready" if alive else "stopped"
        if slot.starting is not None:
            state = "starting"
        elif not alive and slot.not_before > now:
            state = "backing_off"
        rss = None
        if process is not None and alive and process.pid is not None:
            try:
                rss = round(psutil.Process(process.pid).memory_info().rss / 1e6, 1)
            except psutil.Error:
                pass
        return EngineState(
            name=slot.name,
            state=state,
            pid=process.pid if process is not None and alive else None,
            in_flight=slot.in_flight,
            threads=slot.threads,
            load_s=process.load_s if process is not None and alive else None,
            rss_mb=rss,
            restarts=slot.restarts,
            last_error=slot.last_error,
            selftest=process.selftest if process else [],
            log=slot.book.lines()[-_SHOWN:],
        )

    async def _ensure(self, slot: _Slot, wait_s: float) -> None:
        pause = slot.not_before - asyncio.get_running_loop().time()
        if pause > wait_s:
            raise self._paused(slot, pause)
        self._begin(slot)
        assert slot.starting is not None
        try:
            async with asyncio.timeout(wait_s):
                await asyncio.shield(slot.starting)
        except TimeoutError:
            raise EngineUnavailable(
                (f"模型 {slot.name} 正在载入", f"{slot.name} is being loaded"),
                hint=("请稍后重试", "try again in a moment"),
                retry_after_s=10,
            ) from None

    def _paused(self, slot: _Slot, pause: float) -> EngineUnavailable:
        return EngineUnavailable(
            (
                f"模型 {slot.name} 的引擎出错,{pause:.0f} 秒后重启",
                f"the engine of {slot.name} failed; it restarts in {pause:.0f} s",
            ),
            hint=("请稍后重试", "try again in a moment"),
            retry_after_s=max(1, round(pause)),
            reason=slot.last_error,
        )

    def _begin(self, slot: _Slot) -> None:
        if slot.starting is None and not (slot.process and slot.process.is_alive):
            slot.starting = asyncio.create_task(self._start(slot), name=f"engine-start-{slot.name}")
            # A start that nobody waits for any more must not complain that nobody looked at its failure.
            slot.starting.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def _start(self, slot: _Slot) -> None:
        loop = asyncio.get_running_loop()
        try:
            await asyncio.sleep(max(0.0, slot.not_before - loop.time()))
            await self._make_room(slot)
            spec = replace(slot.spec, threads=slot.threads or slot.spec.threads)
            words = f"{spec.context} tokens of context, {spec.parallel} calls at once"
            slot.book.note(f"starting with {Path(spec.model_path).name}, {words}")
            process = EngineProcess(spec, slot.socket, lambda lost: self._on_lost(slot, lost), slot.book.note)
            await process.start(self.start_timeout_s)
            slot.book.note(f"ready after {process.load_s} s, {process.threads} threads")
            if slot.process is not None:
                slot.restarts += 1
                process.selftest = process.selftest or slot.process.selftest
            slot.process, slot.threads, slot.last_error = process, process.threads, None
            slot.used_at = loop.time()
            logger.info("engine %s is ready: %s threads, %s s", slot.name, process.threads, process.load_s)
        except EngineUnavailable as error:
            slot.book.note(f"not started: {error.reason or error.message[1]}")
            self._back_off(slot, error.reason)
            raise
        finally:
            slot.starting = None

    def _back_off(self, slot: _Slot, reason: str) -> None:
        now = asyncio.get_running_loop().time()
        if now - slot.used_at > 60 and slot.process is not None:
            slot.failures = 0
        slot.not_before = now + min(_FIRST_PAUSE_S * 2**slot.failures, _LONGEST_PAUSE_S)
        slot.failures += 1
        slot.last_error = reason

    def _on_lost(self, slot: _Slot, process: EngineProcess) -> None:
        if slot.process is not process:
            return
        self._back_off(slot, "; ".join(list(process.log)[-2:]) or "the process was killed")
        slot.book.note(f"the process {process.pid} ended by itself: {slot.last_error}")
        if slot.keep_warm and not self._closed and self._slots.get(slot.name) is slot:
            self._begin(slot)

    async def _make_room(self, slot: _Slot) -> None:
        try:
            needed = os.path.getsize(slot.spec.model_path) + _OVERHEAD_BYTES
        except OSError as error:
            raise EngineUnavailable(
                (f"模型 {slot.name} 的文件不在本机", f"the file of {slot.name} is not on this machine"),
                hint=(
                    "请运营人员在模型服务页重新准备该文件",
                    "an operator brings it again on the model's page (Prepare)",
                ),
                retry_after_s=60,
            ) from error
        loaded = [s for s in self._slots.values() if s.process and s.process.is_alive and s is not slot]
        for other in sorted(loaded, key=lambda s: s.used_at):
            enough = psutil.virtual_memory().available >= needed and len(loaded) < self.max_loaded
            if enough:
                return
            if other.in_flight == 0:
                await self._end(other, f"ended: {slot.name} needs the room")
                loaded.remove(other)
        available = psutil.virtual_memory().available
        if available < needed or len(loaded) >= self.max_loaded:
            raise EngineUnavailable(
                (
                    f"内存不足,无法载入 {slot.name}:需要 {needed / 1e6:.0f} MB,可用 {available / 1e6:.0f} MB",
                    f"no room to load {slot.name}: {needed / 1e6:.0f} MB needed, {available / 1e6:.0f} MB available, "
                    f"{len(loaded)} models in memory",
                ),
                hint=(
                    "请停用其他模型或提高 CEYUAN_ENGINE_MAX_LOADED",
                    "disable other models or raise CEYUAN_ENGINE_MAX_LOADED",
                ),
                retry_after_s=30,
            )

    async def _end(self, slot: _Slot, why: str) -> None:
        process, slot.process = slot.process, None
        if process is not None:
            slot.book.note(why)
            # Whoever asked may be cancelled; the process ends all the same, and `close` waits for it.
            await asyncio.shield(self._track(asyncio.create_task(process.stop(), name=f"engine-stop-{slot.name}")))

    def _track(self, task: asyncio.Task[None]) -> asyncio.Task[None]:
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        return task

    def _retire(self, slot: _Slot) -> None:
        async def retire() -> None:
            if slot.starting is not None:
                slot.starting.cancel()
                await asyncio.gather(slot.starting, return_exceptions=True)
            if slot.in_flight and not await wait_at_most(slot.idle, self.drain_s):
                logger.warning("engine %s ends with %s requests unfinished", slot.name, slot.in_flight)
            await self._end(slot, "ended: withdrawn")

        self._track(asyncio.create_task(retire(), name=f"engine-retire-{slot.name}"))

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(max(self.idle_s / 4, 0.05), 15))
            now = asyncio.get_running_loop().time()
            for slot in list(self._slots.values()):
                idle = slot.in_flight == 0 and not slot.keep_warm and now - slot.used_at > self.idle_s
                if idle and slot.process is not None and slot.process.is_alive:
                    logger.info("engine %s ends after %s idle seconds", slot.name, round(now - slot.used_at))
                    await self._end(slot, f"ended after {now - slot.used_at:.0f} s without a call")
