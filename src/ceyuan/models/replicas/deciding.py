"""What is to be done about a deployment's replicas, by what is seen of them: plain functions over plain values.

A replica starts, is ready, drains and ends; one that fails is followed by another after a pause that doubles. The
revisions of the plan get as many replicas as are wanted; what the plan names no longer, what is too many, and what is
due to be renewed drains once those that take over are ready. The number of the stable revision follows the wait that
calls have (`serving.replicas.estimated_delay_s`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ceyuan.models.serving.variants import DeploymentPlan

UP_AFTER_S = 2.0
"""Seconds for which calls wait too long before one more replica is wanted."""
DOWN_AFTER_S = 30.0
"""Seconds for which fewer replicas would do before one fewer is wanted."""
LINGER_S = 2.0
"""Seconds for which a draining replica stays at least: another process of ours may not have heard yet."""
STEADY_S = 60.0
"""A replica that was ready for so long did not fail at once."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 300.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A replica as it was seen. Times are seconds since 1970. `task`: `queued` (no room yet), `running` or `ended`;
    `attempt` is the try at work, `known_attempt` the one whose address is known; `answers` whether it answered at the
    last looks (`None`: not asked), `held` the calls that all processes have there, `running_s` how long its try runs.
    """

    id: str
    number: int
    state: str
    task: str
    attempt: str | None
    known_attempt: str | None
    port: int
    answers: bool | None
    held: int
    failures: int
    changed_at: float
    ready_at: float | None
    renew_at: float
    running_s: float = 0.0
    ill: bool = False

    @property
    def serves(self) -> bool:
        """Whether it counts for those that are wanted."""
        return self.state in ("starting", "ready")


@dataclass(frozen=True, slots=True)
class Demand:
    """What the processes have to do for a deployment: calls that wait for a replica, all calls at replicas, how long
    one usually takes in s, the estimated wait of a further one, and when the last one came."""

    waiting: int
    held: int
    delay_s: float
    used_at: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the settings say, in seconds."""

    start_timeout_s: float
    idle_s: float
    drain_s: float


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to do: `start` a replica of `number`; or bring `replica` into a `state` (`stopping` asks its task to
    end), with the reason where it failed."""

    kind: str
    number: int = 0
    replica: str = ""
    state: str = ""
    fault: tuple[str, str] | None = None


def pause_s(failures: int) -> float:
    """How long to wait after so many failures in a row."""
    return min(_FIRST_PAUSE_S * 2.0 ** max(0, failures - 1), _LONGEST_PAUSE_S)


def step(one: Seen, now: float, bounds: Bounds) -> Change | None:
    """What becomes of one replica by what was seen of it."""
    if one.task == "ended":
        if one.state in ("draining", "stopping"):
            return Change("move", replica=one.id, state="ended")
        return Change("move", replica=one.id, state="failed", fault=("引擎已结束", "the engine ended"))
    if one.state == "stopping":
        return None
    if one.state == "draining":
        age = now - one.changed_at
        done = one.held == 0 and age >= LINGER_S
        return Change("move", replica=one.id, state="stopping") if done or age >= bounds.drain_s else None
    if one.state == "ready" and one.attempt != one.known_attempt:
        # Its task goes on elsewhere: a new try has another address.
        return Change("move", replica=one.id, state="starting")
    if one.state == "ready" and one.ill:
        return Change("fail", replica=one.id, fault=("引擎不再应答", "the engine does not answer any more"))
    if one.state == "starting" and one.answers and one.port:
        return Change("move", replica=one.id, state="ready")
    if one.state == "starting" and one.running_s > bounds.start_timeout_s:
        return Change("fail", replica=one.id, fault=("引擎未能按时就绪", "the engine was not ready in time"))
    return None


def count_of(plan: DeploymentPlan, name: str, wanted: int) -> int:
    """How many replicas a variant gets: one that is to replace the stable one as many (it must show that it can be
    loaded), a canary or shadow one."""
    return wanted if name == "stable" else max(wanted, 1) if name == "next" else 1


def fill(
    plan: DeploymentPlan | None, wanted: int, seen: Sequence[Seen], failed: Sequence[Seen], now: float
) -> list[Change]:
    """Start what is missing and drain what is too many. `failed` are those that failed, the newest last."""
    changes: list[Change] = []
    counts = {one.number: count_of(plan, one.name, wanted) for one in plan.variants} if plan is not None else {}
    for number, count in counts.items():
        serving = [one for one in seen if one.number == number and one.serves]
        fresh = [one for one in serving if one.renew_at > now]
        old = [one for one in serving if one.renew_at <= now]
        due = next((one for one in reversed(failed) if one.number == number), None)
        if len(fresh) < count and (due is None or now >= due.changed_at + pause_s(due.failures)):
            # After a failure one at a time: the next one may fail as well.
            missing = count - len(fresh)
            changes += [Change("start", number=number)] * (1 if due is not None else missing)
        # Those that start go first, then the youngest.
        ordered = sorted(fresh, key=lambda one: (one.state == "ready", -one.changed_at))
        surplus = ordered[: max(0, len(fresh) - count)]
        if sum(one.state == "ready" for one in fresh) >= count:
            surplus += old
        changes += [Change("move", replica=one.id, state="draining") for one in surplus]
    gone = [one for one in seen if one.serves and one.number not in counts]
    changes += [Change("move", replica=one.id, state="draining") for one in gone]
    return changes


@dataclass(frozen=True, slots=True)
class Course:
    """How many replicas are wanted, and since when calls wait too long or fewer replicas would do."""

    wanted: int
    above_since: float | None = None
    below_since: float | None = None


def steer(plan: DeploymentPlan, course: Course, demand: Demand, ready: int, now: float, bounds: Bounds) -> Course:
    """The number that is wanted from now on."""
    scale, concurrency = plan.scale, plan.pool.concurrency if plan.pool is not None else 1
    least = scale.least
    wanted = min(max(course.wanted, least), scale.most)
    if wanted == 0:
        return Course(1 if demand.waiting else 0)
    if least == 0 and not demand.held and not demand.waiting and now - demand.used_at > bounds.idle_s:
        return Course(0)
    above = course.above_since if demand.delay_s * 1000 > scale.delay_ms and ready >= wanted else None
    if demand.delay_s * 1000 > scale.delay_ms and ready >= wanted and above is None:
        above = now
    spare = wanted > max(least, 1) and demand.held <= concurrency * (wanted - 1) // 2
    below = (course.below_since or now) if spare else None
    if above is not None and now - above >= UP_AFTER_S and wanted < scale.most:
        return Course(wanted + 1)
    if below is not None and now - below >= DOWN_AFTER_S:
        return Course(wanted - 1)
    return Course(wanted, above, below)
