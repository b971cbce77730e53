"""The description of a task, the same in YAML, JSON and Python."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import yaml
from pydantic import AwareDatetime, BaseModel, Field, ValidationError, model_validator

from ceyuan.kernel.errors import Invalid

Word = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
_RESERVED = ("CEYUAN_", "LD_")


class Resources(BaseModel, extra="forbid"):
    """What a task takes on one node; `accelerators` of the kind `accelerator` beside processors and memory."""

    cpus: Annotated[int, Field(ge=1, le=4096)] = 1
    memory_gib: Annotated[float, Field(gt=0, le=65_536)] = 2.0
    accelerator: Annotated[str, Field(max_length=30)] = "cpu"
    accelerators: Annotated[int, Field(ge=0, le=100_000)] = 0
    nodes: Annotated[int, Field(ge=1, le=10_000)] = 1

    @model_validator(mode="after")
    def _accelerators_are_named(self) -> Resources:
        if (self.accelerators > 0) != (self.accelerator != "cpu"):
            raise ValueError("accelerators and the accelerator's name go together")
        return self


class TaskSpec(BaseModel, extra="forbid"):
    """A task.

    `command` is a shell line or a list of words. `alternatives` are tried in order where `resources` cannot be had.
    `inputs` name revisions of the hub; they lie read-only under `$CEYUAN_INPUTS/<name>`. `outputs` map folders that the
    command leaves in its working folder to repositories that get them as a revision. What it writes to
    `$CEYUAN_CHECKPOINT` is there again at the next try. `retries` counts further tries after a fault of the command; a
    node that dies or a request to leave costs none. `pools` and `regions` limit where it runs (empty: anywhere). An
    `interruptible` one may be asked to leave for others: it gets TERM and `notice_s` seconds. Of one organisation's
    tasks those with the higher `priority` go first. `gang_timeout_s`: a cluster that has not brought all nodes together
    by then is given up, and another tried. `image`: the container image
    that it runs in, where a pool runs images (empty: the pool's own, or none).
    """

    name: Annotated[str, Field(min_length=1, max_length=120)]
    command: (
        Annotated[str, Field(min_length=1, max_length=20_000)]
        | Annotated[list[Annotated[str, Field(max_length=20_000)]], Field(min_length=1, max_length=500)]
    )
    resources: Resources = Resources()
    alternatives: Annotated[list[Resources], Field(max_length=10)] = []
    environment: Annotated[dict[Word, Annotated[str, Field(max_length=10_000)]], Field(max_length=200)] = {}
    inputs: Annotated[dict[Label, Annotated[str, Field(max_length=300)]], Field(max_length=50)] = {}
    outputs: Annotated[dict[Label, Annotated[str, Field(max_length=300)]], Field(max_length=20)] = {}
    image: Annotated[str, Field(max_length=400)] = ""
    network: bool = False
    time_limit_s: Annotated[float, Field(ge=1, le=90 * 86_400)] = 3600.0
    deadline: AwareDatetime | None = None
    budget_micro: Annotated[int | None, Field(ge=1, le=10**15)] = None
    retries: Annotated[int, Field(ge=0, le=10)] = 0
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    interruptible: bool = False
    notice_s: Annotated[float, Field(ge=0, le=3600)] = 30.0
    gang_timeout_s: Annotated[float, Field(ge=1, le=7 * 86_400)] = 600.0
    pools: Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=50)] = []
    regions: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=50)] = []

    @model_validator(mode="after")
    def _environment_is_the_tasks_own(self) -> TaskSpec:
        if taken := [name for name in self.environment if name.startswith(_RESERVED)]:
            raise ValueError(f"these names are the platform's: {', '.join(taken)}")
        return self

    @property
    def argv(self) -> list[str]:
        """The command as words."""
        return ["/bin/sh", "-c", self.command] if isinstance(self.command, str) else list(self.command)

    @property
    def wishes(self) -> list[Resources]:
        """The wanted resources, then the alternatives."""
        return [self.resources, *self.alternatives]

    def ends_by(self, now: datetime) -> float:
        """Seconds that a try that starts now may take."""
        left = self.time_limit_s if self.deadline is None else (self.deadline - now).total_seconds()
        return min(self.time_limit_s, left)

    @classmethod
    def from_yaml(cls, text: str) -> TaskSpec:
        """Read a description; raises `Invalid` with the place of the first fault."""
        try:
            content = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise Invalid(("任务描述不是有效的 YAML", f"the description is no YAML: {error}")) from error
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            fault = error.errors()[0]
            place = ".".join(str(part) for part in fault["loc"]) or "task"
            raise Invalid((f"任务描述有误:{place}", f"{place}: {fault['msg']}"), field=place) from error
