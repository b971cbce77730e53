"""Objections of those against whom a decision goes: they are heard once more, by somebody else than decided.

A refusal that may be objected to is no end yet. Within working days the applicant or a maintainer of the organisation
objects with grounds; holders of the duty who neither opened the matter nor refused it uphold the objection, and the
matter is decided anew, or dismiss it. Where nobody objects in time the refusal stands by itself.
"""

from __future__ import annotations

from dataclasses import replace

from ceyuan.kernel.errors import Text
from ceyuan.kernel.workflow import forms
from ceyuan.kernel.workflow.definition import (
    Condition,
    Definition,
    Effect,
    Guard,
    State,
    Step,
    Transition,
    working_days,
)

OBJECT_WITHIN = 10
"""Working days in which an objection can be made."""
ANSWER_WITHIN = 15
"""Working days after which those who have to answer it are reminded."""


def with_objection(definition: Definition, refused: str, *, duty: str, guard: Guard, effect: Effect) -> Definition:
    """The next version of `definition`, in which the end `refused` may be objected to.

    An objection that is upheld leads back to the start. Holders of `duty` decide on it; `guard` says that they are
    others than decided before (`by_another("refuse")`). `effect` runs with each of the steps.
    """
    end = definition.by_name[refused]
    owners = ("owner", "org:maintainer")
    object_ = Transition(
        "object",
        ("提出异议", "Object"),
        (refused,),
        "objected",
        by=owners,
        form=forms.form(grounds=forms.text(("异议与依据", "Objection and grounds"), least=5, most=2000, lines=5)),
        guards=(Condition(("在异议期内", "within the time for objections"), _in_time),),
        effect=effect,
        optional=True,
    )
    rest = Transition("rest", ("异议期满", "Time over"), (refused,), "final", automatic=True, effect=effect)
    answers = (
        Transition(
            name,
            label,
            ("objected",),
            target,
            by=(f"duty:{duty}",),
            form=forms.form(reason=forms.text(("理由", "Reason"), most=1000, lines=3)),
            guards=(guard,),
            effect=effect,
            notify=owners,
        )
        for name, label, target in (
            ("uphold", ("异议成立,重新审核", "Uphold and decide anew"), definition.start.name),
            ("dismiss", ("驳回异议", "Dismiss"), "final"),
        )
    )
    return replace(
        definition,
        version=definition.version + 1,
        states=(
            *(state for state in definition.states if state is not end),
            State(
                refused,
                (f"{end.label[0]}(可异议)", f"{end.label[1]} (may object)"),
                deadline=working_days(OBJECT_WITHIN),
            ),
            State(
                "objected",
                ("异议待审查", "Objection to be examined"),
                public=("异议审查中", "Objection under examination"),
                deadline=working_days(ANSWER_WITHIN),
            ),
            State("final", (f"{end.label[0]}(已生效)", f"{end.label[1]} for good"), kind="bad"),
        ),
        transitions=(*definition.transitions, object_, rest, *answers),
    )


async def _in_time(step: Step) -> Text | None:
    due = step.instance.due_at
    if due is not None and due <= step.uow.clock.now():
        return "异议期已过", "the time for objections is over"
    return None
