"""Tables of single sign-on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.secrets import Sealed
from ceyuan.kernel.tables import Base, Id


class SignOnProvider(Base):
    """An identity provider that administrators trust.

    `trusts_email`: its `email_verified` counts, so that it may sign in the person who confirmed that
    address here. `auto_create`: strangers get an account (of `email_domains` only, where some are named).
    """

    __tablename__ = "sign_on_provider"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(39), unique=True)
    title_zh: Mapped[str] = mapped_column(String(80))
    title_en: Mapped[str] = mapped_column(String(80))
    issuer: Mapped[str] = mapped_column(String(300))
    client_id: Mapped[str] = mapped_column(String(200))
    client_secret: Mapped[bytes | None] = mapped_column(Sealed)
    scope: Mapped[str] = mapped_column(String(200))
    name_claim: Mapped[str] = mapped_column(String(60))
    auto_create: Mapped[bool]
    trusts_email: Mapped[bool]
    email_domains: Mapped[list[str]]
    is_on: Mapped[bool]
    created_at: Mapped[datetime]


class ExternalAccount(Base):
    """A person's account at a provider, known by the provider's `sub`."""

    __tablename__ = "external_account"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    provider_id: Mapped[str] = mapped_column(Id, ForeignKey("sign_on_provider.id"))
    subject: Mapped[str] = mapped_column(String(255))
    person_id: Mapped[str] = mapped_column(Id, ForeignKey("person.id"), index=True)
    label: Mapped[str] = mapped_column(String(254))
    created_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("provider_id", "subject"),)
