"""Tables of people."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id


class Person(Base):
    """A person's account. After erasure only the id remains, as the pseudonym in logs and records."""

    __tablename__ = "person"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), unique=True)
    name: Mapped[str] = mapped_column(String(39))
    name_key: Mapped[str] = mapped_column(String(39), unique=True)
    display_name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(254))
    email_key: Mapped[str | None] = mapped_column(String(254), unique=True)
    email_confirmed_at: Mapped[datetime | None]
    password_hash: Mapped[str | None] = mapped_column(String(200))
    password_changed_at: Mapped[datetime | None]
    affiliation: Mapped[str] = mapped_column(String(120), default="")
    bio: Mapped[str] = mapped_column(String(1000), default="")
    language: Mapped[str] = mapped_column(String(2), default="zh")
    wants_mail: Mapped[bool] = mapped_column(default=True)
    is_admin: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(12), default="active", index=True)
    created_at: Mapped[datetime]


class PersonDuty(Base):
    """A platform-wide office that a person holds."""

    __tablename__ = "person_duty"
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"), primary_key=True)
    duty: Mapped[str] = mapped_column(String(40), primary_key=True)
    granted_by: Mapped[str] = mapped_column(Id)
    granted_at: Mapped[datetime]
