"""Table of inspections."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Integer
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.hub.history.tables import Oid, repository_key
from ceyuan.kernel.tables import Base


class HubInspection(Base):
    """What was found in the head of a repository's default branch: how many files bear which verdict, the findings that
    weigh most, the licences that files and inputs name, and what speaks against their standing together."""

    __tablename__ = "hub_inspection"
    repository_id: Mapped[str] = repository_key()
    commit_id: Mapped[str] = mapped_column(Oid)
    version: Mapped[int] = mapped_column(Integer)
    verdicts: Mapped[dict[str, Any]]
    findings: Mapped[list[Any]]
    licences: Mapped[list[Any]]
    conflicts: Mapped[list[Any]]
    inspected_at: Mapped[datetime]
