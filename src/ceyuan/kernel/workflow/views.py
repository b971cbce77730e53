"""What pages show: a definition as a diagram, an instance in it, and what its viewer may do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ceyuan.kernel.errors import Text
from ceyuan.kernel.workflow import repository
from ceyuan.kernel.workflow.definition import Condition, Definition, Review, State, Step, Transition
from ceyuan.kernel.workflow.engine import find, refusals
from ceyuan.kernel.workflow.four_eyes import EXCEPTIONS
from ceyuan.kernel.workflow.outcome import Outcome, outcome_of
from ceyuan.kernel.workflow.permissions import is_party, is_staff, may_take
from ceyuan.kernel.workflow.tables import WorkflowInstance, WorkflowMove

if TYPE_CHECKING:
    from ceyuan.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Way:
    """A transition that the viewer's role allows, and why its guards refuse it now (empty: it may be taken)."""

    transition: Transition
    reasons: Sequence[Text]


@dataclass(frozen=True, slots=True)
class InstanceView:
    """An instance as its viewer sees it."""

    instance: WorkflowInstance
    definition: Definition
    staff: bool
    ways: Sequence[Way]
    outcome: Outcome | None
    owes_ballot: bool
    may_object: bool


async def view_instance(uow: UnitOfWork, instance_id: str) -> InstanceView:
    """The instance with what the actor may do; raises `InstanceNotFound`."""
    instance, definition = await find(uow, instance_id)
    state = definition.by_name[instance.state]
    staff = is_staff(uow.actor, definition)
    ways = [
        Way(transition, await refusals(Step(uow, definition, transition, instance, {})))
        for transition in definition.leaving(instance.state)
        if may_take(uow.actor, transition, instance)
    ]
    rows = await repository.reviewers(uow.session, instance.id, instance.revision) if state.review else ()
    open_until = instance.due_at is None or instance.due_at > uow.clock.now()
    return InstanceView(
        instance=instance,
        definition=definition,
        staff=staff,
        ways=ways,
        outcome=await outcome_of(uow, definition, instance) if staff and state.review else None,
        owes_ballot=any(r.person_id == uow.actor.id and not r.cast_at and not r.recused_at for r in rows),
        may_object=state.publicity is not None and uow.actor.is_known and open_until,
    )


async def history(uow: UnitOfWork, instance_id: str) -> list[dict[str, Any]]:
    """The moves of an instance, oldest first.

    Staff see all. Parties see the forms of disclosed transitions, and names only of their own side; other
    viewers see no forms.
    """
    instance, definition = await find(uow, instance_id)
    staff, party = is_staff(uow.actor, definition), is_party(uow.actor, instance)
    return [
        _line(definition, move, staff=staff, party=party, own=move.actor_id in (uow.actor.id, instance.owner_id))
        for move in await repository.moves(uow.session, instance.id)
    ]


def _line(definition: Definition, move: WorkflowMove, *, staff: bool, party: bool, own: bool) -> dict[str, Any]:
    taken = definition.find(move.source, move.transition) if move.source and move.transition else None
    label: Text = taken.label if taken else ("启动", "Started")
    target = label_of(definition.by_name[move.target], staff)
    exception = EXCEPTIONS[move.exception] if move.exception else (None, None)
    shown = staff or (party and (own or (taken is not None and taken.disclosed)))
    return {
        "number": move.number,
        "transition": move.transition,
        "label_zh": label[0],
        "label_en": label[1],
        "source": move.source,
        "target": move.target,
        "target_zh": target[0],
        "target_en": target[1],
        "actor_id": move.actor_id if staff or own else None,
        "actor_label": move.actor_label if staff or own else None,
        "at": move.at,
        "form": move.form if shown else {},
        "exception_zh": exception[0],
        "exception_en": exception[1],
    }


def label_of(state: State, staff: bool) -> Text:
    """The state's label for staff or for everybody else."""
    return state.label if staff else state.public_label


def describe(definition: Definition, *, staff: bool = False) -> dict[str, Any]:
    """The definition as JSON for the console's diagram: states as nodes, one edge for each source of a transition."""
    return {
        "name": definition.name,
        "version": definition.version,
        "title_zh": definition.title[0],
        "title_en": definition.title[1],
        "states": [_describe_state(state, staff) for state in definition.states],
        "edges": [
            _describe_edge(transition, source) for transition in definition.transitions for source in transition.sources
        ],
    }


def _describe_state(state: State, staff: bool) -> dict[str, Any]:
    zh, en = label_of(state, staff)
    deadline = state.deadline
    return {
        "name": state.name,
        "label_zh": zh,
        "label_en": en,
        "kind": state.kind,
        "deadline": deadline and {"period": deadline.period, "amount": deadline.amount, "setting": deadline.setting},
        "review": describe_review(state.review) if state.review else None,
        "publicity": state.publicity is not None,
    }


def describe_review(review: Review) -> dict[str, Any]:
    """A review's rule as JSON."""
    return {
        "duty": review.duty,
        "seats": review.seats,
        "quorum": review.quorum,
        "ballot": review.ballot,
        "criteria": [
            {"name": c.name, "label_zh": c.label[0], "label_en": c.label[1], "most": c.most} for c in review.criteria
        ],
        "share": review.share,
        "pass_score": review.pass_score,
        "trimmed": review.trimmed,
    }


def _describe_edge(transition: Transition, source: str) -> dict[str, Any]:
    demands = [guard.demand for guard in transition.guards if isinstance(guard, Condition)]
    return {
        "name": transition.name,
        "label_zh": transition.label[0],
        "label_en": transition.label[1],
        "source": source,
        "target": transition.target,
        "by": list(transition.by),
        "automatic": transition.automatic,
        "optional": transition.optional,
        "form": transition.form is not None,
        "demands": [{"zh": demand[0], "en": demand[1]} for demand in demands],
    }
