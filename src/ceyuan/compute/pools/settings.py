"""Settings of pools."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from ceyuan.kernel.settings import Section


class PoolSettings(Section):
    """How pools are looked after."""

    model_config = SettingsConfigDict(env_prefix="CEYUAN_POOL_", extra="ignore", frozen=True)

    look_s: float = Field(default=15.0, gt=0, description="Seconds between two looks at the health of pools and hosts.")
    misses: int = Field(default=3, ge=1, description="Looks in a row without answer after which a host is down.")
