"""Workflows on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

Points = Annotated[float, Field(allow_inf_nan=False)]


class Wording(BaseModel):
    """A text in both languages."""

    zh: str
    en: str


class DefinitionRow(BaseModel):
    """A workflow in the list of workflows."""

    name: str
    version: int
    title_zh: str
    title_en: str


class DeadlineOut(BaseModel):
    """How long a subject may stay: `amount` of `period`, unless the instance's `setting` says otherwise."""

    period: Literal["working_days", "calendar_days", "hours", "moment"]
    amount: int
    setting: str | None


class CriterionOut(BaseModel):
    """Something that reviewers give points for, from 0 to `most`."""

    name: str
    label_zh: str
    label_en: str
    most: int


class ReviewRuleOut(BaseModel):
    """How a review is done and when it is passed."""

    duty: str
    seats: int
    quorum: int
    ballot: Literal["vote", "score"]
    criteria: list[CriterionOut]
    share: float
    pass_score: float
    trimmed: bool


class StateOut(BaseModel):
    """A state: a node of the diagram."""

    name: str
    label_zh: str
    label_en: str
    kind: Literal["start", "normal", "good", "bad"]
    deadline: DeadlineOut | None
    review: ReviewRuleOut | None
    publicity: bool


class EdgeOut(BaseModel):
    """A transition out of one state: an edge of the diagram. `demands` says what its guards want."""

    name: str
    label_zh: str
    label_en: str
    source: str
    target: str
    by: list[str]
    automatic: bool
    optional: bool
    form: bool
    demands: list[Wording]


class DefinitionOut(BaseModel):
    """A workflow as a diagram."""

    name: str
    version: int
    title_zh: str
    title_en: str
    states: list[StateOut]
    edges: list[EdgeOut]


class InstanceOut(BaseModel):
    """A subject on its way. The label is the one meant for the reader."""

    id: str
    definition: str
    version: int
    definition_zh: str
    definition_en: str
    subject: str
    title_zh: str
    title_en: str
    org_id: str | None
    owner_id: str
    parent_id: str | None
    state: str
    label_zh: str
    label_en: str
    kind: Literal["start", "normal", "good", "bad"]
    revision: int
    created_at: datetime
    entered_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    link: str


class WayOut(BaseModel):
    """A step that the reader's role allows: its form, and why it is refused now, if it is."""

    name: str
    label_zh: str
    label_en: str
    target: str
    optional: bool
    allowed: bool
    reasons: list[Wording]
    form: dict[str, Any] | None


class OutcomeOut(BaseModel):
    """What the ballots of the present round come to."""

    seats: int
    cast: int
    quorum: int
    approve: int
    reject: int
    abstain: int
    score: float | None
    passed: bool


class InstanceDetail(InstanceOut):
    """An instance with what its reader may do."""

    is_staff: bool
    ways: list[WayOut]
    outcome: OutcomeOut | None
    owes_ballot: bool
    may_object: bool


class MoveOut(BaseModel):
    """A line of the history. Who acted and what the form said are left out where the reader may not know."""

    number: int
    transition: str | None
    label_zh: str
    label_en: str
    source: str | None
    target: str
    target_zh: str
    target_en: str
    actor_id: str | None
    actor_label: str | None
    at: datetime
    form: dict[str, Any]
    exception_zh: str | None
    exception_en: str | None


class StepIn(BaseModel, extra="forbid"):
    """A step to take: the form's content, and the revision that the caller has looked at."""

    form: dict[str, Any] = Field(default_factory=dict)
    revision: int | None = Field(default=None, ge=0)


class SeatsIn(BaseModel, extra="forbid"):
    """Reviewers to appoint; none: draw the missing ones."""

    people: list[Annotated[str, Field(max_length=80)]] = Field(default_factory=list, max_length=50)


class BallotIn(BaseModel, extra="forbid"):
    """A reviewer's ballot: a vote, or points for every criterion."""

    vote: Literal["approve", "reject", "abstain"] | None = None
    scores: dict[str, Points] | None = Field(default=None, max_length=50)
    comment: str | None = Field(default=None, max_length=5000)


class ReasonIn(BaseModel, extra="forbid"):
    """A reason in words."""

    reason: str = Field(min_length=1, max_length=500)


class SeatOut(BaseModel):
    """A reviewer's seat with its ballot."""

    person_id: str
    label: str
    round: int
    assigned_by: str
    assigned_at: datetime
    recused_at: datetime | None
    recusal: str | None
    cast_at: datetime | None
    vote: str | None
    scores: dict[str, float] | None
    comment: str | None


class SeatsOut(BaseModel):
    """The seats that the reader may see; `complete` says whether these are all."""

    seats: list[SeatOut]
    complete: bool


class ObjectionIn(BaseModel, extra="forbid"):
    """An objection in words."""

    text: str = Field(min_length=1, max_length=5000)


class AnswerIn(BaseModel, extra="forbid"):
    """The answer to an objection."""

    upheld: bool
    text: str = Field(min_length=1, max_length=5000)


class ObjectionOut(BaseModel):
    """An objection and its answer (`upheld` is null until there is one)."""

    id: str
    instance_id: str
    person_id: str
    label: str
    text: str
    made_at: datetime
    upheld: bool | None
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None


class ConflictIn(BaseModel, extra="forbid"):
    """A declaration of not being independent of an organisation."""

    org_id: str = Field(min_length=1, max_length=40)
    reason: str = Field(min_length=1, max_length=500)


class ConflictOut(BaseModel):
    """A standing declaration."""

    org_id: str
    reason: str
    declared_at: datetime
