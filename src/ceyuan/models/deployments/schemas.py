"""Deployments on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ceyuan.models.serving.routes import Capability
from ceyuan.models.serving.schemas import EngineIn, EngineOut, ModelName

Reference = Annotated[str, Field(max_length=300, description="a revision in the hub: models/<owner>/<name>@<revision>")]
Percent = Annotated[int, Field(ge=0, le=100)]


class ScaleIn(BaseModel):
    """How many replicas: at least (0 = none while nobody asks), at most, one more when calls wait `delay_ms`."""

    least: Annotated[int, Field(ge=0, le=64)] = 1
    most: Annotated[int, Field(ge=1, le=64)] = 1
    delay_ms: Annotated[int, Field(ge=10, le=600_000)] = 2000


class DeploymentIn(BaseModel):
    """A deployment to be."""

    name: ModelName
    model: Reference
    path: Annotated[str, Field(max_length=300, description="the GGUF file, where the revision has several")] = ""
    title: Annotated[str, Field(max_length=200)] = ""
    engine: EngineIn = EngineIn()
    capabilities: Annotated[list[Capability], Field(min_length=1, max_length=3)] = ["chat", "completions"]
    scale: ScaleIn = ScaleIn()
    price_model: Annotated[str, Field(max_length=200)] = ""
    visible_to: Annotated[list[str] | None, Field(max_length=1000)] = None


class UpdateIn(BaseModel):
    """Another revision: it takes the stable one's place (`next`), or `percent` of the calls (`canary`), or of copies
    of them (`shadow`), once it is loaded."""

    model: Reference
    path: Annotated[str, Field(max_length=300)] = ""
    variant: Literal["next", "canary", "shadow"] = "next"
    percent: Percent = 0


class ShareIn(BaseModel):
    """Another share of a canary or shadow; 0 ends it."""

    variant: Literal["canary", "shadow"]
    percent: Percent


class VariantOut(BaseModel):
    """A revision that runs; `same` and `p95_ms` are known of shadows."""

    name: str
    number: int
    revision: str
    file: str
    released: bool
    percent: int
    copies: int | None
    copies_failed: int | None
    same: int | None
    p95_ms: float | None


class DeploymentReplicaOut(EngineOut):
    """An engine of a deployment."""

    name: str
    variant: str


class DeploymentOut(BaseModel):
    """A deployment. `replicas` is how many of the stable revision are wanted just now, `delay_ms` how long calls wait,
    `cost_micro` what its replicas cost in the last 30 days."""

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
    scale: ScaleIn
    replicas: int
    delay_ms: float
    variants: list[VariantOut]
    engines: list[DeploymentReplicaOut]
    cost_micro: int | None
    created_at: datetime
    updated_at: datetime
