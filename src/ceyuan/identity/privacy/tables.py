"""Table of requests about data."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id


class DataRequest(Base):
    """A request to export or erase a person's data, or to export an organisation's."""

    __tablename__ = "data_request"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"), index=True)
    org_id: Mapped[str | None] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), index=True)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    job_id: Mapped[str | None] = mapped_column(Id)
    blob: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int | None] = mapped_column(BigInteger)
    expires_at: Mapped[datetime | None]
