"""The engine: starts instances and moves them, one guarded step at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import flag_modified

from ceyuan.kernel.errors import Text
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.workflow import repository
from ceyuan.kernel.workflow.days import CHINA, WorkCalendar
from ceyuan.kernel.workflow.definition import Definition, Step
from ceyuan.kernel.workflow.errors import (
    AlreadyStarted,
    GuardRefused,
    InstanceNotFound,
    KeyReused,
    Moved,
    NotYours,
    WrongState,
)
from ceyuan.kernel.workflow.forms import check_form
from ceyuan.kernel.workflow.four_eyes import EXCEPTIONS, OPENED_BY, FourEyes
from ceyuan.kernel.workflow.notices import settle, tell
from ceyuan.kernel.workflow.permissions import is_party, is_staff, may_take
from ceyuan.kernel.workflow.registry import workflows
from ceyuan.kernel.workflow.seats import draw
from ceyuan.kernel.workflow.settings import WorkflowSettings
from ceyuan.kernel.workflow.tables import WorkflowInstance, WorkflowMove

if TYPE_CHECKING:
    from ceyuan.kernel.platform import Platform
    from ceyuan.kernel.work import UnitOfWork


async def start(
    uow: UnitOfWork,
    definition: str,
    subject: str,
    *,
    title: Text,
    org_id: str | None = None,
    owner_id: str | None = None,
    parent_id: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> WorkflowInstance:
    """Put a subject into the newest version of a workflow, at its start.

    `subject` is the id of the thing that moves, `owner_id` whom it belongs to (default: the actor), `data`
    what guards and deadlines need. Whether the actor may start it is for the calling room to decide.
    Raises `AlreadyStarted` if the subject is in this workflow already.
    """
    chosen = workflows(uow.platform).get(definition)
    if await repository.by_subject(uow.session, definition, subject) is not None:
        raise AlreadyStarted(subject=subject)
    now = uow.clock.now()
    instance = WorkflowInstance(
        id=new_id("wfi"),
        definition=chosen.name,
        version=chosen.version,
        subject=subject,
        title_zh=title[0][:200],
        title_en=title[1][:200],
        org_id=org_id,
        owner_id=owner_id or uow.actor.id,
        parent_id=parent_id,
        state=chosen.start.name,
        revision=0,
        data=dict(data or {}) | ({OPENED_BY: uow.actor.impersonator} if uow.actor.impersonator else {}),
        created_at=now,
        entered_at=now,
        ended_at=None,
    )
    _set_deadline(uow.platform, chosen, instance)
    try:
        async with uow.session.begin_nested():
            uow.session.add(instance)
    except IntegrityError as error:
        raise AlreadyStarted(subject=subject) from error
    _record(uow, instance, transition=None, source=None, form={}, key=None)
    await uow.audit(f"workflow.{chosen.name}.start", subject, org_id, instance=instance.id, version=chosen.version)
    await uow.publish("workflow.moved", **_moved(instance, None, None))
    return instance


async def find(uow: UnitOfWork, instance_id: str) -> tuple[WorkflowInstance, Definition]:
    """An instance that the actor may know of, with its definition; raises `InstanceNotFound`."""
    uow.actor.require_known()
    instance = await repository.instance(uow.session, instance_id)
    if instance is None or not await may_see(uow, instance):
        raise InstanceNotFound()
    return instance, definition_of(uow.platform, instance)


async def find_by_subject(uow: UnitOfWork, definition: str, subject: str) -> WorkflowInstance:
    """The instance of a subject in a workflow, for the room that owns the subject; raises `InstanceNotFound`."""
    instance = await repository.by_subject(uow.session, definition, subject)
    if instance is None:
        raise InstanceNotFound()
    return instance


def definition_of(platform: Platform, instance: WorkflowInstance) -> Definition:
    """The version of the workflow with which the instance started."""
    return workflows(platform).get(instance.definition, instance.version)


async def may_see(uow: UnitOfWork, instance: WorkflowInstance) -> bool:
    """Whether the actor may know of the instance: parties, staff, its reviewers, and everybody during a publicity."""
    actor = uow.actor
    definition = definition_of(uow.platform, instance)
    if is_party(actor, instance) or is_staff(actor, definition):
        return True
    if not actor.is_known:
        return False
    public = definition.by_name[instance.state].publicity is not None
    return public or await repository.was_reviewer(uow.session, instance.id, actor.id)


async def transit(
    uow: UnitOfWork,
    instance_id: str,
    name: str,
    *,
    form: Mapping[str, Any] | None = None,
    key: str | None = None,
    revision: int | None = None,
) -> WorkflowInstance:
    """Take the transition `name`: check place, role, form and guards, move, run the effect, tell people.

    With an idempotency `key`, a repetition returns the instance and does nothing. `revision` is the one the
    caller has looked at. Raises `InstanceNotFound`, `WrongState`, `NotYours`, `FormInvalid`, `GuardRefused`,
    `Moved` or `KeyReused`; nothing has changed then.
    """
    uow.actor.require_known()
    instance = await repository.instance(uow.session, instance_id, lock=True)
    if instance is None or not await may_see(uow, instance):
        raise InstanceNotFound()
    definition = definition_of(uow.platform, instance)
    if key is not None and (known := await repository.move_by_key(uow.session, instance_id, key)) is not None:
        if known.transition != name or known.actor_id != uow.actor.id:
            raise KeyReused()
        return instance
    if revision is not None and revision != instance.revision:
        raise Moved()
    transition = definition.find(instance.state, name)
    if transition is None:
        raise _wrong_state(definition, instance, name)
    if not may_take(uow.actor, transition, instance):
        raise NotYours()
    content = check_form(transition.form, form or {})
    step = Step(uow, definition, transition, instance, content)
    if reasons := await refusals(step):
        raise GuardRefused(reasons)
    await _move(step, key)
    return instance


async def refusals(step: Step) -> list[Text]:
    """Why the guards refuse the step; empty if they all agree."""
    found = [await guard(step) for guard in step.transition.guards]
    return [reason for reason in found if reason is not None]


async def _move(step: Step, key: str | None) -> None:
    uow, instance, transition = step.uow, step.instance, step.transition
    source, target = instance.state, step.definition.by_name[transition.target]
    exception = await _exception(step)
    if not await repository.move_guarded(uow.session, instance, target.name):
        raise Moved()
    await settle(uow, instance)
    await uow.session.refresh(instance, ["state", "revision"])
    instance.entered_at = uow.clock.now()
    instance.ended_at = instance.entered_at if target.is_end else None
    if transition.effect is not None:
        await transition.effect(step)
        flag_modified(instance, "data")
    _set_deadline(uow.platform, step.definition, instance)
    _record(
        *(uow, instance), transition=transition.name, source=source, form=dict(step.form), key=key, exception=exception
    )
    await uow.audit(
        f"workflow.{step.definition.name}.{transition.name}",
        instance.subject,
        instance.org_id,
        instance=instance.id,
        number=instance.revision,
        source=source,
        target=target.name,
        form_sha256=_digest(step.form) if step.form else None,
        **({"four_eyes_exception": exception} if exception else {}),
    )
    await uow.publish("workflow.moved", **_moved(instance, transition.name, source))
    if target.review is not None and target.review.drawn:
        await draw(uow, step.definition, instance)
    await _announce(step)
    if exception is not None:
        await tell(uow, step.definition, instance, ["duty:regulator"], EXCEPTIONS[exception], level="warning")


async def _exception(step: Step) -> str | None:
    """The exception from four eyes that the step is; looked at before the step changes what it is judged by."""
    found = [await guard.exception(step) for guard in step.transition.guards if isinstance(guard, FourEyes)]
    return next((exception for exception in found if exception is not None), None)


async def _announce(step: Step) -> None:
    """Tell those whom the transition names, and ask those who can take the next step."""
    uow, definition, instance = step.uow, step.definition, step.instance
    state = definition.by_name[instance.state]
    public = state.public_label
    body = f"当前状态:{public[0]}", f"now: {public[1]}"
    if instance.due_at is not None:
        due = instance.due_at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
        body = f"{body[0]}(期限 {due})", f"{body[1]} (due {due})"
    level = {"good": "success", "bad": "warning"}.get(state.kind, "info")
    asked = {
        word
        for transition in definition.leaving(state.name)
        if not (transition.optional or (transition.automatic and not transition.by))
        for word in transition.by
        if word != "system"
    }
    told = [word for word in step.transition.notify if word not in asked and word != "reviewers"]
    reviewers = []
    if "reviewers" in step.transition.notify:
        rows = await repository.reviewers(uow.session, instance.id, instance.revision - 1)
        reviewers = [row.person_id for row in rows if row.recused_at is None]
    await tell(uow, definition, instance, told, body, to=reviewers, level=level)
    await tell(uow, definition, instance, sorted(asked), body, level=level, todo=True)


def _set_deadline(platform: Platform, definition: Definition, instance: WorkflowInstance) -> None:
    deadline = definition.by_name[instance.state].deadline
    settings = platform.section(WorkflowSettings)
    calendar = WorkCalendar(settings.extra_holidays, settings.extra_workdays)
    instance.due_at = deadline.due(instance.entered_at, instance.data, calendar) if deadline else None
    instance.wake_at = instance.due_at


def _record(
    uow: UnitOfWork,
    instance: WorkflowInstance,
    *,
    transition: str | None,
    source: str | None,
    form: dict[str, Any],
    key: str | None,
    exception: str | None = None,
) -> None:
    uow.session.add(
        WorkflowMove(
            instance_id=instance.id,
            number=instance.revision,
            transition=transition,
            source=source,
            target=instance.state,
            actor_id=uow.actor.id,
            actor_label=uow.actor.label[:120],
            at=instance.entered_at,
            form=form,
            key=key,
            exception=exception,
        )
    )


def _moved(instance: WorkflowInstance, transition: str | None, source: str | None) -> dict[str, Any]:
    return {
        "instance_id": instance.id,
        "definition": instance.definition,
        "version": instance.version,
        "subject": instance.subject,
        "org_id": instance.org_id,
        "transition": transition,
        "source": source,
        "target": instance.state,
        "number": instance.revision,
    }


def _digest(form: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(dict(form), option=orjson.OPT_SORT_KEYS)).hexdigest()


def _wrong_state(definition: Definition, instance: WorkflowInstance, name: str) -> WrongState:
    label = definition.by_name[instance.state].public_label
    ways = definition.leaving(instance.state)
    return WrongState(
        (f"状态“{label[0]}”下不能执行 {name}", f"{name} is not possible in the state “{label[1]}”"),
        hint=("请刷新后查看可执行的操作", "look at it again to see what is possible now"),
        state=instance.state,
        allowed=[transition.name for transition in ways],
    )
