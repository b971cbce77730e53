"""Telling people: workflows publish `workflow.notice`, which the identity room turns into inbox messages.

The event's data are the arguments of such a message: `kind`, `title` and `body` as [zh, en], `link`, `to`
(person ids), `org_id` with `roles`, `duty`, `level`, `todo`, and `key`, by which `workflow.settled` later
closes the to-dos.
"""

from __future__ import annotations

from collections.abc import Iterable

from ceyuan.kernel.actor import ROLE_ORDER
from ceyuan.kernel.errors import Text
from ceyuan.kernel.work import UnitOfWork
from ceyuan.kernel.workflow.definition import Definition
from ceyuan.kernel.workflow.tables import WorkflowInstance

NOTICE = "workflow.notice"
SETTLED = "workflow.settled"


def link_of(definition: Definition, instance: WorkflowInstance) -> str:
    """The console's path of the subject."""
    return definition.link.replace("{subject}", instance.subject).replace("{instance}", instance.id)


def todo_key(instance: WorkflowInstance) -> str:
    """The key of the to-dos that belong to the instance's present stay in its state."""
    return f"workflow:{instance.id}:{instance.revision}"


async def tell(
    uow: UnitOfWork,
    definition: Definition,
    instance: WorkflowInstance,
    words: Iterable[str],
    body: Text,
    *,
    to: Iterable[str] = (),
    level: str = "info",
    todo: bool = False,
) -> None:
    """Publish a notice to those whom `words` name (`owner`, `org:<role>`, `duty:<name>`) and to the people `to`."""
    people = set(to)
    for word in words:
        place, _, name = word.partition(":")
        if word == "owner":
            people.add(instance.owner_id)
        elif place in ("org", "duty"):
            await _publish(uow, definition, instance, body, level=level, todo=todo, **{place: name})
    people.discard(uow.actor.id)
    if people:
        await _publish(uow, definition, instance, body, level=level, todo=todo, to=sorted(people))


async def settle(uow: UnitOfWork, instance: WorkflowInstance, person_id: str | None = None) -> None:
    """Close the to-dos of the instance's present stay (of one person)."""
    await uow.publish(SETTLED, key=todo_key(instance), person_id=person_id)


async def _publish(
    uow: UnitOfWork,
    definition: Definition,
    instance: WorkflowInstance,
    body: Text,
    *,
    level: str,
    todo: bool,
    to: Iterable[str] = (),
    org: str | None = None,
    duty: str | None = None,
) -> None:
    least = ROLE_ORDER.index(next(role for role in ROLE_ORDER if role == org)) if org else 0
    await uow.publish(
        NOTICE,
        kind=f"workflow.{definition.name}",
        title=[instance.title_zh, instance.title_en],
        body=list(body),
        link=link_of(definition, instance),
        to=list(to),
        org_id=instance.org_id if org else None,
        roles=list(ROLE_ORDER[least:]) if org else [],
        duty=duty,
        level=level,
        todo=todo,
        key=todo_key(instance),
    )
