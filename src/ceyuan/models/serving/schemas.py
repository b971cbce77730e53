"""Serving on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ceyuan.models.serving.routes import Capability, Strategy

LabelMode = Literal["off", "header", "field", "text"]
ModelName = Annotated[str, Field(min_length=1, max_length=200)]


class EngineIn(BaseModel, extra="forbid"):
    """How the embedded engine runs a model where it differs from the platform's settings."""

    context: Annotated[int | None, Field(ge=256, le=1_000_000, description="tokens that running requests share")] = None
    parallel: Annotated[int | None, Field(ge=1, le=64, description="requests at once")] = None
    max_tokens: Annotated[int | None, Field(ge=1, le=1_000_000, description="longest answer by default")] = None
    threads: Annotated[int | None, Field(ge=1, le=512, description="threads; default: a self-test chooses")] = None
    chat_template: Annotated[str | None, Field(max_length=20_000, description="Jinja template in place of its own")] = (
        None
    )


class ServedIn(BaseModel, extra="forbid"):
    """A model to serve: from an upstream, or from a file by the embedded engine."""

    name: ModelName
    title: Annotated[str, Field(max_length=200)] = ""
    upstream: Annotated[str | None, Field(max_length=80, description="id or name of the upstream")] = None
    upstream_model: Annotated[str, Field(max_length=200, description="the model's name there; default: the same")] = ""
    file: Annotated[
        str | None,
        Field(max_length=600, description="known:<name>, hub:<owner>/<name>@<revision>:<path> or file:</path>"),
    ] = None
    engine: EngineIn = EngineIn()
    capabilities: Annotated[list[Capability], Field(min_length=1, max_length=7)] = ["chat", "completions"]
    price_model: Annotated[str, Field(max_length=200, description="name in the price list; default: the same")] = ""
    context: Annotated[int | None, Field(ge=1, le=100_000_000)] = None
    max_concurrency: Annotated[int, Field(ge=0, le=100_000, description="calls at once; 0 = any")] = 0
    label: LabelMode | None = None
    visible_to: Annotated[
        list[str] | None, Field(max_length=1000, description="organisations that may use it; null = all")
    ] = None
    keep_warm: bool = False
    accept_licence: Annotated[bool, Field(description="the licence of a file that must be fetched is accepted")] = False


class ServedChange(BaseModel, extra="forbid"):
    """What may change of a served model; fields that are not sent stay."""

    title: Annotated[str, Field(min_length=1, max_length=200)] = ""
    price_model: ModelName = ""
    max_concurrency: Annotated[int, Field(ge=0, le=100_000)] = 0
    label: LabelMode | None = None
    visible_to: Annotated[list[str] | None, Field(max_length=1000)] = None
    keep_warm: bool = False
    enabled: bool = True


class ReplicaIn(BaseModel, extra="forbid"):
    """A further upstream of a served model."""

    upstream: Annotated[str, Field(min_length=1, max_length=80, description="id or name of the upstream")]
    model: Annotated[str, Field(max_length=200, description="the model's name there; default: as at the first")] = ""
    weight: Annotated[int, Field(ge=0, le=1000, description="its share of the calls")] = 1
    tier: Annotated[int, Field(ge=0, le=9, description="asked only when none of a smaller number can be")] = 0


class RoutingIn(BaseModel, extra="forbid"):
    """How the calls of a model are shared between its upstreams; `weight` and `tier` are the first one's."""

    strategy: Annotated[Strategy, Field(description="how one of several is chosen")] = "weighted"
    weight: Annotated[int, Field(ge=0, le=1000)] = 1
    tier: Annotated[int, Field(ge=0, le=9)] = 0
    retries: Annotated[int, Field(ge=0, le=9, description="further upstreams that a refused call is given to")] = 2
    hedge_ms: Annotated[
        int, Field(ge=0, le=60_000, description="silence after which a second one is asked; 0 = never")
    ] = 0
    replicas: Annotated[list[ReplicaIn], Field(max_length=50)] = []


class ServedOut(BaseModel):
    """A served model. `state`: ready, preparing, failed, disabled; not `released`: only its owner may call it."""

    model_config = ConfigDict(protected_namespaces=())
    id: str
    name: str
    title: str
    upstream_id: str | None
    upstream_model: str
    file: str | None
    engine: dict[str, Any]
    routing: dict[str, Any] | None
    capabilities: list[str]
    price_model: str
    revision: str | None
    licence: str | None
    context: int | None
    max_concurrency: int
    label: str | None
    visibility: str
    visible_to: list[str]
    owner_org_id: str | None
    released: bool
    keep_warm: bool
    state: str
    fault: str | None
    job_id: str | None
    created_at: datetime
    updated_at: datetime


class EngineOut(BaseModel):
    """An engine in this process. `selftest` holds tokens/s by thread count, `log` its last lines (operators only)."""

    state: str
    pid: int | None
    in_flight: int
    threads: int | None
    load_s: float | None
    rss_mb: float | None
    restarts: int
    last_error: str | None
    selftest: list[dict[str, Any]]
    log: list[str]


class HealthOut(BaseModel):
    """Whether a served model can be called now; `reason` says why not."""

    name: str
    state: str
    healthy: bool
    reason: str | None
    latency_ms: float | None
    engine: EngineOut | None


class FileOut(BaseModel):
    """A model file that the platform can fetch by itself; `cached` = it is on this machine."""

    name: str
    filename: str
    sha256: str
    size: int
    licence: str
    licence_url: str
    origin: str
    memory_mb: int
    cached: bool


class UpstreamIn(BaseModel, extra="forbid"):
    """An OpenAI-compatible server."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    base_url: Annotated[str, Field(max_length=500, description="address up to and with /v1")]
    key: Annotated[str | None, Field(max_length=4000, description="sent as Bearer; sealed, never shown again")] = None
    headers: Annotated[dict[str, str], Field(max_length=20)] = {}
    stream_usage: Annotated[bool, Field(description="it understands stream_options.include_usage")] = True
    outside: Annotated[bool, Field(description="it is not the platform's own server")] = False
    price: Annotated[float, Field(ge=0, le=1e9, description="what it asks for a million tokens, in yuan")] = 0.0
    usage_url: Annotated[
        str | None, Field(max_length=500, description="where it says what it counted; {id} = the call's x-request-id")
    ] = None


class UpstreamChange(BaseModel, extra="forbid"):
    """What may change of an upstream; fields that are not sent stay, `key: null` removes the key."""

    base_url: Annotated[str, Field(max_length=500)] = ""
    key: Annotated[str | None, Field(max_length=4000)] = None
    headers: Annotated[dict[str, str], Field(max_length=20)] = {}
    stream_usage: bool = True
    outside: bool = False
    price: Annotated[float, Field(ge=0, le=1e9)] = 0.0
    usage_url: Annotated[str | None, Field(max_length=500)] = None


class UpstreamOut(BaseModel):
    """An upstream; its key is not shown."""

    id: str
    name: str
    base_url: str
    has_key: bool
    headers: dict[str, str]
    stream_usage: bool
    outside: bool
    price: float
    usage_url: str | None
    created_at: datetime
    updated_at: datetime


class UpstreamHealthOut(BaseModel):
    """What an upstream answers: the models that it lists, or why it cannot be asked."""

    healthy: bool
    reason: str | None
    latency_ms: float | None
    models: list[str]
