"""Fills the gateway's moderation hook."""

from __future__ import annotations

from ceyuan.governance.moderation.guard import ChainGuard
from ceyuan.governance.moderation.settings import ModerationSettings
from ceyuan.kernel.platform import Platform
from ceyuan.models.gateway import Moderation


def wire(platform: Platform) -> None:
    """Put the guard before every model, unless the operator switched it off."""
    settings = platform.section(ModerationSettings)
    if settings.moderation:
        platform.provide(Moderation, ChainGuard(settings))
