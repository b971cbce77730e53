"""Table of verdicts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.hub.history.tables import Sha256
from ceyuan.kernel.tables import Base


class HubVerdict(Base):
    """What a scanner of this version said of some content, read as a file of this `form` (pickle, gguf, text, …)."""

    __tablename__ = "hub_verdict"
    sha256: Mapped[str] = mapped_column(Sha256, primary_key=True)
    form: Mapped[str] = mapped_column(String(20), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    verdict: Mapped[str] = mapped_column(String(10))
    findings: Mapped[list[Any]]
    scanned_at: Mapped[datetime]
