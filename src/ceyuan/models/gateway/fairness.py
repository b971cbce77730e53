"""Turns at a model that takes only so many calls at once: those beyond wait in line, and organisations take turns
(Nagle 1987, fair queueing with one line for each source), so that nobody's thousand calls keep another's one waiting.
"""

from __future__ import annotations

import asyncio
from collections import deque

from ceyuan.models.gateway.errors import AGAIN, TooManyAtOnce


class FairGate:
    """The gate of one model: `running` calls are inside, the others wait by organisation."""

    def __init__(self) -> None:
        self.running = 0
        self.waiting = 0
        self._lines: dict[str, deque[asyncio.Future[None]]] = {}
        self._turns: deque[str] = deque()

    async def enter(self, org_id: str, bound: int, longest: int) -> None:
        """Go in, at once or in turn; raises `TooManyAtOnce` where `longest` calls of the organisation wait already."""
        if self.running < bound and not self.waiting:
            self.running += 1
            return
        line = self._lines.setdefault(org_id, deque())
        if len(line) >= longest:
            raise TooManyAtOnce(
                (f"并发请求已达上限 {bound}", f"{bound} calls at once are the limit"), hint=AGAIN, retry_after_s=1
            )
        if not line:
            self._turns.append(org_id)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(turn)
        self.waiting += 1
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(bound)
            else:
                self._forget(org_id, turn)
            raise

    def leave(self, bound: int) -> None:
        """Go out, and let in whose turn it is."""
        self.running -= 1
        while self.running < bound and self.waiting:
            org_id = self._turns.popleft()
            line = self._lines[org_id]
            turn = line.popleft()
            self.waiting -= 1
            if line:
                self._turns.append(org_id)
            else:
                del self._lines[org_id]
            if not turn.done():
                self.running += 1
                turn.set_result(None)

    def _forget(self, org_id: str, turn: asyncio.Future[None]) -> None:
        line = self._lines.get(org_id)
        if line is None or turn not in line:
            return
        line.remove(turn)
        self.waiting -= 1
        if not line:
            del self._lines[org_id]
            self._turns.remove(org_id)


class FairGates:
    """The gates of all models that have a bound. `longest` is how many calls of an organisation may wait at one."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._gates: dict[str, FairGate] = {}

    async def enter(self, model: str, org_id: str, bound: int) -> None:
        """Take one's turn at a model; `leave` must follow. Raises `TooManyAtOnce`."""
        gate = self._gates.setdefault(model, FairGate())
        await gate.enter(org_id, bound, self._longest)

    def leave(self, model: str, bound: int) -> None:
        """The call is over."""
        gate = self._gates[model]
        gate.leave(bound)
        if not gate.running and not gate.waiting:
            del self._gates[model]

    def waiting(self) -> dict[str, int]:
        """Calls in line by model."""
        return {model: gate.waiting for model, gate in self._gates.items() if gate.waiting}
