"""Tables of the lineage graph."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id, Micro

NodeId = String(200)


class LineageNode(Base):
    """Something that was made or used. `org_id` and `visibility` say who may see it; a revision's follow its
    repository instead (`repository_id`)."""

    __tablename__ = "lineage_node"
    id: Mapped[str] = mapped_column(NodeId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), index=True)
    label: Mapped[str] = mapped_column(String(300))
    org_id: Mapped[str | None] = mapped_column(Id, index=True)
    visibility: Mapped[str] = mapped_column(String(10))
    repository_id: Mapped[str | None] = mapped_column(Id, index=True)
    href: Mapped[str | None] = mapped_column(String(500))
    details: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class LineageRecord(Base):
    """One deed: inputs became an output. The id is the SHA-256 of what was said, without cost and time."""

    __tablename__ = "lineage_record"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    action: Mapped[str] = mapped_column(String(60))
    by_kind: Mapped[str] = mapped_column(String(20))
    by_id: Mapped[str] = mapped_column(String(80), index=True)
    by_label: Mapped[str] = mapped_column(String(200))
    code: Mapped[dict[str, Any]]
    settings: Mapped[dict[str, Any]]
    cost_micro: Mapped[int] = mapped_column(Micro)
    created_at: Mapped[datetime]


class LineageEdge(Base):
    """One input of one output, in the part that `role` names (such as `source`, `base model`, `test set`)."""

    __tablename__ = "lineage_edge"
    record_id: Mapped[str] = mapped_column(String(64), ForeignKey("lineage_record.id"), primary_key=True)
    input_id: Mapped[str] = mapped_column(NodeId, ForeignKey("lineage_node.id"), primary_key=True)
    output_id: Mapped[str] = mapped_column(NodeId, ForeignKey("lineage_node.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(60), primary_key=True)
    __table_args__ = (Index("ix_lineage_edge_input_id", "input_id"), Index("ix_lineage_edge_output_id", "output_id"))
