"""Objections of those against whom a decision goes: they are heard once more, by somebody else than decided.

A refusal that may be objected to is no end yet. Within working days the applicant or a maintainer of the organisation
objects with grounds; holders of the duty who neither opened the matter nor refused it uphold the objection, and the
matter is decided anew, or dismiss it. Where nobody objects in time the refusal stands by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from ceyuan.kernel.errors import Text
from ceyuan.kernel.workflow import forms
from ceyuan.kernel.workflow.definition import Condition, Effect, Guard, State, Step, Transition, working_days

OBJECT_WITHIN = 10
"""Working days in which an objection can be made."""
ANSWER_WITHIN = 15
"""Working days after which those who have to answer it are reminded."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """The states and transitions that follow a refusal; the way of the refusal itself leads to `states[0]`."""

    states: tuple[State, ...]
    transitions: tuple[Transition, ...]


def objection_to(refused: State, *, again: str, duty: str, guard: Guard, effect: Effect) -> Remedy:
    """What follows the state `refused`: objection, examination, and `again`, where the matter is decided anew.

    Holders of `duty` decide on the objection; `guard` says that they are others than decided before
    (`by_another("refuse")`). `effect` runs with each of the steps.
    """
    reason = forms.form(reason=forms.text(("理由", "Reason"), most=1000, lines=3))
    grounds = forms.form(grounds=forms.text(("异议与依据", "Objection and grounds"), least=5, most=2000, lines=5))
    officers, own = (f"duty:{duty}",), ("owner", "org:maintainer")
    label = refused.label
    return Remedy(
        states=(
            State(
                refused.name,
                (f"{label[0]}(可异议)", f"{label[1]} (may object)"),
                deadline=working_days(OBJECT_WITHIN),
            ),
            State(
                "objected",
                ("异议待审查", "Objection to be examined"),
                public=("异议审查中", "Objection under examination"),
                deadline=working_days(ANSWER_WITHIN),
            ),
            State("final", (f"{label[0]}(已生效)", f"{label[1]} for good"), kind="bad"),
        ),
        transitions=(
            Transition(
                "object",
                ("提出异议", "Object"),
                (refused.name,),
                "objected",
                by=own,
                form=grounds,
                guards=(Condition(("在异议期内", "within the time for objections"), _in_time),),
                effect=effect,
                optional=True,
            ),
            Transition("rest", ("异议期满", "Time over"), (refused.name,), "final", automatic=True, effect=effect),
            Transition(
                *("uphold", ("异议成立,重新审核", "Uphold and decide anew"), ("objected",), again),
                by=officers,
                form=reason,
                guards=(guard,),
                effect=effect,
                notify=own,
            ),
            Transition(
                *("dismiss", ("驳回异议", "Dismiss"), ("objected",), "final"),
                by=officers,
                form=reason,
                guards=(guard,),
                effect=effect,
                notify=own,
            ),
        ),
    )


async def _in_time(step: Step) -> Text | None:
    due = step.instance.due_at
    if due is not None and due <= step.uow.clock.now():
        return "异议期已过", "the time for objections is over"
    return None
