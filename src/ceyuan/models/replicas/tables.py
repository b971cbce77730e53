"""Tables of replicas that run as compute tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.secrets import Sealed
from ceyuan.kernel.tables import Base, Id, Micro


class ReplicaGroup(Base):
    """The replicas of a deployment together: how many of its stable revision are wanted, when it was called last, since
    when its calls wait too long or fewer replicas would do, what each process of ours holds (`loads`: by process), and
    what the tasks of replicas that ended have cost."""

    __tablename__ = "serving_replica_group"
    served_id: Mapped[str] = mapped_column(Id, primary_key=True)
    wanted: Mapped[int]
    used_at: Mapped[datetime]
    above_since: Mapped[datetime | None]
    below_since: Mapped[datetime | None]
    loads: Mapped[dict[str, Any]]
    spent_micro: Mapped[int] = mapped_column(Micro)


class PoolReplica(Base):
    """A replica: the task that runs it, and where it listens.

    `state`: `starting`, `ready`, `draining` (gets no more calls), `stopping` (its task was asked to end), `ended`,
    `failed`. `attempt` is the try of the task that `host` and `port` belong to; `number` the deployment's revision;
    `failures` how many before it failed in a row; `fault` why it failed, with the engine's last words.
    """

    __tablename__ = "serving_replica"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    served_id: Mapped[str] = mapped_column(Id, index=True)
    number: Mapped[int]
    task_id: Mapped[str] = mapped_column(Id, unique=True)
    state: Mapped[str] = mapped_column(String(12), index=True)
    sealed_key: Mapped[bytes | None] = mapped_column(Sealed)
    attempt: Mapped[str | None] = mapped_column(String(120))
    host: Mapped[str] = mapped_column(String(255))
    port: Mapped[int]
    failures: Mapped[int]
    fault: Mapped[str | None] = mapped_column(Text)
    renew_at: Mapped[datetime]
    created_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
