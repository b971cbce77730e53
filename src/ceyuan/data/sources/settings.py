"""Settings of the data room."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from ceyuan.kernel.settings import Section


class DataSettings(Section):
    """Where sources may lie, and what collecting and pipelines may use."""

    model_config = SettingsConfigDict(env_prefix="CEYUAN_DATA_", extra="ignore", frozen=True)

    source_roots: list[Path] = Field(
        default=[],
        description="Folders below which members may register folder sources; administrators may register any.",
    )
    cache_dir: Path | None = Field(None, description="Where downloaded packages are kept; the user's cache if unset.")
    memory_mb: int = Field(6000, ge=500, description="Memory of a collecting or pipeline process, in MB.")
    time_s: int = Field(4 * 3600, ge=60, description="Time of a collecting or pipeline process, in seconds.")
    threads: int = Field(0, ge=0, description="Shards that a pipeline measures side by side; 0 is one per processor.")
    crawl_agent: str = Field("CeyuanBot", description="Name that robots rules know the crawler by.")
    crawl_delay_s: float = Field(1.0, ge=0, description="Seconds between two requests to a host, at least.")
    crawl_pages: int = Field(5000, ge=1, description="Pages of a site that a source takes when it sets no limit.")
    s3_endpoints: list[str] = Field(
        default=[], description="Addresses of S3-compatible stores, besides Amazon's, that sources may name."
    )
    sql_hosts: list[str] = Field(
        default=[], description="Databases (host or host:port) that members may register as SQL sources."
    )
    crawl_allowed: list[str] = Field(
        default=[],
        description="Networks (CIDR) that the crawler and mirrors may reach besides the public internet.",
    )
    vision_url: str = Field(
        "", description="OpenAI-compatible API (…/v1) of a model that sees, for captions and judgements of images."
    )
    vision_model: str = Field("", description="Name of that model on its server.")
    vision_key: SecretStr = Field(SecretStr(""), description="Key for that server; it reaches media pipelines alone.")
    vision_allowed: list[str] = Field(
        default=[], description="Networks (CIDR) that media pipelines may reach for it besides the public internet."
    )

    def vision(self) -> dict[str, str]:
        """What tells an engine's process of the model that sees; empty where none is configured."""
        if not self.vision_url or not self.vision_model:
            return {}
        facts = {"url": self.vision_url, "model": self.vision_model, "allowed": self.vision_allowed}
        return {"CEYUAN_VISION": json.dumps(facts | {"key": self.vision_key.get_secret_value()})}
