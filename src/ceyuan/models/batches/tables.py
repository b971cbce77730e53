"""Tables of batches: files as their owners uploaded them or a batch made them, and the batches."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id


class BatchFile(Base):
    """A file of an organisation; its content is a blob. `purpose`: `batch`, `user_data` (uploaded), `batch_output`."""

    __tablename__ = "gateway_file"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id)
    purpose: Mapped[str] = mapped_column(String(20))
    filename: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int] = mapped_column(BigInteger)
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime]
    __table_args__ = (Index("ix_gateway_file_org_id_created_at", "org_id", "created_at"),)


class Batch(Base):
    """A batch. `status` is OpenAI's: validating, failed, in_progress, finalizing, completed, expired, cancelling,
    cancelled. `key_id` and `project` are what its calls are booked on; `faults` say why it failed; `times` are the
    moments at which it took each status, in seconds since 1970."""

    __tablename__ = "gateway_batch"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id)
    key_id: Mapped[str] = mapped_column(Id)
    project: Mapped[str] = mapped_column(String(80))
    endpoint: Mapped[str] = mapped_column(String(40))
    input_file_id: Mapped[str] = mapped_column(Id)
    output_file_id: Mapped[str | None] = mapped_column(Id, ForeignKey("gateway_file.id", ondelete="SET NULL"))
    error_file_id: Mapped[str | None] = mapped_column(Id, ForeignKey("gateway_file.id", ondelete="SET NULL"))
    status: Mapped[str] = mapped_column(String(12), index=True)
    total: Mapped[int]
    completed: Mapped[int]
    failed: Mapped[int]
    faults: Mapped[list[Any]]
    note: Mapped[dict[str, Any]]
    times: Mapped[dict[str, Any]]
    job_id: Mapped[str | None] = mapped_column(Id, index=True)
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    __table_args__ = (Index("ix_gateway_batch_org_id_created_at", "org_id", "created_at"),)
