"""Tables of reviews: the review, the documents of its sample, what reviewers said of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id, Json


class DataReview(Base):
    """One review of one revision. ``state``: preparing, open, closing, closed, failed.

    ``seed`` is the revision's ``content_sha256``, ``sample`` the hash of the drawn ids; ``machine`` and ``result`` are
    what the engine said. ``report`` is the revision with the queue, in the end with votes and result, and
    ``signature`` the platform's over its tree.
    """

    __tablename__ = "data_review"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    dataset: Mapped[str] = mapped_column(String(320))
    node_id: Mapped[str] = mapped_column(String(120), index=True)
    repository: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(200))
    wanted: Mapped[int] = mapped_column(Integer)
    needed: Mapped[float]
    machine_needed: Mapped[float]
    seed: Mapped[str] = mapped_column(String(64))
    sample: Mapped[str | None] = mapped_column(String(64))
    documents: Mapped[int] = mapped_column(Integer, default=0)
    machine: Mapped[dict[str, Any] | None] = mapped_column(Json, nullable=True)
    result: Mapped[dict[str, Any] | None] = mapped_column(Json, nullable=True)
    state: Mapped[str] = mapped_column(String(12), index=True)
    passed: Mapped[bool | None]
    job_id: Mapped[str | None] = mapped_column(Id)
    report: Mapped[str | None] = mapped_column(String(320))
    signature: Mapped[str | None] = mapped_column(String(200))
    key_id: Mapped[str | None] = mapped_column(String(40))
    created_by: Mapped[str] = mapped_column(Id)
    creator: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(index=True)
    closed_at: Mapped[datetime | None]


class DataReviewItem(Base):
    """A document of a sample. ``open`` is how many judgements it still needs, ``verdict`` what two agreed on."""

    __tablename__ = "data_review_item"
    review_id: Mapped[str] = mapped_column(ForeignKey("data_review.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    document: Mapped[str] = mapped_column(String(1000))
    source: Mapped[str] = mapped_column(String(64))
    domain: Mapped[str] = mapped_column(String(30))
    open: Mapped[int] = mapped_column(Integer)
    verdict: Mapped[str | None] = mapped_column(String(4))
    __table_args__ = (Index("ix_data_review_item_open", "review_id", "open"),)


class DataReviewVote(Base):
    """What one reviewer said of one document; it never changes."""

    __tablename__ = "data_review_vote"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    review_id: Mapped[str] = mapped_column(ForeignKey("data_review.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    reviewer: Mapped[str] = mapped_column(Id)
    verdict: Mapped[str] = mapped_column(String(4))
    clause: Mapped[str] = mapped_column(String(10), default="")
    note: Mapped[str] = mapped_column(String(500), default="")
    at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("review_id", "number", "reviewer"),)
