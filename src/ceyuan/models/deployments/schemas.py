"""Deployments on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ceyuan.models.serving.routes import Capability
from ceyuan.models.serving.schemas import EngineIn, EngineOut, ModelName
from ceyuan.models.serving.variants import EngineName, PoolRun

Reference = Annotated[str, Field(max_length=300, description="a revision in the hub: models/<owner>/<name>@<revision>")]
Percent = Annotated[int, Field(ge=0, le=100)]


class Scale(BaseModel):
    """How many replicas: at least (0 = none while nobody asks), at most, one more when calls wait `delay_ms`."""

    least: Annotated[int, Field(ge=0, le=64)] = 1
    most: Annotated[int, Field(ge=1, le=64)] = 1
    delay_ms: Annotated[int, Field(ge=10, le=600_000)] = 2000


class ScaleIn(Scale, extra="forbid"):
    """How many there are to be."""


class PoolIn(BaseModel, extra="forbid"):
    """A server that runs as compute tasks in a pool: `vllm`, `sglang`, or a `command` whose words are given (`{model}`,
    `{name}`, `{host}` and `{port}` stand for the revision's folder, the public name, and where to listen)."""

    engine: EngineName
    pool: Annotated[str, Field(min_length=1, max_length=60, description="a pool's name or id")]
    cpus: Annotated[int, Field(ge=1, le=4096)] = 4
    memory_gib: Annotated[float, Field(gt=0, le=65_536)] = 16.0
    accelerator: Annotated[str, Field(max_length=30)] = "cpu"
    accelerators: Annotated[int, Field(ge=0, le=1024, description="of each replica")] = 0
    environment: Annotated[
        str,
        Field(pattern=r"^(/[A-Za-z0-9._+-]+)*$", max_length=300, description="folder on the nodes whose bin is used"),
    ] = ""
    arguments: Annotated[
        dict[str, Annotated[str, Field(max_length=100)]],
        Field(max_length=50, description="further arguments of the engine, by name without dashes; flags take “true”"),
    ] = {}
    command: Annotated[list[Annotated[str, Field(max_length=4000)]], Field(max_length=200)] = []
    concurrency: Annotated[int, Field(ge=1, le=100_000, description="calls that a replica answers at once")] = 64

    def run(self) -> PoolRun:
        """As deployments take it."""
        return PoolRun(**{**self.model_dump(), "command": tuple(self.command)})


class PoolOut(BaseModel):
    """How the replicas of a deployment run in a pool."""

    engine: str
    pool: str
    cpus: int
    memory_gib: float
    accelerator: str
    accelerators: int
    environment: str
    arguments: dict[str, str]
    command: list[str]
    concurrency: int


class DeploymentIn(BaseModel, extra="forbid"):
    """A deployment to be. With `pool` its replicas are compute tasks; else engines of the platform run a GGUF file."""

    name: ModelName
    model: Reference
    path: Annotated[str, Field(max_length=300, description="the GGUF file, where the revision has several")] = ""
    title: Annotated[str, Field(max_length=200)] = ""
    engine: EngineIn = EngineIn()
    capabilities: Annotated[list[Capability], Field(min_length=1, max_length=7)] = ["chat", "completions"]
    scale: ScaleIn = ScaleIn()
    price_model: Annotated[str, Field(max_length=200)] = ""
    visible_to: Annotated[list[str] | None, Field(max_length=1000)] = None
    pool: PoolIn | None = None


class UpdateIn(BaseModel, extra="forbid"):
    """Another revision: it takes the stable one's place (`next`), or `percent` of the calls (`canary`), or of copies
    of them (`shadow`), once it is loaded."""

    model: Reference
    path: Annotated[str, Field(max_length=300)] = ""
    variant: Literal["next", "canary", "shadow"] = "next"
    percent: Percent = 0


class ShareIn(BaseModel, extra="forbid"):
    """Another share of a canary or shadow; 0 ends it."""

    variant: Literal["canary", "shadow"]
    percent: Percent


class VariantOut(BaseModel):
    """A revision that runs, named to those who may know of its repository; `same` and `p95_ms` are of shadows."""

    name: str
    number: int
    revision: str | None
    file: str | None
    released: bool
    percent: int
    copies: int | None
    copies_failed: int | None
    same: int | None
    p95_ms: float | None


class DeploymentReplicaOut(EngineOut):
    """A replica of a deployment: an engine of this process, or a compute task (`task_id`) that listens at `address`."""

    name: str
    variant: str
    task_id: str | None
    address: str | None


class DeploymentOut(BaseModel):
    """A deployment. `replicas` is how many of the stable revision are wanted just now, `delay_ms` how long calls wait,
    `cost_micro` what its replicas cost in the last 30 days; those in a pool, what their tasks cost so far."""

    model_config = ConfigDict(protected_namespaces=())
    id: str
    name: str
    title: str
    state: str
    fault: str | None
    job_id: str | None
    released: bool
    capabilities: list[str]
    owner_org_id: str | None
    scale: Scale
    pool: PoolOut | None
    replicas: int
    delay_ms: float
    variants: list[VariantOut]
    engines: list[DeploymentReplicaOut]
    cost_micro: int | None
    created_at: datetime
    updated_at: datetime
