"""What webhooks refuse."""

from __future__ import annotations

from ceyuan.kernel.errors import NotFound


class HookNotFound(NotFound):
    """The person has no such webhook."""

    code = "webhook_not_found"
    title = ("回调不存在", "No such webhook")
