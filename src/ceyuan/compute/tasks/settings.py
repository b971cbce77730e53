"""Settings of tasks."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from ceyuan.kernel.settings import Section


class TaskSettings(Section):
    """How tasks run on this machine."""

    model_config = SettingsConfigDict(env_prefix="CEYUAN_TASK_", extra="ignore", frozen=True)

    sandbox: bool = Field(
        default=True, description="Run tasks in bubblewrap where it works; without it only administrators may run any."
    )
    keep_days: float = Field(default=7.0, ge=0, description="Days for which an ended task's files and log are kept.")
    lease_s: float = Field(
        default=120.0,
        ge=5,
        description="Seconds without being asked after which a try on a remote host ends by itself; a host that is "
        "silent for longer has lost its task, which then starts elsewhere.",
    )
    checkpoint_s: float = Field(
        default=30.0, gt=0, description="Seconds between two copies of a remote task's checkpoint to this machine."
    )
