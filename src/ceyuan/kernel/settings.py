"""Settings: each room declares a section; a value comes from the environment (`CEYUAN_…`) or its default."""

from __future__ import annotations

from pydantic_settings import BaseSettings, SettingsConfigDict


class Section(BaseSettings):
    """A room's settings. A field `lock_after` of a section is read from `CEYUAN_LOCK_AFTER`, or with the
    section's own `env_prefix`. Every field has a description: the reference is made from them."""

    model_config = SettingsConfigDict(env_prefix="CEYUAN_", extra="ignore", frozen=True)
