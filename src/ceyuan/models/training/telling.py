"""What a run says while it works: at once when a stage begins, else about once a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .loop import Pulse

__all__ = ["Report", "Teller"]

Report = Callable[[dict[str, Any]], None]
Words = tuple[str, str]

TELL_EVERY_S = 1.0


class Teller:
    """Turns what happens into reports: `progress`, `stage`, `message` (zh, en) and numbers."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._told = 0.0

    def stage(self, progress: float, stage: str, message: Words) -> None:
        """A stage begins at this share of the whole."""
        self._tell(progress, stage, message, {})

    def share(self, progress: float, stage: str, message: Words) -> None:
        """A stage has come this far; said when it is time."""
        if self._due():
            self._tell(progress, stage, message, {})

    def pulse(self, pulse: Pulse, progress: float) -> None:
        """A training step is done; said when it is time, and always with a held-out loss."""
        if pulse.heldout_loss is None and not self._due():
            return
        at, speed = f"{pulse.step}/{pulse.steps}", f"{pulse.tokens_per_second:,.0f}"
        message = (
            f"训练 {at}，损失 {pulse.loss:.3f}，{speed} 词元/秒",
            f"Step {at}, loss {pulse.loss:.3f}, {speed} tokens/s",
        )
        numbers = {
            "step": pulse.step,
            "steps": pulse.steps,
            "loss": pulse.loss,
            "heldout_loss": pulse.heldout_loss,
            "learning_rate": pulse.learning_rate,
            "tokens_per_second": round(pulse.tokens_per_second, 1),
            "eta_s": round(pulse.seconds_left, 1),
        }
        self._tell(progress, "train", message, numbers)

    def _due(self) -> bool:
        return time.monotonic() - self._told >= TELL_EVERY_S

    def _tell(self, progress: float, stage: str, message: Words, numbers: dict[str, Any]) -> None:
        self._told = time.monotonic()
        self._report({"progress": round(progress, 4), "stage": stage, "message": message, **numbers})
