"""Local processes: the agent beside us, each run in its own process group under a supervisor that outlives us."""

from __future__ import annotations

import os
import sys

from ceyuan.compute.executors import agent
from ceyuan.compute.executors.interface import ExecutorFault
from ceyuan.compute.executors.programs import run_program
from ceyuan.compute.executors.shared import FolderExecutor
from ceyuan.compute.executors.speaking import AgentExecutor


class LocalExecutor(FolderExecutor, AgentExecutor):
    """Runs below the folder `root`."""

    async def ask(self, *words: str, stdin: bytes = b"") -> bytes:
        """Run the agent in a process of its own: it needs nothing of our memory, and supervisors must not be ours."""
        command, *rest = words
        line = [sys.executable, "-I", agent.__file__, command, str(self.root), *rest]
        status, out, err = await run_program(*line, env={"PATH": os.environ.get("PATH", os.defpath)}, stdin=stdin)
        if status:
            raise ExecutorFault("unreachable", f"the agent failed: {err.decode(errors='replace')[-400:]}")
        return out
