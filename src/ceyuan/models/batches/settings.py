"""Settings of batches."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from ceyuan.kernel.settings import Section


class BatchSettings(Section):
    """Bounds of `/v1/files` and `/v1/batches`."""

    model_config = SettingsConfigDict(env_prefix="CEYUAN_BATCH_", extra="ignore", frozen=True)

    max_file_mb: float = Field(200.0, gt=0, description="largest file that may be uploaded, in MB")
    max_lines: int = Field(50_000, gt=0, description="most requests of one batch")
    parallel: int = Field(8, gt=0, le=256, description="requests of one batch that run at once")
    patience_s: float = Field(
        600.0, gt=0, description="how long a request of a batch is tried again while limits or servers refuse it"
    )
    upload_timeout_s: float = Field(600.0, gt=0, description="how long an upload may take")
