"""Tables of organisations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id


class Organisation(Base):
    """An owner of things: a company, lab, university, park, ... or one person's namespace (kind `personal`)."""

    __tablename__ = "organisation"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(39))
    name_key: Mapped[str] = mapped_column(String(39), unique=True)
    display_name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(24), index=True)
    description: Mapped[str] = mapped_column(String(2000), default="")
    website: Mapped[str] = mapped_column(String(300), default="")
    credit_code: Mapped[str | None] = mapped_column(String(18))
    is_listed: Mapped[bool] = mapped_column(default=True)
    verified_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class FormerName(Base):
    """A name that an organisation gave up: old addresses still find it and nobody else can take it."""

    __tablename__ = "organisation_former_name"
    name_key: Mapped[str] = mapped_column(String(39), primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    given_up_at: Mapped[datetime]


class Membership(Base):
    """A person's role in an organisation."""

    __tablename__ = "organisation_membership"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"))
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"), index=True)
    role: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("org_id", "person_id"),)


class Team(Base):
    """A named group of an organisation's members, to be given access or notices together."""

    __tablename__ = "organisation_team"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"))
    name: Mapped[str] = mapped_column(String(39))
    name_key: Mapped[str] = mapped_column(String(39))
    description: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("org_id", "name_key"),)


class TeamMember(Base):
    """A member's place in a team."""

    __tablename__ = "organisation_team_member"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    team_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation_team.id"))
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("team_id", "person_id"),)
