"""Tables of compute partners, their sites, pools, offers, and what these asked when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.tables import Base, Id, Json, Micro


class ComputePartner(Base):
    """An organisation that supplies compute. `state` mirrors its workflow's."""

    __tablename__ = "compute_partner"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    org_id: Mapped[str] = mapped_column(Id, unique=True)
    name_zh: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    about: Mapped[str] = mapped_column(Text)
    website: Mapped[str | None] = mapped_column(String(300))
    contact: Mapped[str] = mapped_column(String(200))
    workflow_id: Mapped[str] = mapped_column(Id)
    state: Mapped[str] = mapped_column(String(20), index=True)
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(index=True)


class ComputeSite(Base):
    """A place with machines: where it stands, how efficient it is, how clean its power, how wide its line."""

    __tablename__ = "compute_site"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    partner_id: Mapped[str] = mapped_column(ForeignKey("compute_partner.id"), index=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    name: Mapped[str] = mapped_column(String(120))
    region: Mapped[str] = mapped_column(String(20), index=True)
    city: Mapped[str] = mapped_column(String(60))
    pue: Mapped[float | None]
    carbon_g_kwh: Mapped[float | None]
    uplink_gbps: Mapped[float | None]
    evidence: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)


class ComputePool(Base):
    """Equal machines at one site. `throughput` lists what the maker claims and what was measured."""

    __tablename__ = "compute_pool"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("compute_site.id"), index=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    name: Mapped[str] = mapped_column(String(120))
    accelerator: Mapped[str] = mapped_column(String(30), index=True)
    nodes: Mapped[int]
    per_node: Mapped[int]
    memory_gib: Mapped[float]
    cpu_cores: Mapped[int]
    host_memory_gib: Mapped[float]
    network: Mapped[str] = mapped_column(String(40))
    network_gbps: Mapped[float]
    storage_tb: Mapped[float]
    throughput: Mapped[list[Any]] = mapped_column(Json)
    evidence: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)


class ComputeOffer(Base):
    """A pool at a price and on terms. `state` mirrors its workflow's, `usable_until` is the earliest end of its own
    term and of its evidence; region to `unit_micro` are copies by which lists filter and sort."""

    __tablename__ = "compute_offer"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    pool_id: Mapped[str] = mapped_column(ForeignKey("compute_pool.id"), index=True)
    org_id: Mapped[str] = mapped_column(Id, index=True)
    title: Mapped[str] = mapped_column(String(160))
    identifier: Mapped[str | None] = mapped_column(String(60), unique=True)
    external_identifier: Mapped[str | None] = mapped_column(String(120), index=True)
    list_micro: Mapped[int] = mapped_column(Micro)
    partner_micro: Mapped[int | None] = mapped_column(Micro)
    spot_micro: Mapped[int | None] = mapped_column(Micro)
    bands: Mapped[list[Any]] = mapped_column(Json)
    minimum_hours: Mapped[int]
    availability_bp: Mapped[int]
    service_standard: Mapped[str] = mapped_column(String(300))
    support: Mapped[list[str]]
    evidence: Mapped[dict[str, Any]]
    expires_at: Mapped[datetime]
    usable_until: Mapped[datetime] = mapped_column(index=True)
    workflow_id: Mapped[str] = mapped_column(Id)
    state: Mapped[str] = mapped_column(String(20), index=True)
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(index=True)
    region: Mapped[str] = mapped_column(String(20), index=True)
    vendor: Mapped[str] = mapped_column(String(20), index=True)
    accelerator: Mapped[str] = mapped_column(String(30), index=True)
    memory_gib: Mapped[float]
    accelerators: Mapped[int]
    price_micro: Mapped[int] = mapped_column(Micro, index=True)
    unit_micro: Mapped[int] = mapped_column(BigInteger)


class ComputeOfferPrice(Base):
    """What an offer asks from `since` until the next row: its price, the price for spot, and those by the hour, for one
    `accelerator` and hour; of nodes without any for `cores` processors."""

    __tablename__ = "compute_offer_price"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    offer_id: Mapped[str] = mapped_column(ForeignKey("compute_offer.id"), index=True)
    since: Mapped[datetime]
    accelerator: Mapped[str] = mapped_column(String(30))
    cores: Mapped[int]
    price_micro: Mapped[int] = mapped_column(Micro)
    spot_micro: Mapped[int | None] = mapped_column(Micro)
    bands: Mapped[list[Any]] = mapped_column(Json)
