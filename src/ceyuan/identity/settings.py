"""Settings of the identity room."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from ceyuan.kernel.settings import Section


class IdentitySettings(Section):
    """Accounts, sessions and passwords."""

    model_config = SettingsConfigDict(env_prefix="CEYUAN_IDENTITY_", extra="ignore", frozen=True)

    sign_up: Literal["open", "invite"] = Field("invite", description="who may make an account: anybody, or the invited")
    organisations_by: Literal["anyone", "administrators"] = Field("anyone", description="who may found an organisation")
    session_idle_minutes: int = Field(720, ge=5, description="minutes without a request after which a session ends")
    session_hours: int = Field(168, ge=1, description="hours after which a session ends, however busy it is")
    impersonation_minutes: int = Field(60, ge=1, le=480, description="minutes an administrator may act as a person")
    secure_cookies: bool = Field(
        False,
        description="mark cookies Secure even if the request looks like plain HTTP (TLS ends before the platform)",
    )
    password_min_length: int = Field(12, ge=8, le=64, description="shortest password accepted, in characters")
    argon2_memory_kib: int = Field(65_536, ge=64, description="memory of one password hash, in KiB (RFC 9106, §4)")
    argon2_passes: int = Field(3, ge=1, description="passes over that memory")
    argon2_lanes: int = Field(4, ge=1, description="parallel lanes of one password hash")
    attempts_per_account: int = Field(5, ge=1, description="wrong passwords before an account pauses, 1 s and doubling")
    attempts_per_address: int = Field(
        20, ge=1, description="wrong passwords before an address pauses, 1 s and doubling"
    )
    pause_max_minutes: int = Field(15, ge=1, description="longest pause of an account or address, in minutes")
    invitation_days: int = Field(14, ge=1, le=365, description="days an invitation is valid")
    link_minutes: int = Field(60, ge=5, description="minutes a mailed link (reset, confirm address) is valid")
    credential_cache_s: int = Field(
        60, ge=0, description="seconds a token or session is known without a database query"
    )
    usage_flush_s: float = Field(30.0, gt=0, description="seconds between batched writes of `last used`")


class RetentionSettings(Section):
    """How long personal data is kept after it has served (PIPL art. 19: no longer than needed)."""

    model_config = SettingsConfigDict(env_prefix="CEYUAN_RETENTION_", extra="ignore", frozen=True)

    session_days: int = Field(90, ge=1, description="days an ended session stays in the person's list")
    invitation_days: int = Field(90, ge=1, description="days a settled or expired invitation is kept")
    notice_days: int = Field(365, ge=1, description="days a settled notice is kept")
    delivery_days: int = Field(30, ge=1, description="days the record of a sent mail or webhook is kept")
    erasure_grace_days: int = Field(7, ge=0, description="days between a request for erasure and the erasure itself")
    export_days: int = Field(7, ge=1, description="days a finished export can be downloaded")


class MailSettings(Section):
    """E-mail, off until a host is set."""

    model_config = SettingsConfigDict(env_prefix="CEYUAN_MAIL_", extra="ignore", frozen=True)

    host: str = Field("", description="SMTP server; empty = no e-mail is sent")
    port: int = Field(587, ge=1, le=65535, description="port of the SMTP server")
    security: Literal["starttls", "tls", "none"] = Field("starttls", description="how the connection is protected")
    username: str = Field("", description="SMTP user; empty = no authentication")
    password: SecretStr = Field(SecretStr(""), description="SMTP password")
    sender: str = Field("", description="address in From; empty = ceyuan@<host>")
    timeout_s: float = Field(20.0, gt=0, description="seconds to wait for the SMTP server")

    @property
    def is_on(self) -> bool:
        return bool(self.host)


class WebhookSettings(Section):
    """Webhooks: HTTP calls to addresses that organisations name."""

    model_config = SettingsConfigDict(env_prefix="CEYUAN_WEBHOOK_", extra="ignore", frozen=True)

    allow_private: bool = Field(False, description="let webhooks reach private, loopback and link-local addresses")
    timeout_s: float = Field(10.0, gt=0, description="seconds one call may take")
    max_attempts: int = Field(
        8, ge=1, description="attempts before a delivery is given up (back-off doubles from 10 s)"
    )
