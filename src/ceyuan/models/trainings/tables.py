"""Tables of training runs and of the points of their curves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id, Json


class TrainingRun(Base):
    """One training: from which dataset revision, by which recipe, in which job; when done, its model and figures.

    `dataset` is the full reference of a commit, `model` the address of the repository, `revision` the full
    reference of what was made.
    """

    __tablename__ = "training_run"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    job_id: Mapped[str] = mapped_column(Id, unique=True)
    dataset: Mapped[str] = mapped_column(String(300))
    model: Mapped[str] = mapped_column(String(200))
    recipe: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(20), index=True)
    steps: Mapped[int]
    summary: Mapped[dict[str, Any] | None] = mapped_column(Json, nullable=True)
    revision: Mapped[str | None] = mapped_column(String(300))
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]


class TrainingPoint(Base):
    """Figures after one step; losses in nats per token. About one a second is kept, and all held-out losses."""

    __tablename__ = "training_point"
    run_id: Mapped[str] = mapped_column(ForeignKey("training_run.id", ondelete="CASCADE"), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    loss: Mapped[float]
    heldout_loss: Mapped[float | None]
    learning_rate: Mapped[float]
    tokens_per_second: Mapped[float]
    eta_s: Mapped[float]
    at: Mapped[datetime]
