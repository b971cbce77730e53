"""Declares the job of the loop."""

from __future__ import annotations

from ceyuan.demo import tasks
from ceyuan.identity import ScopeRoom
from ceyuan.kernel.platform import Platform

assert tasks


def wire(platform: Platform) -> None:
    """Name the room to tokens; the import declares the job."""
    platform.provide(ScopeRoom, ScopeRoom("loop", ("完整循环", "The loop"), paths=("/api/v1/loop",)))
