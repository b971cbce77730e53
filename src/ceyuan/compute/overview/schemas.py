"""The overview on the wire."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class PoolRow(BaseModel):
    """A pool now; processors and accelerators that it has, that take tasks, and that are held."""

    id: str
    name: str
    kind: str
    region: str
    state: str
    health: str
    nodes: int
    nodes_up: int
    runs: int
    resources: list[ResourceRow]


class ResourceRow(BaseModel):
    """A resource now: `cpus` or an accelerator; what there is, takes tasks, and is held."""

    name: str
    capacity: int
    usable: int
    held: int


class TeamRow(BaseModel):
    """An organisation: its tasks that wait and run now, and what it used in the time shown."""

    org_id: str
    name: str
    waiting: int
    running: int
    accelerator_hours: float
    core_hours: float
    cost_micro: int
    carbon_kg: float


class WaitingRow(BaseModel):
    """A task that waits, since when and why."""

    id: str
    name: str
    org_id: str
    priority: int
    since: datetime
    reason: str
    zh: str
    en: str


class AlertRow(BaseModel):
    """What needs a person, and the page of the console where to see to it."""

    severity: str
    code: str
    zh: str
    en: str
    path: str


class RegionRow(BaseModel):
    """What was used in a region in the time shown."""

    region: str
    accelerator_hours: float
    core_hours: float
    energy_kwh: float
    carbon_kg: float
    cost_micro: int


class CourseOut(BaseModel):
    """Courses in equal steps: mean amounts held and tasks waiting in each step, what there was at its end (null before
    anybody looked), micro-yuan, kWh and kg of CO2 of each step."""

    start: datetime
    step_s: float
    held: dict[str, list[float]]
    capacity: dict[str, list[float | None]]
    waiting: list[float]
    cost_micro: list[float]
    energy_kwh: list[float]
    carbon_kg: list[float]


class OverviewOut(BaseModel):
    """Everything at once. `everybody`: of all organisations (operators), else of the caller's own. `assumed` names the
    figures behind energy and carbon that nobody declared."""

    everybody: bool
    hours: float
    pools: list[PoolRow]
    resources: list[ResourceRow]
    teams: list[TeamRow]
    regions: list[RegionRow]
    waiting: list[WaitingRow]
    waiting_count: int
    running_count: int
    ended_count: int
    cost_micro: int
    energy_kwh: float
    carbon_kg: float
    assumed: list[str]
    alerts: list[AlertRow]
    course: CourseOut
