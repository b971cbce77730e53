"""Settings of the hub."""

from __future__ import annotations

from typing import Literal

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
    max_push_bytes: int = Field(
        2 * 1024**3,
        ge=1024**2,
        description="Largest pack that a push by git may bring, in bytes, without LFS files.",
    )
    view_text_bytes: int = Field(512 * 1024, ge=1024, description="Most bytes of a text file that the viewer shows.")
    view_table_bytes: int = Field(
        2 * 1024**3, ge=1024, description="Largest Parquet file that the viewer opens, in bytes."
    )
    view_memory_mb: int = Field(1500, ge=200, description="Memory of the process that opens Parquet files, in MB.")
    view_seconds: int = Field(30, ge=1, description="Time of the process that opens Parquet files, in seconds.")
    quota_logical_bytes: int = Field(
        0, ge=0, description="Most bytes that the repositories of one organisation may hold in sum; 0 = no limit."
    )
    quota_stored_bytes: int = Field(
        0, ge=0, description="Most bytes that one organisation may hold with shared content counted once; 0 = no limit."
    )
    flat_cache_bytes: int = Field(
        100 * 1024**3, ge=0, description="Most bytes of flat copies of content that lies in chunks."
    )
    pack_after_minutes: int = Field(
        10, ge=0, description="Minutes after which large content that came whole is cut into chunks."
    )
    lfs_part_bytes: int = Field(
        1024**3, ge=5 * 1024**2, description="Larger LFS uploads come in parts of this many bytes."
    )
    transfer_seconds: int = Field(
        3600, ge=60, le=86_400, description="Seconds for which signed addresses and tokens of transfers are good."
    )
    scrub_days: int = Field(
        7, ge=0, le=366, description="Days after which all stored content is read again and checked; 0 = never."
    )
    mirror_networks: list[str] = Field(
        default=[], description="Networks (CIDR) that mirrors may reach besides the public internet."
    )
    default_visibility: Literal["public", "internal", "private"] = Field(
        "private",
        description="Who may see a repository that a client of the Hub creates without saying who: its members "
        "(private), all who have signed in (internal), everybody (public).",
    )
