"""Settings of metering."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from ceyuan.kernel.settings import Section


class MeteringSettings(Section):
    """How usage is priced, warned about and billed where an organisation has no terms of its own."""

    model_config = SettingsConfigDict(env_prefix="CEYUAN_METERING_", extra="ignore", frozen=True)

    zone: str = Field("Asia/Shanghai", description="time zone in which days, months and quota windows begin")
    credit_limit_micro: int = Field(
        0, ge=0, description="how far below zero a general account may be authorised, in micro-yuan"
    )
    low_balance_micro: int = Field(
        10_000_000, ge=0, description="a notice is sent when a general account falls to this balance, in micro-yuan"
    )
    hold_hours: float = Field(24.0, gt=0, description="how long a hold lives when its caller names no expiry")
    wallet_grace_s: int = Field(
        900, ge=0, description="how long after its end a wallet still pays for usage that happened before it"
    )
    bill_after_days: int = Field(
        2, ge=0, le=25, description="how many days into a month the last month's bills are issued"
    )

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        ZoneInfo(name)
        return name

    @property
    def timezone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)
