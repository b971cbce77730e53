"""Table of requests for access."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.hub.history.tables import repository_key
from ceyuan.kernel.tables import Base, Id


class HubAccessRequest(Base):
    """Somebody's request for the files of a gated repository: pending, accepted or rejected. `asked` tells whether
    the person asked or was granted access without it; `fields` is what they were asked and answered."""

    __tablename__ = "hub_access_request"
    repository_id: Mapped[str] = repository_key()
    person_id: Mapped[str] = mapped_column(Id, primary_key=True, index=True)
    id: Mapped[str] = mapped_column(Id, unique=True)
    person: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(10))
    asked: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(1000), default="")
    fields: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(Id)
    decided_at: Mapped[datetime | None]
