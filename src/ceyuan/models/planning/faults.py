"""What a plan may fail on, in both languages, with the figure that would do."""

from __future__ import annotations

from typing import Any


class PlanningFault(Exception):
    """A goal that makes no sense or that no plan reaches. `field` is the figure at fault, `nearest` what would do."""

    def __init__(self, field: str, zh: str, en: str, **nearest: Any) -> None:
        self.field = field
        self.message = (zh, en)
        self.nearest = nearest
        super().__init__(en)


class GoalInvalid(PlanningFault):
    """A figure is negative, absurd, or contradicts another."""


class DoesNotFit(PlanningFault):
    """No way to split the model fits into the memory of this accelerator."""


class TooLate(PlanningFault):
    """Even the widest sensible plan is not done by the deadline."""
