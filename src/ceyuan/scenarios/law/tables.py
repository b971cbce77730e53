"""Tables of the law assistant: assistants, and the answers they gave."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id, Json


class LawAssistant(Base):
    """An assistant over one revision of a dataset of articles, with the model that words its answers."""

    __tablename__ = "law_assistant"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    name: Mapped[str] = mapped_column(String(120))
    dataset: Mapped[str] = mapped_column(String(300))
    dataset_node: Mapped[str] = mapped_column(String(200))
    model: Mapped[str | None] = mapped_column(String(200))
    index_blob: Mapped[str | None] = mapped_column(String(64))
    articles_blob: Mapped[str | None] = mapped_column(String(64))
    articles: Mapped[int] = mapped_column(default=0)
    laws: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(20))
    quality: Mapped[dict[str, Any] | None] = mapped_column(Json, nullable=True)
    is_public: Mapped[bool] = mapped_column(default=False)
    feedback: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(index=True)


class LawAnswer(Base):
    """One question with its answer, its sources, and how it came about."""

    __tablename__ = "law_answer"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    assistant_id: Mapped[str] = mapped_column(ForeignKey("law_assistant.id", ondelete="CASCADE"), index=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    asked_by: Mapped[str] = mapped_column(Id, index=True)
    question: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(20))
    sources: Mapped[list[Any]] = mapped_column(Json)
    citations: Mapped[list[Any]] = mapped_column(Json)
    notes: Mapped[list[Any]] = mapped_column(Json)
    model: Mapped[str | None] = mapped_column(String(200))
    call_id: Mapped[str | None] = mapped_column(String(60))
    cost_micro: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(index=True)


class LawRating(Base):
    """What one person thinks of an answer: 1 or -1, with words. Its id is the row's in the feedback dataset, which
    names nobody."""

    __tablename__ = "law_rating"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    answer_id: Mapped[str] = mapped_column(ForeignKey("law_answer.id", ondelete="CASCADE"))
    person_id: Mapped[str] = mapped_column(String(80), index=True)
    rating: Mapped[int]
    comment: Mapped[str | None] = mapped_column(String(1000))
    rated_at: Mapped[datetime]
    feedback_commit: Mapped[str | None] = mapped_column(String(40))
    __table_args__ = (UniqueConstraint("answer_id", "person_id"),)
