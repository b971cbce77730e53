"""Variables that a task's command gets and nobody sees: the hook by which the room that owns a task gives them.

They are no part of the task's description, so no page, answer, log or lineage shows them; they are asked for when a
try is launched, and go only to that try.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from ceyuan.compute.executors import Launch
from ceyuan.kernel.platform import Platform


class TaskSecrets(Protocol):
    """Hook: who gives secrets to tasks of its own."""

    async def secrets_of(self, platform: Platform, task_id: str) -> Mapping[str, str]:
        """Variables for the command of a task; none for tasks of others. The same at every question."""
        ...


async def with_secrets(platform: Platform, task_id: str, launch: Launch) -> Launch:
    """The launch with the task's secrets among its variables."""
    given: dict[str, str] = {}
    for hook in platform.find(TaskSecrets):  # type: ignore[type-abstract]
        given |= await hook.secrets_of(platform, task_id)
    return replace(launch, environment={**launch.environment, **given}) if given else launch
