"""Settings of training runs."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from ceyuan.kernel.settings import Section


class TrainingSettings(Section):
    """Limits of one training process, and how long what it left is kept."""

    model_config = SettingsConfigDict(env_prefix="CEYUAN_TRAINING_", extra="ignore", frozen=True)

    memory_mb: int = Field(default=8_000, ge=500, description="Memory that a training process may use, in MB.")
    time_s: float = Field(default=6 * 3600.0, gt=0, description="Time that a training process may take, in seconds.")
    keep_unfinished_days: float = Field(
        default=7.0,
        ge=0,
        description="Days for which checkpoints of failed and cancelled runs are kept, to go on from.",
    )
