"""Tasks on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from ceyuan.compute.tasks.description import TaskSpec


class TaskIn(BaseModel, extra="forbid"):
    """A task to run, on whose account."""

    org_id: Annotated[str, Field(max_length=40, description="id or name of the organisation")]
    task: TaskSpec


class RefusalOut(BaseModel):
    """Why a wish cannot be met, and the nearest that can."""

    zh: str
    en: str
    nearest: dict[str, Any]


class CheckOut(BaseModel):
    """A dry run: what would be taken, refused, and paid for one try; as how many accelerators, or processors where
    there are none, it would be charged at the least and at the most (its dominant share of the nodes); what the
    organisation is short of for it; whether the platform's files are kept away."""

    placed: dict[str, Any]
    refusals: list[RefusalOut]
    inputs: dict[str, str]
    charged_least: str
    charged_most: str
    least_micro: int
    most_micro: int
    missing_micro: int
    isolated: bool
    queue: ExplainOut


class SeatOut(BaseModel):
    """A place on a node: which, and which of its accelerators."""

    node_id: str
    node: str
    devices: list[int]


class WeighedOut(BaseModel):
    """What a task comes to in a pool, in yuan: in the `planned` one as the plan has it, in any other if it began there
    as soon as its data could be there, `begins_h` hours from the plan."""

    pool: str
    region: str
    planned: bool
    begins_h: float
    rent: float
    copying: float
    carbon: float
    waiting: float


class ChargeOut(BaseModel):
    """A part of what a try was charged with: so much of a resource from `start` to `end`, at `unit_micro` micro-yuan
    for `per` units (null: by the price list). `tariff`: `list`, `offer`, `spot` (the offer's for interruptible tasks)
    or `included` in that of the accelerators. Times are seconds since 1970."""

    resource: str
    quantity: str
    unit_micro: int | None
    per: int | None
    tariff: str
    start: float
    end: float
    cost_micro: int


class AttemptOut(BaseModel):
    """One try that has ended, with its meter, and what it was charged with: by the prices of `offer`, or by the price
    list. `charged`: as how many accelerators, or processors where there are none, its dominant share of the nodes
    counts. Times are seconds since 1970."""

    key: str
    state: str
    exit_code: int | None
    reason: str
    started_at: float | None
    ended_at: float | None
    seconds: float
    cpu_seconds: float
    peak_mb: float
    pool: str
    seats: list[SeatOut]
    accounting: dict[str, Any] | None
    offer: str | None
    charged: str
    charges: list[ChargeOut]


class TaskOut(BaseModel):
    """A task; `cost_micro` is posted, `cost_so_far_micro` includes the try at work; `weighed` says why it runs where it
    does, or is to: empty where all its pools are alike."""

    id: str
    org_id: str
    job_id: str
    name: str
    spec: dict[str, Any]
    placed: dict[str, Any]
    inputs: dict[str, str]
    outputs: dict[str, str]
    state: str
    closing: str | None
    reason: str
    attempt: str | None
    attempts: list[AttemptOut]
    seconds: float
    cost_micro: int
    cost_so_far_micro: int
    pool: str
    seats: list[SeatOut]
    weighed: list[WeighedOut]
    priority: int
    notice: str | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ChangeOut(BaseModel):
    """A change with which the task would start now."""

    change: str
    value: str
    zh: str
    en: str


class ExplainOut(BaseModel):
    """Why a task waits: its place in the whole queue (1: next), the reason (`room`, `reserved`, `quota`, `funds`,
    `never`), when it is expected to start at the earliest and, as everything ends at its limit, at the latest, and what
    would make it start now. Of a task that does not wait only `state` is told."""

    state: str
    position: int | None
    waiting: int | None
    reason: str
    zh: str
    en: str
    earliest: datetime | None
    latest: datetime | None
    reserved_from: datetime | None
    would_start_if: list[ChangeOut]


class TaskLogOut(BaseModel):
    """Output of a try from an offset in bytes on; `ended` if no more will come."""

    attempt: str | None
    text: str
    next_offset: int
    ended: bool


class PlaceOut(BaseModel):
    """The machine on which tasks run, and whether they are isolated; if not, only administrators may run any."""

    kind: str
    cpus: int
    memory_gib: float
    disk_gib: float
    isolated: bool


class CertificateOut(BaseModel):
    """What a task used: one link for each try, each with the hash of the one before it, signed as a whole."""

    format: str
    task: str
    name: str
    organisation: str
    organisation_name: str
    state: str
    finished_at: str
    totals: dict[str, str]
    cost_micro: int
    outputs: dict[str, str]
    links: list[dict[str, Any]]
    head: str
    signature: dict[str, str]


class CertificateCheckOut(BaseModel):
    """What of a certificate holds."""

    chain: bool
    signature: bool
    ours: bool
    valid: bool
