"""The workflow of an incident: opened, taken by somebody, resolved or dismissed with a reason."""

from __future__ import annotations

from ceyuan.governance.monitoring.tables import Incident
from ceyuan.kernel.workflow import Definition, State, Step, Transition, forms, hours

NAME = "incident"


async def _mirror(step: Step) -> None:
    incident = await step.uow.session.get(Incident, step.instance.subject)
    assert incident is not None
    incident.state = step.transition.target
    if step.definition.by_name[step.transition.target].is_end:
        incident.closed_at = step.uow.clock.now()


_WHO = ("org:maintainer", "duty:operator", "duty:regulator")
_NOTE = forms.form(note=forms.text(("处置说明", "What was done"), most=1000, lines=3))

INCIDENT = Definition(
    name=NAME,
    version=1,
    title=("事件处置", "Incident"),
    link="/governance/incidents/{subject}",
    states=(
        State("open", ("待处置", "Open"), kind="start", deadline=hours(4)),
        State("taken", ("处置中", "In hand")),
        State("resolved", ("已解决", "Resolved"), kind="good"),
        State("dismissed", ("误报", "Dismissed"), kind="bad"),
    ),
    transitions=(
        Transition("take", ("接手", "Take"), ("open",), "taken", by=_WHO, effect=_mirror),
        Transition("resolve", ("解决", "Resolve"), ("open", "taken"), "resolved", by=_WHO, form=_NOTE, effect=_mirror),
        Transition(
            "dismiss", ("判为误报", "Dismiss"), ("open", "taken"), "dismissed", by=_WHO, form=_NOTE, effect=_mirror
        ),
    ),
)
