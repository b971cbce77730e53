"""Plans on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field


class ShapeIn(BaseModel):
    """The shape of the model, where it is known; left out: that of published models of the size."""

    layers: Annotated[int, Field(ge=1, le=2000)]
    hidden: Annotated[int, Field(ge=64, le=200_000)]
    heads: Annotated[int, Field(ge=1, le=2000)]
    kv_heads: Annotated[int, Field(ge=1, le=2000)]
    ffn: Annotated[int, Field(ge=64, le=1_000_000)]
    vocabulary: Annotated[int, Field(ge=256, le=2_000_000)] = 128_000
    experts: Annotated[int, Field(ge=1, le=10_000)] = 1
    experts_active: Annotated[int, Field(ge=1, le=1000)] = 1


class PlanIn(BaseModel, extra="forbid"):
    """What shall be trained by when."""

    parameters: Annotated[float, Field(description="weights, such as 1e11")]
    active_parameters: Annotated[float | None, Field(description="weights a token passes through (sparse models)")] = (
        None
    )
    tokens: Annotated[float, Field(description="training tokens, such as 2e12")]
    deadline_hours: Annotated[float, Field(description="hours from start to end")]
    precision: Annotated[str, Field(max_length=8)] = "bf16"
    sequence: int = 4096
    batch_tokens: Annotated[float, Field(description="global batch in tokens; 0: chosen by size")] = 0
    accelerator: Annotated[str, Field(max_length=30, description="chip of the plan that is shown first")] = "h800"
    per_node: Annotated[int, Field(ge=1, le=128)] = 8
    network_gbps: Annotated[float, Field(gt=0, le=100_000, description="of a node")] = 3200
    shape: ShapeIn | None = None
    region: Annotated[str | None, Field(max_length=20, description="only offers there")] = None
    vendor: Annotated[str | None, Field(max_length=20, description="only offers of this maker's chips")] = None
    budget_micro: Annotated[int | None, Field(ge=1, le=10**17)] = None


class SplitOut(BaseModel):
    """How the model is spread."""

    tensor: int
    pipeline: int
    data: int
    context: int
    expert: int
    micro_batch: int
    recompute: bool
    sharded: bool
    interleave: int


class MemoryOut(BaseModel):
    """GiB on the fullest accelerator."""

    weights: float
    gradients: float
    optimiser: float
    activations: float
    logits: float
    overhead: float
    total: float
    limit: float


class TrainingPlanOut(BaseModel):
    """A plan: machines, time with the span of its uncertainty, memory, network, storage.

    Shares are of a step: bubble, tensor, expert and data communication that nothing hides.
    """

    accelerator: str
    accelerators: int
    nodes: int
    per_node: int
    split: SplitOut
    memory: MemoryOut
    steps: int
    step_s: float
    efficiency: float
    expected_efficiency: float
    efficiency_reason_zh: str
    efficiency_reason_en: str
    bubble: float
    tensor_share: float
    expert_share: float
    data_share: float
    hours: float
    lost_hours: float
    total_hours: float
    hours_low: float
    hours_high: float
    accelerator_hours: float
    network_gbps_needed: float
    corpus_tb: float
    checkpoint_gb: float
    storage_tb: float
    checkpoint_write_gb_s: float
    checkpoint_every_hours: float
    batch_sequences: int


class Reason(BaseModel):
    """Why an offer cannot serve the goal."""

    code: Literal["no_plan", "too_few_nodes", "too_little_storage", "over_budget", "too_late", "does_not_fit"]
    zh: str
    en: str
    nearest: dict[str, Any]


class OfferFit(BaseModel):
    """An offer against the goal: its plan, price, energy and carbon, or the reasons against it.

    `pue_assumed` says that the site states none and 1.3 was taken.
    """

    offer_id: str
    identifier: str | None
    title: str
    partner_zh: str
    partner_en: str
    region: str
    accelerator: str
    accelerator_label: str
    accelerators: int
    fits: bool
    reasons: list[Reason]
    plan: TrainingPlanOut | None
    price_micro: int | None
    hour_micro: int
    energy_kwh: float | None
    pue_assumed: bool
    carbon_kg: float | None
    corpus_transfer_hours: float | None


class PlanOut(BaseModel):
    """A goal's operations and shape, the plan on the chip that was asked for, and every usable offer against it."""

    flops: float
    flops_per_token: float
    parameters: float
    active_parameters: float
    layers: int
    hidden: int
    heads: int
    experts: int
    batch_sequences: int
    plan: TrainingPlanOut | None
    refusal: Reason | None
    offers: list[OfferFit]
