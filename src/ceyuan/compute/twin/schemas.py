"""Studies of the twin on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

Word = Annotated[str, Field(min_length=1, max_length=80)]
Factor = Annotated[float, Field(gt=0, le=100)]
Amounts = dict[Annotated[str, Field(max_length=30)], Annotated[float, Field(ge=0, le=1e7)]]
Figures = Annotated[list[Annotated[float, Field(ge=0, le=1e6)]], Field(min_length=1, max_length=24)]


class _Asked(BaseModel, extra="forbid"):
    """What a study is asked for; a field that nobody knows is refused."""


class Recorded(_Asked):
    """The installation's own tasks of the last `days`: the organisation's, or with `everybody` all (operators only)."""

    kind: Literal["recorded"] = "recorded"
    days: Annotated[float, Field(gt=0, le=400)] = 30.0
    everybody: bool = False


class MadeUp(_Asked):
    """Tasks from a seed that would use the part `load` of the scarcest resource for so many days; inputs of `least_gb`
    to `most_gb` lie in one region each."""

    kind: Literal["made_up"] = "made_up"
    seed: Annotated[int, Field(ge=0, le=2**31)] = 1
    days: Annotated[float, Field(ge=0.05, le=400)] = 7.0
    load: Annotated[float, Field(ge=0.01, le=5)] = 0.8
    owners: Annotated[int, Field(ge=1, le=50)] = 4
    least_gb: Annotated[float, Field(ge=0.001, le=1e6)] = 1.0
    most_gb: Annotated[float, Field(ge=0.001, le=1e6)] = 1000.0
    mean_hours: Annotated[float, Field(ge=0.01, le=500)] = 2.0

    @model_validator(mode="after")
    def _sizes_rise(self) -> MadeUp:
        if self.least_gb > self.most_gb:
            raise ValueError("least_gb is above most_gb")
        return self


class Trace(_Asked):
    """A trace: the CSV `file` of the `dataset`'s revision, a line for each task. Columns `submit` (seconds, or a moment
    in ISO 8601) and `seconds`; besides `owner`, `accelerators` (all together), `accelerator`, `cpus`, `memory_gib`,
    `nodes`, `limit_s`, `priority`, also under names of published traces (`timestamp`, `duration`, `num_gpus`, `vc`).
    Where a line does not say so, `accelerator` is meant, `per_node` of them to a node, with `cpus_each` processors."""

    kind: Literal["trace"] = "trace"
    dataset: Annotated[str, Field(min_length=1, max_length=300)]
    file: Annotated[str, Field(min_length=1, max_length=500)]
    accelerator: Annotated[str, Field(max_length=30)] = ""
    per_node: Annotated[int, Field(ge=1, le=16)] = 8
    cpus_each: Annotated[int, Field(ge=1, le=256)] = 8


class FleetIn(_Asked):
    """The capacity to start from: the connected `pools`, the published `offers`, or an invented `ring` of five regions
    around Beijing (`seed`, `accelerators` of a typical place)."""

    kind: Literal["pools", "offers", "ring"] = "pools"
    seed: Annotated[int, Field(ge=0, le=2**31)] = 1
    accelerators: Annotated[int, Field(ge=8, le=1024)] = 64


class LinkIn(_Asked):
    """A link between two regions, both ways: 10^9 bits per second, yuan per GB."""

    one: Word
    other: Word
    gbps: Annotated[float, Field(gt=0, le=1e5)]
    yuan_per_gb: Annotated[float, Field(ge=0, le=1e4)] = 0.0


class MoreNodes(_Asked):
    """Nodes that are added to a place, or a new place with them. Prices are yuan per hour of an accelerator and of a
    core, carbon g CO2 per kWh: one figure, or 24 by the hour; of a place that there is already its own stand."""

    place: Word
    region: Annotated[str, Field(max_length=40)] = ""
    count: Annotated[int, Field(ge=1, le=1000)] = 1
    cpus: Annotated[int, Field(ge=1, le=4096)] = 128
    memory_gib: Annotated[float, Field(gt=0, le=65_536)] = 1024.0
    accelerator: Annotated[str, Field(max_length=30)] = ""
    accelerators: Annotated[int, Field(ge=0, le=16)] = 0
    price: Figures = [0.0]
    core_price: Figures = [0.0]
    pue: Annotated[float, Field(ge=1, le=5)] = 1.3
    carbon: Figures = [537.0]

    @model_validator(mode="after")
    def _figures_are_one_or_a_day(self) -> MoreNodes:
        for name in ("price", "core_price", "carbon"):
            if len(getattr(self, name)) not in (1, 24):
                raise ValueError(f"{name} has one figure or twenty-four")
        if (self.accelerators > 0) != (self.accelerator not in ("", "cpu")):
            raise ValueError("accelerators and the accelerator's name go together")
        return self


class ShareIn(_Asked):
    """A quota as the scenario has it: an owner's or a group's."""

    name: Word
    parent: Annotated[str, Field(max_length=80)] = ""
    guaranteed: Amounts = {}
    borrowing: Amounts = {}
    weight: Annotated[float, Field(gt=0, le=1000)] = 1.0


class OutageIn(_Asked):
    """A place that fails at an hour of the replay and comes back at another."""

    place: Word
    from_h: Annotated[float, Field(ge=0, le=10_000)]
    to_h: Annotated[float, Field(gt=0, le=10_000)]

    @model_validator(mode="after")
    def _ends_after_it_began(self) -> OutageIn:
        if self.to_h <= self.from_h:
            raise ValueError("to_h must come after from_h")
        return self


class ScenarioIn(_Asked):
    """Changed assumptions; one that changes nothing is the state of now. `placing` and `order` are the rule of
    scheduling, `learns` whether lengths are learnt from ended tasks, `shares` other quotas (none given: those that are
    set), `prices` and `carbon` factors by place or region, `cut` links that are gone, `faster` links with another
    speed, `without` places that are closed, `load` how often each task comes."""

    name: Word
    placing: Literal["platform", "best_fit", "cheapest", "greenest", "nearest"] = "platform"
    order: Literal["fair", "arrival"] = "fair"
    learns: bool = True
    load: Annotated[float, Field(gt=0, le=20)] = 1.0
    more_nodes: Annotated[list[MoreNodes], Field(max_length=50)] = []
    without: Annotated[list[Word], Field(max_length=50)] = []
    shares: Annotated[list[ShareIn], Field(max_length=200)] | None = None
    cut: Annotated[list[tuple[Word, Word]], Field(max_length=100)] = []
    faster: Annotated[list[LinkIn], Field(max_length=100)] = []
    prices: Annotated[dict[Word, Factor], Field(max_length=50)] = {}
    carbon: Annotated[dict[Word, Factor], Field(max_length=50)] = {}
    outages: Annotated[list[OutageIn], Field(max_length=50)] = []


class StudyPlan(_Asked):
    """A workload on a fleet under scenarios, the first of which the others are compared with. `links` join regions
    (those of the ring are there already); where none are given, data counts as being everywhere."""

    fleet: FleetIn = FleetIn()
    workload: Annotated[Recorded | MadeUp | Trace, Field(discriminator="kind")] = MadeUp()
    links: Annotated[list[LinkIn], Field(max_length=200)] = []
    scenarios: Annotated[list[ScenarioIn], Field(min_length=1, max_length=12)]

    @model_validator(mode="after")
    def _names_differ(self) -> StudyPlan:
        names = [scenario.name for scenario in self.scenarios]
        if len(set(names)) < len(names):
            raise ValueError("two scenarios have one name")
        return self


class StudyIn(_Asked):
    """A study to run, for which organisation."""

    org_id: Annotated[str, Field(max_length=40)]
    name: Annotated[str, Field(min_length=1, max_length=120)]
    plan: StudyPlan


class PlaceOut(BaseModel):
    """A place of a fleet as it would be replayed: yuan for an hour of an accelerator and of a core, `spot` and
    `core_spot` for interruptible tasks, `beside_price` for a core beside accelerators (empty: the same). `assumed`
    names the figures that nobody declared."""

    name: str
    region: str
    price: list[float]
    core_price: list[float]
    spot: list[float] = []
    core_spot: list[float] = []
    beside_price: list[float] = []
    watts: float
    core_watts: float
    pue: float
    carbon: list[float]
    assumed: list[str]


class RowOut(BaseModel):
    """Equal nodes of a place."""

    place: str
    count: int
    cpus: int
    memory_mib: int
    accelerator: str
    accelerators: int


class WayOut(BaseModel):
    """A link from one region to another."""

    from_region: str
    to_region: str
    gbps: float
    yuan_per_gb: float


class FleetOut(BaseModel):
    """A fleet as a study would start from it."""

    places: list[PlaceOut]
    nodes: list[RowOut]
    links: list[WayOut]


class BestOut(BaseModel):
    """Which scenario has the shortest wait (95th percentile), the lowest cost and the least carbon: of those `counted`,
    which ended the most tasks, `done` of them. One that ends fewer is no bargain by costing less."""

    done: int
    counted: list[str]
    wait: str
    cost: str
    carbon: str


class StudyOut(BaseModel):
    """A study with what came of its scenarios, in their order, once all are replayed; `best` until then is null."""

    id: str
    org_id: str
    name: str
    plan: dict[str, Any]
    world: dict[str, Any]
    results: list[dict[str, Any]]
    best: BestOut | None
    tasks: int
    job_id: str
    state: str
    created_by: str
    created_at: datetime
    finished_at: datetime | None


class RuleFigures(BaseModel):
    """What came of the tasks of late under a rule: how many ended, mean and 95th percentile of waiting in seconds."""

    rule: str
    done: int
    wait_mean_s: float | None
    wait_p95_s: float | None


class RuleOut(BaseModel):
    """The rule by which seats are chosen now; without a job none was chosen yet, and the usual one holds."""

    rule: str
    rules: list[str]
    job_id: str | None
    chosen_at: datetime | None
    tasks: int
    figures: list[RuleFigures]


class StudyRow(BaseModel):
    """A study in a list."""

    id: str
    org_id: str
    name: str
    scenarios: list[str]
    tasks: int
    job_id: str
    state: str
    created_at: datetime
    finished_at: datetime | None
