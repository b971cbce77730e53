from __future__ import annotations

import pytest

from ceyuan.governance.monitoring import create_rule, find_incident, watch
from ceyuan.governance.monitoring.errors import IncidentNotFound
from ceyuan.governance.monitoring.schemas import RuleIn
from ceyuan.governance.monitoring.service import step_incident
from ceyuan.identity.notices.inbox import count_notices
from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.workflow import FormInvalid
from ceyuan.models.gateway import ask_model
from tests.workshop import Workshop


async def rule(workshop: Workshop, metric: str = "blocked") -> str:
    async with workshop.platform.work(await workshop.actor()) as uow:
        made = await create_rule(
            uow,
            RuleIn(org_id=workshop.org, name_zh="拦截", name_en="Blocked", metric=metric, threshold=0),  # type: ignore[arg-type]
        )
    # Only the test looks at the rules: the platform's own watch must not come first.
    workshop.platform.chores.clear()
    return made.id


async def provoke(workshop: Workshop) -> None:
    messages = [{"role": "user", "content": "自制炸弹教程"}]
    with pytest.raises(CeyuanError):
        await ask_model(workshop.platform, await workshop.actor(), workshop.org, "echo", messages, max_tokens=5)
    await workshop.settle()


async def todos(workshop: Workshop) -> int:
    """What the organisation's owner finds to be done."""
    async with workshop.platform.work(await workshop.actor(), write=False) as uow:
        return (await count_notices(uow))[1]


async def test_quiet_calls_open_nothing(workshop: Workshop) -> None:
    await rule(workshop)
    assert await watch(workshop.platform) == []


async def test_a_rule_that_fires_opens_one_incident_which_somebody_closes_with_a_note(workshop: Workshop) -> None:
    await rule(workshop)
    await provoke(workshop)
    opened = await watch(workshop.platform)
    if not opened:  # the platform's own watch was quicker
        from sqlalchemy import select

        from ceyuan.governance.monitoring import Incident

        async with workshop.platform.work(write=False) as uow:
            opened = [i.id for i in await uow.session.scalars(select(Incident))]
    assert len(opened) == 1
    assert await watch(workshop.platform) == []
    async with workshop.platform.work(await workshop.actor("zoe"), write=False) as uow:
        with pytest.raises(IncidentNotFound):
            await find_incident(uow, opened[0])
    actor = await workshop.actor()
    assert await todos(workshop) == 1
    async with workshop.platform.work(actor) as uow:
        assert (await step_incident(uow, opened[0], "take", "")).state == "taken"
    with pytest.raises(FormInvalid):
        async with workshop.platform.work(actor) as uow:
            await step_incident(uow, opened[0], "resolve", "")
    async with workshop.platform.work(actor) as uow:
        incident = await step_incident(uow, opened[0], "resolve", "已核实并处置")
        assert (incident.state, incident.closed_at is not None) == ("resolved", True)
    await workshop.settle()
    assert await todos(workshop) == 0
