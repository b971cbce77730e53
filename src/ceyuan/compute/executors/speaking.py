"""Speaking with an agent, wherever it is: the executor interface over one way to run `agent.py`."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import Any

from ceyuan.compute.executors.interface import ExecutorFault, Launch, Machine, Run


class AgentExecutor(ABC):
    """An executor behind an agent; subclasses say how a command of it is run."""

    @abstractmethod
    async def ask(self, *words: str, stdin: bytes = b"") -> bytes:
        """Run the agent with these words and give its standard output; raises `ExecutorFault`."""

    async def _answer(self, *words: str, stdin: bytes = b"") -> dict[str, Any]:
        raw = await self.ask(*words, stdin=stdin)
        try:
            answer: dict[str, Any] = json.loads(raw)
        except ValueError as error:
            raise ExecutorFault("unreachable", f"the agent answered {raw[:200]!r}") from error
        if "error" in answer:
            raise ExecutorFault(str(answer["error"]), f"the agent refused: {answer['error']}")
        return answer

    async def probe(self) -> Machine:
        """Look at the machine."""
        found = await self._answer("probe")
        found["accelerators"] = tuple((str(name), float(memory)) for name, memory in found["accelerators"])
        return Machine(**found)

    async def submit(self, key: str, launch: Launch) -> Run:
        """Start a run under a key, once."""
        body = json.dumps(asdict(launch)).encode()
        return Run.of(await self._answer("submit", key, stdin=body))

    async def status(self, key: str) -> Run:
        """How a run stands."""
        return Run.of(await self._answer("status", key))

    async def cancel(self, key: str, reason: str = "cancelled") -> Run:
        """Ask a run to end."""
        return Run.of(await self._answer("cancel", key, reason))

    async def logs(self, key: str, offset: int = 0, limit: int = 65_536) -> bytes:
        """Bytes of the run's output."""
        return await self.ask("logs", key, str(offset), str(limit))

    async def drain(self, on: bool = True) -> int:
        """Take no new runs, or take them again; how many are at work."""
        return int((await self._answer("drain", "on" if on else "off"))["running"])

    async def forget(self, key: str) -> None:
        """Remove what an ended run left."""
        await self._answer("forget", key)

    async def close(self) -> None:
        """No connection is kept."""
        return
