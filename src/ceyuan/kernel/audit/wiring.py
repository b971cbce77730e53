"""The regular signing of the log's head."""

from __future__ import annotations

from ceyuan.kernel.platform import Chore, Platform


def wire(platform: Platform) -> None:
    """Declare the chore; the log itself decides whether a head is due."""
    platform.chores.append(Chore("sign the head of the audit log", 60.0, platform.audit.sweep))
