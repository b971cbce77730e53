"""The table of releases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id, Json


class Release(Base):
    """A model's revision on its way to its users. `state` mirrors the workflow's; `gates` are the results on which
    the last decision was taken."""

    __tablename__ = "model_release"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    model: Mapped[str] = mapped_column(String(300))
    model_node: Mapped[str] = mapped_column(String(200), index=True)
    served: Mapped[str | None] = mapped_column(String(200))
    criteria: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(String(1000))
    workflow_id: Mapped[str] = mapped_column(Id)
    state: Mapped[str] = mapped_column(String(20), index=True)
    gates: Mapped[list[Any]] = mapped_column(Json)
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(index=True)
    decided_at: Mapped[datetime | None]
