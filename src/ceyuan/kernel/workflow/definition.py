"""What a workflow is made of: frozen values that describe states, transitions, reviews and deadlines as a table.

Who may act is written as words: `owner` (the person whom the subject belongs to), `org:member` (anybody
with at least that role in the subject's organisation), `duty:reviewer` (holders of a platform duty) and
`system` (the platform itself: other rooms, and the sweeper at a deadline).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from ceyuan.kernel.errors import Invalid, Text
from ceyuan.kernel.workflow.days import CHINA, WorkCalendar

if TYPE_CHECKING:
    from ceyuan.kernel.actor import Actor
    from ceyuan.kernel.work import UnitOfWork
    from ceyuan.kernel.workflow.tables import WorkflowInstance

Kind = Literal["start", "normal", "good", "bad"]
"""Where a subject begins, passes through, ends well, ends badly."""
Period = Literal["working_days", "calendar_days", "hours", "moment"]


@dataclass(frozen=True, slots=True)
class Step:
    """What a guard or an effect looks at: a transition that is asked for or under way."""

    uow: UnitOfWork
    definition: Definition
    transition: Transition
    instance: WorkflowInstance
    form: Mapping[str, Any]

    @property
    def actor(self) -> Actor:
        return self.uow.actor


Guard = Callable[[Step], Awaitable[Text | None]]
"""Says why the transition is refused, or None. It must only read, and bear an empty form: pages ask beforehand."""
Effect = Callable[[Step], Awaitable[None]]
"""Does what the transition means, in its unit of work; it may change `step.instance.data`."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A guard that says beforehand what it demands, so that the diagram can show it."""

    demand: Text
    check: Guard

    async def __call__(self, step: Step) -> Text | None:
        return await self.check(step)


@dataclass(frozen=True, slots=True)
class Deadline:
    """How long a subject may stay in a state.

    `amount` counts working days, calendar days or hours from the entry; a period `moment` ends at a time
    of its own. `setting` names a member of the instance's data that overrides the amount, or gives the
    moment as an ISO 8601 text, so that a scheme can fix its own periods.
    """

    period: Period
    amount: int = 0
    setting: str | None = None

    def due(self, entered: datetime, data: Mapping[str, Any], calendar: WorkCalendar) -> datetime | None:
        """When the time is over; None for a moment that the data do not give. Raises `Invalid` for unusable data."""
        given = data.get(self.setting) if self.setting else None
        try:
            if self.period == "moment":
                return None if given is None else _moment(given)
            amount = self.amount if given is None else int(given)
            if amount < 0 or amount > 100_000:
                raise ValueError(amount)
        except (TypeError, ValueError) as error:
            raise Invalid(
                (
                    f"期限参数 {self.setting} 的值“{given}”无效",
                    f"“{given}” is not usable as the deadline {self.setting}",
                )
            ) from error
        if self.period == "hours":
            return entered + timedelta(hours=amount)
        if self.period == "working_days":
            return calendar.after_working_days(entered, amount).astimezone(UTC)
        return calendar.after_calendar_days(entered, amount).astimezone(UTC)


def _moment(given: Any) -> datetime:
    moment = datetime.fromisoformat(given)
    # A time written without zone on a Chinese form is Beijing time.
    return (moment if moment.tzinfo else moment.replace(tzinfo=CHINA)).astimezone(UTC)


def working_days(amount: int, *, setting: str | None = None) -> Deadline:
    """A deadline after so many working days."""
    return Deadline("working_days", amount, setting)


def calendar_days(amount: int, *, setting: str | None = None) -> Deadline:
    """A deadline after so many days, moved on from holidays."""
    return Deadline("calendar_days", amount, setting)


def hours(amount: int, *, setting: str | None = None) -> Deadline:
    """A deadline after so many hours."""
    return Deadline("hours", amount, setting)


def until(setting: str) -> Deadline:
    """A deadline at the moment that the instance's data give under `setting`."""
    return Deadline("moment", setting=setting)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that reviewers give points for, from 0 to `most`."""

    name: str
    label: Text
    most: int = 100


@dataclass(frozen=True, slots=True)
class Review:
    """A state in which reviewers vote or give scores.

    `seats` reviewers are drawn from the holders of `duty` on entry (or appointed by staff, if not `drawn`);
    the round is valid with `quorum` ballots. A vote passes with more than `share` of yes and no; scores pass
    with a mean of at least `pass_score` percent of the points, without the highest and the lowest ballot if
    `trimmed` (and there are five or more).
    """

    duty: str = "reviewer"
    seats: int = 3
    quorum: int = 2
    ballot: Literal["vote", "score"] = "vote"
    criteria: tuple[Criterion, ...] = ()
    share: float = 0.5
    pass_score: float = 60.0
    trimmed: bool = False
    drawn: bool = True


@dataclass(frozen=True, slots=True)
class Publicity:
    """A state that everybody who is signed in may see and object to; holders of `duty` answer objections."""

    duty: str


@dataclass(frozen=True, slots=True)
class State:
    """Where a subject can be. `label` is what staff read, `public` what everybody else reads (default: the same)."""

    name: str
    label: Text
    kind: Kind = "normal"
    public: Text | None = None
    deadline: Deadline | None = None
    review: Review | None = None
    publicity: Publicity | None = None

    @property
    def public_label(self) -> Text:
        """What everybody but the staff reads."""
        return self.public or self.label

    @property
    def is_end(self) -> bool:
        return self.kind in ("good", "bad")


@dataclass(frozen=True, slots=True)
class Transition:
    """A way from one of the states `sources` to `target`.

    `by` says who may take it. `form` is the JSON Schema of what must be filled in. `guards` must all agree.
    `automatic` lets the sweeper take it when the state's deadline is over; of several, the first whose
    guards agree. `optional` ones (withdraw) are not on anybody's to-do list. `notify` names who is told:
    the words of `by`, and `reviewers`. What the form says is shown to the subject's owner and organisation
    unless it is not `disclosed`; others but staff never see it.
    """

    name: str
    label: Text
    sources: tuple[str, ...]
    target: str
    by: tuple[str, ...] = ()
    form: Mapping[str, Any] | None = None
    guards: tuple[Guard, ...] = ()
    effect: Effect | None = None
    automatic: bool = False
    optional: bool = False
    disclosed: bool = True
    notify: tuple[str, ...] = ("owner",)


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of a workflow. Instances keep the version with which they started.

    `link` is the console's path of a subject, with `{subject}` and `{instance}` in it.
    """

    name: str
    version: int
    title: Text
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    link: str = "/workflows/{instance}"
    by_name: Mapping[str, State] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {state.name: state for state in self.states})

    @property
    def start(self) -> State:
        """The state in which instances begin."""
        return next(state for state in self.states if state.kind == "start")

    def leaving(self, state: str) -> list[Transition]:
        """The transitions out of a state, in the order in which they are written."""
        return [transition for transition in self.transitions if state in transition.sources]

    def find(self, state: str, transition: str) -> Transition | None:
        """The transition of this name out of `state`."""
        return next((found for found in self.leaving(state) if found.name == transition), None)

    @property
    def duties(self) -> frozenset[str]:
        """The platform duties that have a part in this workflow: its staff."""
        words = {word for transition in self.transitions for word in transition.by}
        duties = {word.removeprefix("duty:") for word in words if word.startswith("duty:")}
        duties |= {state.publicity.duty for state in self.states if state.publicity}
        return frozenset(duties)
