"""Objections during a publicity, and their answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ceyuan.kernel.errors import Conflict, NotFound
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.workflow import repository
from ceyuan.kernel.workflow.engine import find
from ceyuan.kernel.workflow.errors import NotYours, WrongState
from ceyuan.kernel.workflow.notices import tell
from ceyuan.kernel.workflow.permissions import is_staff
from ceyuan.kernel.workflow.tables import WorkflowObjection

if TYPE_CHECKING:
    from ceyuan.kernel.work import UnitOfWork


class AlreadyAnswered(Conflict):
    """The objection has its answer."""

    code = "workflow_objection_answered"
    title = ("异议已答复", "The objection has been answered")


async def make(uow: UnitOfWork, instance_id: str, text: str) -> WorkflowObjection:
    """Object to a publicised subject; raises `WrongState` where or when nothing is publicised."""
    uow.actor.require_known()
    instance, definition = await find(uow, instance_id)
    publicity = definition.by_name[instance.state].publicity
    over = instance.due_at is not None and instance.due_at <= uow.clock.now()
    if publicity is None or over:
        raise WrongState(("当前不在公示期内", "nothing is publicised now"), state=instance.state)
    row = WorkflowObjection(
        id=new_id("obj"),
        instance_id=instance.id,
        round=instance.revision,
        person_id=uow.actor.id,
        label=uow.actor.label[:120],
        text=text,
        made_at=uow.clock.now(),
    )
    uow.session.add(row)
    await uow.audit(
        "workflow.objection.make", instance.subject, instance.org_id, instance=instance.id, objection=row.id
    )
    body = "收到一条公示异议,请核查并答复", "an objection was made: please look into it and answer"
    await tell(uow, definition, instance, [f"duty:{publicity.duty}"], body, level="warning", todo=True)
    return row


async def answer(uow: UnitOfWork, objection_id: str, *, upheld: bool, text: str) -> WorkflowObjection:
    """Uphold or dismiss an objection with reasons; for holders of the publicity's duty."""
    row = await uow.session.get(WorkflowObjection, objection_id, with_for_update=True)
    if row is None:
        raise NotFound()
    instance, definition = await find(uow, row.instance_id)
    publicity = definition.by_name[instance.state].publicity
    if not is_staff(uow.actor, definition):
        raise NotFound()
    if publicity is not None and not uow.actor.has_duty(publicity.duty):
        raise NotYours()
    if row.person_id == uow.actor.id:
        raise NotYours(("不能答复自己提出的异议", "nobody answers their own objection"))
    if row.upheld is not None:
        raise AlreadyAnswered()
    row.upheld, row.answer = upheld, text
    row.answered_by, row.answered_at = uow.actor.id, uow.clock.now()
    # The sweeper may have waited for this answer.
    if instance.due_at is not None:
        instance.wake_at = instance.due_at
    await uow.audit(
        "workflow.objection.answer",
        instance.subject,
        instance.org_id,
        instance=instance.id,
        objection=row.id,
        upheld=upheld,
    )
    body = (
        ("您的异议已成立", "your objection was upheld")
        if upheld
        else ("您的异议未成立", "your objection was dismissed")
    )
    await tell(uow, definition, instance, (), body, to=[row.person_id])
    return row


async def list_objections(uow: UnitOfWork, instance_id: str) -> Sequence[WorkflowObjection]:
    """All objections for staff; for others, those that they made."""
    instance, definition = await find(uow, instance_id)
    rows = await repository.objections(uow.session, instance.id)
    if is_staff(uow.actor, definition):
        return rows
    return [row for row in rows if row.person_id == uow.actor.id]
