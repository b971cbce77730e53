"""Settings of replicas in compute pools."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from ceyuan.kernel.settings import Section


class ReplicaSettings(Section):
    """How replicas in compute pools are looked after."""

    model_config = SettingsConfigDict(env_prefix="CEYUAN_REPLICA_", extra="ignore", frozen=True)

    look_s: float = Field(1.0, gt=0, description="seconds between two looks at the replicas in pools")
    start_timeout_s: float = Field(1800.0, gt=0, description="seconds that a replica may take to load once it has room")
    idle_s: float = Field(
        900.0, gt=0, description="seconds without a call after which a deployment with least = 0 has no replica"
    )
    drain_s: float = Field(300.0, ge=0, description="seconds that the last calls of a replica get when it is replaced")
    misses: int = Field(3, ge=1, description="looks in a row without an answer after which a replica is started anew")
    life_hours: float = Field(
        24.0,
        gt=0.1,
        le=90 * 24,
        description="hours for which a replica's task is asked, and paid for, at once; a new one takes over before",
    )
    first_port: int = Field(0, ge=0, le=65535, description="first port on which replicas may listen; 0 = any free one")
    last_port: int = Field(65535, ge=1, le=65535, description="last port on which replicas may listen")
