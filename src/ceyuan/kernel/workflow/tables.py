"""Instances of workflows, their history, reviewers with their ballots, declared conflicts, and objections."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id

_INSTANCE = "workflow_instance.id"


class WorkflowInstance(Base):
    """A subject on its way: where it is, since when, until when. `revision` counts its moves and guards them."""

    __tablename__ = "workflow_instance"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    definition: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    subject: Mapped[str] = mapped_column(String(120))
    title_zh: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200))
    org_id: Mapped[str | None] = mapped_column(Id)
    owner_id: Mapped[str] = mapped_column(String(80))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey(_INSTANCE))
    state: Mapped[str] = mapped_column(String(40))
    revision: Mapped[int] = mapped_column(default=0)
    data: Mapped[dict[str, Any]]
    """What guards, effects and deadlines need to know; rooms keep their own records of the subject itself."""
    created_at: Mapped[datetime]
    entered_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    wake_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the sweeper shall look at it next."""
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("definition", "subject"),
        Index("ix_workflow_instance_definition_state", "definition", "state"),
        Index("ix_workflow_instance_org_id", "org_id"),
        Index("ix_workflow_instance_owner_id", "owner_id"),
        Index("ix_workflow_instance_parent_id", "parent_id"),
    )


class WorkflowMove(Base):
    """One line of an instance's history; number 0 is its start."""

    __tablename__ = "workflow_move"
    instance_id: Mapped[str] = mapped_column(ForeignKey(_INSTANCE, ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    transition: Mapped[str | None] = mapped_column(String(40))
    source: Mapped[str | None] = mapped_column(String(40))
    target: Mapped[str] = mapped_column(String(40))
    actor_id: Mapped[str] = mapped_column(String(80))
    actor_label: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]
    form: Mapped[dict[str, Any]]
    key: Mapped[str | None] = mapped_column(String(120))
    exception: Mapped[str | None] = mapped_column(String(20))
    """Why it was taken without a second pair of eyes, of `four_eyes.EXCEPTIONS`; None if it was not."""
    __table_args__ = (UniqueConstraint("instance_id", "key"),)


class WorkflowReviewer(Base):
    """A reviewer's seat in one round, which is the revision with which the review state was entered."""

    __tablename__ = "workflow_reviewer"
    instance_id: Mapped[str] = mapped_column(ForeignKey(_INSTANCE, ondelete="CASCADE"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    label: Mapped[str] = mapped_column(String(120))
    assigned_by: Mapped[str] = mapped_column(String(80))
    assigned_at: Mapped[datetime]
    recused_at: Mapped[datetime | None]
    recusal: Mapped[str | None] = mapped_column(String(500))
    cast_at: Mapped[datetime | None]
    vote: Mapped[str | None] = mapped_column(String(10))
    scores: Mapped[dict[str, Any] | None]
    comment: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (Index("ix_workflow_reviewer_person_id", "person_id", "cast_at"),)


class WorkflowConflict(Base):
    """A reviewer's standing declaration: not independent of an organisation."""

    __tablename__ = "workflow_conflict"
    person_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, primary_key=True)
    reason: Mapped[str] = mapped_column(String(500))
    declared_at: Mapped[datetime]


class WorkflowObjection(Base):
    """An objection made while a subject was publicised, and its answer."""

    __tablename__ = "workflow_objection"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    instance_id: Mapped[str] = mapped_column(ForeignKey(_INSTANCE, ondelete="CASCADE"), index=True)
    round: Mapped[int]
    person_id: Mapped[str] = mapped_column(String(80))
    label: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    upheld: Mapped[bool | None]
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[str | None] = mapped_column(String(80))
    answered_at: Mapped[datetime | None]
