"""One engine process: started, watched until it is ready, asked for its health, drained, ended."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ceyuan.models.serving.errors import EngineUnavailable

logger = logging.getLogger(__name__)
_WORKER = Path(__file__).with_name("worker.py")
_LOG_LINES = 200
_STAMP = re.compile(r"^[\d.]+ E ")
"""How an error begins in the engine's log."""
_INHERITED = ("PATH", "HOME", "LANG", "LC_", "LD_LIBRARY_PATH", "TMPDIR", "VIRTUAL_ENV", "CUDA_", "GGML_", "GOMP_")
"""Variables that a worker inherits; the platform's own secrets are not among them."""


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """How to run a model.

    `context` is the tokens that all running requests share, `parallel` how many run at once, `max_tokens`
    what an answer may have where a request sets no bound, `threads` fixes the thread count that a
    self-test would choose, `spin` lets waiting threads spin (faster on a machine of one's own, very slow
    on a shared one).
    """

    model_path: str
    alias: str
    context: int = 4096
    parallel: int = 4
    max_tokens: int = 1024
    threads: int | None = None
    embeddings: bool = False
    chat_template: str = ""
    spin: bool = False


class EngineProcess:
    """A running worker. `lost` is called once if it ends without being asked to, `say` with each line of its log."""

    def __init__(
        self, spec: EngineSpec, socket: Path, lost: Callable[[EngineProcess], None], say: Callable[[str], None]
    ) -> None:
        self.spec = spec
        self.socket = socket
        self.threads: int | None = None
        self.load_s = 0.0
        self.selftest: list[dict[str, Any]] = []
        self.log: deque[str] = deque(maxlen=_LOG_LINES)
        self._lost = lost
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._failure = ""

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self, timeout_s: float) -> None:
        """Start the worker and wait until it is ready; raises `EngineUnavailable` with its last words."""
        spec = {
            **asdict(self.spec),
            "socket": str(self.socket),
            "parent": os.getpid(),
            "cores": len(os.sched_getaffinity(0)),
        }
        env = {name: value for name, value in os.environ.items() if name.startswith(_INHERITED)}
        # Threads that spin at a barrier starve each other as soon as anything else wants a core.
        env["OMP_WAIT_POLICY"] = "active" if self.spec.spin else "passive"
        creation = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-s", str(_WORKER), json.dumps(spec)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=env,
            )
        )
        try:
            self._process = await asyncio.shield(creation)
        except asyncio.CancelledError:
            # Whoever gives up while the process is being made must still end it.
            self._process = await creation
            await self.stop(0)
            raise
        ready = asyncio.get_running_loop().create_future()
        self._tasks = [
            asyncio.create_task(self._read_messages(ready), name="engine-messages"),
            asyncio.create_task(self._read_log(), name="engine-log"),
            asyncio.create_task(self._watch(ready), name="engine-watch"),
        ]
        try:
            async with asyncio.timeout(timeout_s):
                await ready
        except TimeoutError:
            await self.stop(0)
            raise EngineUnavailable(
                (
                    f"模型 {self.spec.alias} 在 {timeout_s:.0f} 秒内未能载入",
                    f"{self.spec.alias} did not load in {timeout_s:.0f} s",
                ),
                hint=("请稍后重试", "try again later"),
            ) from None
        except BaseException:
            await self.stop(0)
            raise

    async def stop(self, grace_s: float = 10) -> None:
        """Ask the worker to end and, after `grace_s`, kill it; its socket goes with it."""
        self._stopping = True
        process = self._process
        if process is not None and process.stdin is not None:
            process.stdin.close()
        if process is not None and process.returncode is None:
            if grace_s > 0:
                try:
                    async with asyncio.timeout(grace_s):
                        await process.wait()
                except TimeoutError:
                    logger.warning("engine %s did not end in %s s; it is killed", self.spec.alias, grace_s)
            if process.returncode is None:
                process.kill()
                await process.wait()
        if self._tasks:
            # The pipes close when they are read to their end.
            await asyncio.wait(self._tasks, timeout=2)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.socket.unlink(missing_ok=True)

    async def _read_messages(self, ready: asyncio.Future[None]) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            message = json.loads(line)
            if message["event"] == "selftest":
                self.selftest.append({"threads": message["threads"], "tokens_per_s": message["tokens_per_s"]})
                self._say(f"self-test: {message['tokens_per_s']} tokens/s with {message['threads']} threads")
            elif message["event"] == "ready":
                self.threads, self.load_s = message["threads"], message["load_s"]
                if not ready.done():
                    ready.set_result(None)
            elif message["event"] == "failed":
                self._failure = message["message"]
                self._say(f"failed: {self._failure}")

    async def _read_log(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        rest = b""
        while chunk := await self._process.stderr.read(1 << 16):
            *lines, rest = (rest + chunk).split(b"\n")
            rest = rest[-4096:]
            for line in lines:
                if words := line.decode("utf-8", "replace").rstrip():
                    self.log.append(words)
                    self._say(words)

    async def _watch(self, ready: asyncio.Future[None]) -> None:
        assert self._process is not None
        status = await self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        # What the worker said last may still be in the pipes.
        await asyncio.wait(self._tasks[:2], timeout=2)
        if not ready.done():
            faults = [_STAMP.sub("", line) for line in self.log if _STAMP.match(line)]
            words = "; ".join([*faults[:4], self._failure]).strip("; ") or f"exit status {status}"
            ready.set_exception(
                EngineUnavailable(
                    (f"模型 {self.spec.alias} 无法载入", f"{self.spec.alias} cannot be loaded"),
                    hint=("请联系平台运维", "ask the operator of this platform"),
                    retry_after_s=30,
                    reason=words,
                )
            )
        elif not self._stopping:
            logger.error("engine %s ended with status %s", self.spec.alias, status)
            self._lost(self)
