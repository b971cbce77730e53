"""The sweeper: takes automatic transitions whose deadline is over, and reminds where nothing moves by itself."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.errors import Text
from ceyuan.kernel.workflow import repository
from ceyuan.kernel.workflow.definition import Definition
from ceyuan.kernel.workflow.engine import definition_of, transit
from ceyuan.kernel.workflow.errors import GuardRefused
from ceyuan.kernel.workflow.notices import tell
from ceyuan.kernel.workflow.tables import WorkflowInstance

if TYPE_CHECKING:
    from ceyuan.kernel.platform import Platform
    from ceyuan.kernel.work import UnitOfWork

logger = logging.getLogger(__name__)
AT_ONCE = 200
AGAIN = timedelta(minutes=15)
"""When an instance that could not move is looked at again."""


async def sweep(platform: Platform) -> int:
    """Look at every instance whose time has come, each in its own unit of work; returns how many moved."""
    moved = 0
    while True:
        async with platform.work(SYSTEM, write=False) as uow:
            ids = await repository.due(uow.session, uow.clock.now(), AT_ONCE)
        for instance_id in ids:
            moved += await _wake_safely(platform, instance_id)
        if len(ids) < AT_ONCE:
            return moved


async def _wake_safely(platform: Platform, instance_id: str) -> bool:
    try:
        async with platform.work(SYSTEM) as uow:
            return await _wake(uow, instance_id)
    except Exception:
        # One broken instance must not hold up the others: it waits for its turn to come again.
        logger.exception("the workflow %s could not be moved at its deadline", instance_id)
        async with platform.work(SYSTEM) as uow:
            instance = await repository.instance(uow.session, instance_id, lock=True)
            if instance is not None and instance.wake_at is not None:
                instance.wake_at = uow.clock.now() + AGAIN
        return False


async def _wake(uow: UnitOfWork, instance_id: str) -> bool:
    instance = await repository.instance(uow.session, instance_id, lock=True)
    if instance is None or instance.wake_at is None or instance.wake_at > uow.clock.now():
        return False
    definition = definition_of(uow.platform, instance)
    automatic = [t for t in definition.leaving(instance.state) if t.automatic]
    reasons: list[Text] = []
    for transition in automatic:
        try:
            await transit(uow, instance_id, transition.name)
            return True
        except GuardRefused as refused:
            reasons.append(refused.message)
    if instance.wake_at == instance.due_at:
        await _remind(uow, definition, instance, reasons)
    instance.wake_at = uow.clock.now() + AGAIN if automatic else None
    return False


async def _remind(uow: UnitOfWork, definition: Definition, instance: WorkflowInstance, reasons: list[Text]) -> None:
    """Once for each stay in a state: tell those who can act that the time is over."""
    label = definition.by_name[instance.state].public_label
    body = f"“{label[0]}”已超过期限", f"“{label[1]}” is overdue"
    if reasons:
        body = f"{body[0]}:{reasons[0][0]}", f"{body[1]}: {reasons[0][1]}"
    ways = definition.leaving(instance.state)
    asked = {word for t in ways if not t.optional for word in t.by if word != "system"}
    staff = {f"duty:{duty}" for duty in definition.duties} if reasons else set()
    await tell(uow, definition, instance, sorted(asked | staff), body, level="warning")
