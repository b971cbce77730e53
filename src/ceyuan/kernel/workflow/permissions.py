"""Who may take a step, and who may see an instance."""

from __future__ import annotations

from ceyuan.kernel.actor import ROLE_ORDER, Actor, Role
from ceyuan.kernel.workflow.definition import Definition, Transition
from ceyuan.kernel.workflow.tables import WorkflowInstance


def holds(actor: Actor, word: str, instance: WorkflowInstance) -> bool:
    """Whether the actor is what one word of `Transition.by` says, for this instance.

    Administrators stand in for every office and organisation, but nobody stands in for the owner.
    """
    if word == "system":
        return actor.kind == "system"
    if word == "owner":
        return actor.id == instance.owner_id
    place, _, name = word.partition(":")
    if place == "org":
        role = next(role for role in ROLE_ORDER if role == name)
        return instance.org_id is not None and actor.may(instance.org_id, role)
    return actor.has_duty(name)


def may_take(actor: Actor, transition: Transition, instance: WorkflowInstance) -> bool:
    """Whether the actor may take the transition, whatever its guards say."""
    # The sweeper takes automatic ones although nobody is named.
    if transition.automatic and actor.kind == "system":
        return True
    return actor.is_known and any(holds(actor, word, instance) for word in transition.by)


def is_staff(actor: Actor, definition: Definition) -> bool:
    """Whether the actor works on this workflow, and so reads its staff labels and all its papers."""
    return actor.has_duty("regulator") or any(actor.has_duty(duty) for duty in definition.duties)


def is_party(actor: Actor, instance: WorkflowInstance) -> bool:
    """Whether the subject is the actor's own or of an organisation of the actor's."""
    return actor.is_known and (
        actor.id == instance.owner_id or (instance.org_id is not None and actor.may(instance.org_id))
    )


def roles_up_to(role: Role) -> list[str]:
    """The words that a holder of `role` answers to: `org:viewer` up to `org:<role>`."""
    return [f"org:{held}" for held in ROLE_ORDER[: ROLE_ORDER.index(role) + 1]]
