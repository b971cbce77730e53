"""The workflow of a release: checked by gates, approved by somebody who answers for it, or not."""

from __future__ import annotations

from ceyuan.kernel.errors import Text
from ceyuan.kernel.workflow import (
    Condition,
    Definition,
    GuardRefused,
    State,
    Step,
    Transition,
    by_another,
    forms,
    with_objection,
)
from ceyuan.models.releases import repository
from ceyuan.models.releases.gates import judge

NAME = "model_release"


async def _all_gates_pass(step: Step) -> Text | None:
    release = await repository.get(step.uow.session, step.instance.subject)
    failed = [r for r in await judge(step.uow, release) if not r.passed]
    if not failed:
        return None
    return ("；".join(r.reason[0] for r in failed), "; ".join(r.reason[1] for r in failed))


async def _keep_gates(step: Step) -> None:
    release = await repository.get(step.uow.session, step.instance.subject)
    release.gates = [r.as_dict() for r in await judge(step.uow, release)]
    release.state = step.transition.target
    release.decided_at = step.uow.clock.now()
    await step.uow.publish(
        "model.release_decided",
        release_id=release.id,
        model_node=release.model_node,
        org_id=release.org_id,
        state=release.state,
        served=release.served,
    )


async def _hear(step: Step) -> None:
    """Follow an objection; a candidate is what it was, and is judged by the gates of now."""
    release = await repository.get(step.uow.session, step.instance.subject)
    if step.transition.target == RELEASE.start.name:
        if await repository.open_of(step.uow.session, release.model_node) is not None:
            raise GuardRefused([("该版本已有新的发布申请", "another release of this revision has been opened since")])
        release.decided_at = None
    release.state = step.transition.target


_GATES = Condition(("评测与安全等全部关口通过", "every gate (evaluation, safety) passes"), _all_gates_pass)
_NOTE = forms.form(note=forms.text(("说明", "Note"), least=0, most=1000, lines=3), required=())

_FIRST = Definition(
    name=NAME,
    version=1,
    title=("模型发布", "Model release"),
    link="/models/releases/{subject}",
    states=(
        State("candidate", ("候选", "Candidate"), kind="start"),
        State("released", ("已发布", "Released"), kind="good"),
        State("rejected", ("未通过", "Rejected"), kind="bad"),
        State("withdrawn", ("已撤回", "Withdrawn"), kind="bad"),
    ),
    transitions=(
        Transition(
            "approve",
            ("批准发布", "Approve"),
            ("candidate",),
            "released",
            by=("org:maintainer", "duty:reviewer"),
            form=_NOTE,
            guards=(_GATES, by_another()),
            effect=_keep_gates,
        ),
        Transition(
            "reject",
            ("驳回", "Reject"),
            ("candidate",),
            "rejected",
            by=("org:maintainer", "duty:reviewer"),
            form=forms.form(note=forms.text(("理由", "Reason"), most=1000, lines=3)),
            effect=_keep_gates,
        ),
        Transition(
            "withdraw",
            ("撤回", "Withdraw"),
            ("candidate",),
            "withdrawn",
            by=("owner", "org:maintainer"),
            effect=_keep_gates,
            optional=True,
        ),
    ),
)
RELEASE = with_objection(_FIRST, "rejected", duty="reviewer", guard=by_another("reject"), effect=_hear)
VERSIONS = _FIRST, RELEASE
"""Those in which releases are; one that was opened under the first ends under it."""
