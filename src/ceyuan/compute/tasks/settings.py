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
    region: str = Field(
        default="",
        max_length=20,
        description="Region in which the platform's store lies, such as beijing: from there inputs are copied over the "
        "links that operators entered. Empty: data counts as being everywhere.",
    )
    wait_yuan_h: float = Field(
        default=1.0,
        ge=0,
        le=1e6,
        description="Yuan that an hour of a task's waiting counts when a cheaper or nearer pool is weighed against one "
        "that is free at once.",
    )
    carbon_yuan_t: float = Field(
        default=90.0, ge=0, le=1e5, description="Yuan that a tonne of CO2 counts in the choice between pools."
    )
    defragment_s: float = Field(
        default=600.0,
        ge=0,
        description="Interruptible tasks that have run for so many seconds go on at another node of their pool, from "
        "their checkpoint, where that makes room for the next in the queue so many seconds sooner. 0: never.",
    )
    checkpoint_s: float = Field(
        default=30.0, gt=0, description="Seconds between two copies of a remote task's checkpoint to this machine."
    )
