"""Declares the job of evaluation runs."""

from __future__ import annotations

from ceyuan.evaluation.runs import tasks
from ceyuan.kernel.platform import Platform

assert tasks


def wire(platform: Platform) -> None:
    """Nothing but the job, which the import declares."""
