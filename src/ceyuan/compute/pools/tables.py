"""Tables of executor pools and their nodes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.secrets import Sealed
from ceyuan.kernel.tables import Base, Id


class ExecutorPool(Base):
    """A pool: machines of one kind of executor. `org_id` is set where only that organisation's tasks may run there;
    `settings` are those of the kind, none of them secret; what opens a cluster's service is in `sealed_secret`.
    `offer_id` is the offer of the catalogue that it delivers: its prices are charged there.
    `version` counts changes, so that open executors are renewed."""

    __tablename__ = "compute_executor_pool"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    org_id: Mapped[str | None] = mapped_column(Id, index=True)
    region: Mapped[str] = mapped_column(String(40))
    offer_id: Mapped[str | None] = mapped_column(Id)
    settings: Mapped[dict[str, Any]]
    sealed_secret: Mapped[bytes | None] = mapped_column(Sealed)
    state: Mapped[str] = mapped_column(String(20), index=True)
    health: Mapped[str] = mapped_column(String(20))
    fault: Mapped[str] = mapped_column(String(400))
    isolated: Mapped[bool]
    version: Mapped[int]
    checked_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(index=True)


class PoolNode(Base):
    """A machine of a pool. A host that is reached over SSH has an address and a sealed key; nodes of a cluster are
    those that the cluster tells of. `misses` counts looks in a row at which it did not answer."""

    __tablename__ = "compute_pool_node"
    __table_args__ = (UniqueConstraint("pool_id", "name"),)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    pool_id: Mapped[str] = mapped_column(Id, index=True)
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(255))
    port: Mapped[int]
    user: Mapped[str] = mapped_column(String(64))
    host_key: Mapped[str] = mapped_column(String(2000))
    sealed_key: Mapped[bytes | None] = mapped_column(Sealed)
    root: Mapped[str] = mapped_column(String(400))
    cpus: Mapped[int]
    memory_mib: Mapped[int]
    accelerator: Mapped[str] = mapped_column(String(30))
    accelerators: Mapped[int]
    isolated: Mapped[bool]
    draining: Mapped[bool]
    health: Mapped[str] = mapped_column(String(20))
    fault: Mapped[str] = mapped_column(String(400))
    misses: Mapped[int]
    checked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
