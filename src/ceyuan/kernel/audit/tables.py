"""The log's tables. Rows are only ever added; the tree row alone changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import BigInteger, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.audit.checkpoint import parse_note
from ceyuan.kernel.tables import Base, Id


class AuditEntry(Base):
    """One entry: `body` is the canonical JSON whose bytes are the tree's leaf; the other columns repeat
    members of it for searching, and verification compares them."""

    __tablename__ = "audit_entry"
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(Id, unique=True)
    at: Mapped[datetime]
    actor_id: Mapped[str] = mapped_column(String(80))
    impersonator: Mapped[str | None] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(300))
    org_id: Mapped[str | None] = mapped_column(Id)
    body: Mapped[str] = mapped_column(Text)
    leaf: Mapped[bytes] = mapped_column(LargeBinary(32))
    __table_args__ = (
        Index("ix_audit_entry_org_id_seq", "org_id", "seq"),
        Index("ix_audit_entry_actor_id_seq", "actor_id", "seq"),
        Index("ix_audit_entry_subject_seq", "subject", "seq"),
    )

    @property
    def data(self) -> dict[str, Any]:
        """What the entry says beside its columns."""
        data: dict[str, Any] = orjson.loads(self.body)["data"]
        return data

    @property
    def actor_kind(self) -> str:
        return str(orjson.loads(self.body)["actor"]["kind"])


class AuditNode(Base):
    """The root of a perfect subtree of 2^level leaves; kept for every eighth level, so that a proof reads few rows."""

    __tablename__ = "audit_node"
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditTree(Base):
    """The one row (id 1) that appending transactions lock: the log's size and frontier (hashes joined)."""

    __tablename__ = "audit_tree"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger)
    frontier: Mapped[bytes] = mapped_column(LargeBinary)


class AuditHead(Base):
    """A signed head: the note of `kernel.audit.checkpoint` at one size of the log."""

    __tablename__ = "audit_head"
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text)

    @property
    def root(self) -> str:
        """The signed root, hexadecimal."""
        return parse_note(self.note).head.root.hex()
