"""Settings of the hub."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from ceyuan.kernel.settings import Section


class HubSettings(Section):
    """Limits and keeping times of the hub."""

    model_config = SettingsConfigDict(env_prefix="CEYUAN_HUB_", extra="ignore", frozen=True)

    restore_days: int = Field(30, ge=0, description="Days in which a deleted repository can be restored.")
    upload_hours: int = Field(72, ge=1, description="Hours that an upload waits for its commit.")
    max_file_bytes: int = Field(500 * 1024**3, ge=1, description="Largest file that an upload may bring, in bytes.")
    max_commit_files: int = Field(100_000, ge=1, description="Most operations in one commit.")
    max_inline_bytes: int = Field(
        20 * 1024**2, ge=1, description="Most bytes of file content written into a commit request itself."
    )
    view_text_bytes: int = Field(512 * 1024, ge=1024, description="Most bytes of a text file that the viewer shows.")
    view_table_bytes: int = Field(
        2 * 1024**3, ge=1024, description="Largest Parquet file that the viewer opens, in bytes."
    )
    view_memory_mb: int = Field(1500, ge=200, description="Memory of the process that opens Parquet files, in MB.")
    view_seconds: int = Field(30, ge=1, description="Time of the process that opens Parquet files, in seconds.")
