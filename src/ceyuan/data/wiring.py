"""How the data rooms take part in the platform: their jobs, their token scope."""

from __future__ import annotations

from ceyuan.data.pipelines import tasks
from ceyuan.identity import ScopeRoom
from ceyuan.kernel.platform import Platform

assert tasks


def wire(platform: Platform) -> None:
    """Declare the scope that tokens can be limited to; the import declares the jobs."""
    platform.provide(ScopeRoom, ScopeRoom("data", ("数据来源与流水线", "Data sources and pipelines")))
