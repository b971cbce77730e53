"""Tables of serving: upstream servers, and what is served under which name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, true
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.secrets import Sealed
from ceyuan.kernel.tables import Base, Id


class Upstream(Base):
    """An OpenAI-compatible server; `base_url` goes up to and with `/v1`, its key is sealed by the vault."""

    __tablename__ = "upstream"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    base_url: Mapped[str] = mapped_column(String(500))
    sealed_key: Mapped[bytes | None] = mapped_column(Sealed)
    headers: Mapped[dict[str, Any]]
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ServedModel(Base):
    """A model under its public name.

    Either an upstream serves it (as `upstream_model`), or the embedded engine runs `file`: `known:<name>` from the
    catalogue, `hub:<owner>/<name>@<revision>/<path>`, or `file:<absolute path>`. `visibility` is `public` or
    `listed` (the organisations in `visible_to`). `state`: `ready`, `preparing` (its file is being fetched),
    `failed`, `disabled`. `routing`: how calls are shared with further upstreams (`Routing`), null = there are none.
    A revision of the hub (`model_node`, its node in the lineage graph) is a candidate until it is `released`: until
    then only `owner_org_id` may call it, whatever the visibility says.
    """

    __tablename__ = "served_model"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    upstream_id: Mapped[str | None] = mapped_column(Id, ForeignKey("upstream.id"), index=True)
    upstream_model: Mapped[str] = mapped_column(String(200))
    file: Mapped[str | None] = mapped_column(String(600))
    engine: Mapped[dict[str, Any]]
    routing: Mapped[dict[str, Any] | None]
    capabilities: Mapped[list[str]]
    price_model: Mapped[str] = mapped_column(String(200))
    revision: Mapped[str | None] = mapped_column(String(300))
    licence: Mapped[str | None] = mapped_column(String(80))
    context: Mapped[int | None]
    max_concurrency: Mapped[int]
    label: Mapped[str | None] = mapped_column(String(10))
    visibility: Mapped[str] = mapped_column(String(10))
    visible_to: Mapped[list[str]]
    owner_org_id: Mapped[str | None] = mapped_column(Id)
    model_node: Mapped[str | None] = mapped_column(String(200), index=True)
    released: Mapped[bool] = mapped_column(server_default=true())
    keep_warm: Mapped[bool]
    state: Mapped[str] = mapped_column(String(12), index=True)
    fault: Mapped[str | None] = mapped_column(String(500))
    job_id: Mapped[str | None] = mapped_column(Id)
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class EngineHolder(Base):
    """A process of ours that lives until `until`, and whether it runs the embedded engines of deployments. The row
    without a name is there to be locked."""

    __tablename__ = "engine_holder"
    worker: Mapped[str] = mapped_column(String(64), primary_key=True)
    label: Mapped[str] = mapped_column(String(200))
    until: Mapped[datetime]
    holds: Mapped[bool]
