"""Tables of the double-entry ledger: accounts, journal entries and their postings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id, Micro
from ceyuan.metering.guards import guard


class LedgerAccount(Base):
    """A place where money is: an owner (an organisation's id or `platform`), a kind, and a `ref` where an owner
    has several of a kind. `balance_micro` is the sum of its postings; it never falls below `floor_micro`."""

    __tablename__ = "ledger_account"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    owner: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(24))
    ref: Mapped[str] = mapped_column(String(80), default="")
    floor_micro: Mapped[int | None] = mapped_column(Micro)
    balance_micro: Mapped[int] = mapped_column(Micro, default=0)
    created_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("owner", "kind", "ref"),
        CheckConstraint("floor_micro IS NULL OR balance_micro >= floor_micro", name="above_floor"),
    )


class LedgerEntry(Base):
    """One transfer of value in the journal. `reference` is an idempotency key, `data` the evidence."""

    __tablename__ = "ledger_entry"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    org_id: Mapped[str | None] = mapped_column(String(80))
    reference: Mapped[str | None] = mapped_column(String(200), unique=True)
    reverses_id: Mapped[str | None] = mapped_column(ForeignKey("ledger_entry.id"), unique=True)
    note: Mapped[str] = mapped_column(String(500), default="")
    data: Mapped[dict[str, Any]]
    actor_id: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    __table_args__ = (Index("ix_ledger_entry_org_id_at", "org_id", "at"),)


class LedgerPosting(Base):
    """One side of an entry: `amount_micro` flows into the account (positive) or out of it (negative)."""

    __tablename__ = "ledger_posting"
    # SQLite counts up only an INTEGER primary key.
    seq: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    entry_id: Mapped[str] = mapped_column(
        ForeignKey("ledger_entry.id", deferrable=True, initially="DEFERRED"), index=True
    )
    account_id: Mapped[str] = mapped_column(ForeignKey("ledger_account.id"))
    amount_micro: Mapped[int] = mapped_column(Micro)
    balance_after_micro: Mapped[int] = mapped_column(Micro)
    __table_args__ = (
        Index("ix_ledger_posting_account_id_seq", "account_id", "seq"),
        CheckConstraint("amount_micro <> 0", name="not_nothing"),
    )


guard(LedgerEntry, LedgerPosting)
