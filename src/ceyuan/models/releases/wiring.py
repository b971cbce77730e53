"""Registers the workflow of releases."""

from __future__ import annotations

from ceyuan.identity import ScopeRoom
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.workflow import workflows
from ceyuan.models.releases.process import RELEASE


def wire(platform: Platform) -> None:
    """Make the workflow known."""
    workflows(platform).register(RELEASE)
    platform.provide(ScopeRoom, ScopeRoom("releases", ("模型发布", "Releases"), paths=("/api/v1/releases",)))
