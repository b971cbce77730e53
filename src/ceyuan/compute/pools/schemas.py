"""Pools on the wire. Private keys and secrets go in and never come out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, SecretStr

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,59}$")]


class PoolIn(BaseModel, extra="forbid"):
    """A pool to register, for all or for one organisation: kind `ssh`, `slurm`, `kubernetes` or `ray`. `secret` is the
    bearer token of a cluster's service; it is sealed and never shown again."""

    name: Name
    kind: Annotated[str, Field(max_length=20)]
    org_id: Annotated[str | None, Field(max_length=40)] = None
    region: Annotated[str, Field(max_length=40)] = ""
    settings: dict[str, Any] = {}
    secret: Annotated[SecretStr, Field(max_length=20_000)] = SecretStr("")


class SecretIn(BaseModel, extra="forbid"):
    """Another bearer token for a cluster's service; sealed and never shown again."""

    secret: Annotated[SecretStr, Field(max_length=20_000)]


class HostIn(BaseModel, extra="forbid"):
    """A host of an SSH pool. `host_key` as in its .pub file; `private_key` is sealed and never shown again."""

    address: Annotated[str, Field(pattern=r"^[A-Za-z0-9:][A-Za-z0-9.:_-]{0,254}$")]
    user: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_-]{0,31}$")]
    host_key: Annotated[str, Field(max_length=2000)]
    private_key: Annotated[SecretStr, Field(max_length=20_000)]
    name: Annotated[str, Field(max_length=120)] = ""
    port: Annotated[int, Field(ge=1, le=65_535)] = 22
    root: Annotated[str, Field(pattern=r"^[A-Za-z0-9._/~-]{1,400}$")] = ".ceyuan/runs"
    accelerator: Annotated[str, Field(max_length=30)] = ""
    accelerators: Annotated[int, Field(ge=0, le=16)] = 0


class KeyIn(BaseModel, extra="forbid"):
    """Another private key for a host, sealed and never shown again; and its new host key, where that changed too."""

    private_key: Annotated[SecretStr, Field(max_length=20_000)]
    host_key: Annotated[str, Field(max_length=2000)] = ""


class OfferIn(BaseModel, extra="forbid"):
    """The offer of the catalogue that a pool delivers, by id or identifier; null: none."""

    offer: Annotated[str | None, Field(min_length=1, max_length=120)]


class RegionIn(BaseModel, extra="forbid"):
    """The region in which a pool lies, such as `beijing`; empty: where the platform's store lies."""

    region: Annotated[str, Field(max_length=40)]


class DrainIn(BaseModel, extra="forbid"):
    """Take no new tasks (`on`) or take them again; `move`: those at work leave at their checkpoint."""

    on: bool = True
    move: bool = False


class DrainOut(BaseModel):
    """How many tasks were asked to leave."""

    asked: int


class NodeOut(BaseModel):
    """A machine of a pool, what it has and what of it is held."""

    id: str
    name: str
    address: str
    host_key: str
    cpus: int
    memory_mib: int
    accelerator: str
    accelerators: int
    isolated: bool
    draining: bool
    health: str
    fault: str
    checked_at: datetime | None
    runs: int
    cpus_held: int
    memory_mib_held: int
    accelerators_held: int


class PoolOut(BaseModel):
    """A pool with its nodes; by the prices of `offer_id` its use is charged. Settings, addresses and faults are empty
    for all but operators."""

    id: str
    name: str
    kind: str
    org_id: str | None
    region: str
    offer_id: str | None
    settings: dict[str, Any]
    state: str
    health: str
    fault: str
    checked_at: datetime | None
    created_at: datetime
    nodes: list[NodeOut]
