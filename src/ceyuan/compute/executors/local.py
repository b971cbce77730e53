"""Local processes: the agent beside us, each run in its own process group under a supervisor that outlives us."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from ceyuan.compute.executors import agent
from ceyuan.compute.executors.interface import ExecutorFault, Run
from ceyuan.compute.executors.speaking import AgentExecutor


class LocalExecutor(AgentExecutor):
    """Runs below the folder `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def work(self, key: str) -> Path:
        """The folder in which a run works."""
        return self.root / key / "work"

    async def status(self, key: str) -> Run:
        """How a run stands: a few small files, read here."""
        if not agent.KEY.fullmatch(key):
            raise ExecutorFault("refused", f"{key!r} is no key")
        return Run.of(await asyncio.to_thread(agent.status, str(self.root / key), key))

    async def logs(self, key: str, offset: int = 0, limit: int = 65_536) -> bytes:
        """Bytes of the run's output."""
        if not agent.KEY.fullmatch(key):
            raise ExecutorFault("refused", f"{key!r} is no key")
        return await asyncio.to_thread(agent.logs, str(self.root), key, offset, limit)

    async def ask(self, *words: str, stdin: bytes = b"") -> bytes:
        """Run the agent in a process of its own: it needs nothing of our memory, and supervisors must not be ours."""
        command, *rest = words
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            agent.__file__,
            command,
            str(self.root),
            *rest,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": os.environ.get("PATH", os.defpath)},
        )
        out, err = await process.communicate(stdin)
        if process.returncode:
            raise ExecutorFault("unreachable", f"the agent failed: {err.decode(errors='replace')[-400:]}")
        return out
