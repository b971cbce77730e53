"""Training runs on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from ceyuan.hub import Visibility


class TrainingIn(BaseModel, extra="forbid"):
    """A training run to start."""

    org_id: Annotated[str, Field(max_length=40, description="who pays for it and sees it")]
    dataset: Annotated[str, Field(min_length=3, max_length=300, examples=["datasets/demo/corpus-zh@main"])]
    model: Annotated[
        str, Field(min_length=3, max_length=200, examples=["demo/mini-zh"], description="owner/name; made if missing")
    ]
    recipe: Annotated[
        dict[str, Any], Field(description="settings that differ from the default recipe", examples=[{"steps": 200}])
    ] = {}
    licence: Annotated[str, Field(max_length=60, description="of the model, as its card names it")] = ""
    visibility: Annotated[Visibility, Field(description="of the model's repository, if it is made now")] = "private"


class TrainingOut(BaseModel):
    """A training run. `summary` holds the last figures while it runs and the result when it is done."""

    id: str
    org_id: str
    job_id: str
    dataset: str
    model: str
    recipe: dict[str, Any]
    state: str
    steps: int
    summary: dict[str, Any] | None
    revision: str | None
    created_by: str
    created_at: datetime
    finished_at: datetime | None


class PointOut(BaseModel):
    """A point of the curve; losses in nats per token."""

    step: int
    loss: float
    heldout_loss: float | None
    learning_rate: float
    tokens_per_second: float
    eta_s: float
    at: datetime


class RecipeOut(BaseModel):
    """The default recipe with the range of every setting, and what it makes."""

    recipe: dict[str, Any]
    bounds: dict[str, tuple[float, float]]
    shape_bounds: dict[str, tuple[float, float]]
    parameters: int
    tokens: int
