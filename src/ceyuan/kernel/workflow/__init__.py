"""Workflows: declarative state machines through which everything that is governed changes its state.

A room writes a `Definition` as a table, registers it in its wiring (`workflows(platform).register(RELEASE)`),
starts an instance for each subject (`await workflow.start(uow, "release", repo.id, ...)`) and takes steps for
people or as the platform (`await workflow.transit(uow, instance.id, "approve", form=...)`). Pages, to-do lists,
reviews, objections and deadlines work for every definition alike. What a subject is stays the room's own.
"""

from ceyuan.kernel.workflow import forms, notices, privacy
from ceyuan.kernel.workflow.days import WorkCalendar
from ceyuan.kernel.workflow.definition import (
    Condition,
    Criterion,
    Deadline,
    Definition,
    Effect,
    Guard,
    Publicity,
    Review,
    State,
    Step,
    Transition,
    calendar_days,
    hours,
    until,
    working_days,
)
from ceyuan.kernel.workflow.engine import definition_of, find, find_by_subject, may_see, start, transit
from ceyuan.kernel.workflow.errors import (
    AlreadyStarted,
    ConflictOfInterest,
    DefinitionNotFound,
    FormInvalid,
    GuardRefused,
    InstanceNotFound,
    KeyReused,
    Moved,
    NotYours,
    WrongState,
)
from ceyuan.kernel.workflow.four_eyes import Entitled, by_another, by_outsider
from ceyuan.kernel.workflow.guards import (
    children_ended,
    no_open_objection,
    objection_upheld,
    review_complete,
    review_failed,
    review_passed,
)
from ceyuan.kernel.workflow.independence import Candidate, KnownOrganisations, ReviewerPool
from ceyuan.kernel.workflow.outcome import Outcome, outcome_of
from ceyuan.kernel.workflow.registry import Workflows, workflows
from ceyuan.kernel.workflow.remedies import with_objection
from ceyuan.kernel.workflow.sweeping import sweep
from ceyuan.kernel.workflow.tables import WorkflowInstance
from ceyuan.kernel.workflow.validation import BrokenDefinition, check_definition
from ceyuan.kernel.workflow.views import describe, history

__all__ = [
    "AlreadyStarted",
    "BrokenDefinition",
    "Candidate",
    "Condition",
    "ConflictOfInterest",
    "Criterion",
    "Deadline",
    "Definition",
    "DefinitionNotFound",
    "Effect",
    "Entitled",
    "FormInvalid",
    "Guard",
    "GuardRefused",
    "InstanceNotFound",
    "KeyReused",
    "KnownOrganisations",
    "Moved",
    "NotYours",
    "Outcome",
    "Publicity",
    "Review",
    "ReviewerPool",
    "State",
    "Step",
    "Transition",
    "WorkCalendar",
    "WorkflowInstance",
    "Workflows",
    "WrongState",
    "by_another",
    "by_outsider",
    "calendar_days",
    "check_definition",
    "children_ended",
    "definition_of",
    "describe",
    "find",
    "find_by_subject",
    "forms",
    "history",
    "hours",
    "may_see",
    "no_open_objection",
    "notices",
    "objection_upheld",
    "outcome_of",
    "privacy",
    "review_complete",
    "review_failed",
    "review_passed",
    "start",
    "sweep",
    "transit",
    "until",
    "with_objection",
    "workflows",
    "working_days",
]
