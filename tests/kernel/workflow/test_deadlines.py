"""Deadlines, the sweeper, publicity and objections."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.errors import NotFound
from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.workflow import InstanceNotFound, NotYours, WrongState, find, objections, sweep
from ceyuan.kernel.workflow.tables import WorkflowInstance
from tests.kernel.actors import OUTSIDER, OWNER
from tests.kernel.workflow.conftest import FORM, MONDAY, OFFICER, OPERATOR, at_review, begin, take
from tests.kernel.workflow.test_reviews import seated, vote

DAY = timedelta(days=1)


def pass_time(platform: Platform, delta: timedelta) -> None:
    assert isinstance(platform.clock, ManualClock)
    platform.clock.advance(delta)


async def state(platform: Platform, instance: WorkflowInstance) -> str:
    async with platform.work(SYSTEM, write=False) as uow:
        return (await find(uow, instance.id))[0].state


async def at_publicity(platform: Platform, **data: object) -> WorkflowInstance:
    instance = await at_review(platform, **data)
    for reviewer in await seated(platform, instance):
        await vote(platform, instance, reviewer)
    return await take(platform, instance, "pass_", OFFICER)


async def object_to(platform: Platform, instance: WorkflowInstance, actor: object = OUTSIDER) -> str:
    async with platform.work(actor) as uow:  # type: ignore[arg-type]
        return (await objections.make(uow, instance.id, "材料不实")).id


async def answer(platform: Platform, objection: str, *, upheld: bool, actor: object = OFFICER) -> None:
    async with platform.work(actor) as uow:  # type: ignore[arg-type]
        await objections.answer(uow, objection, upheld=upheld, text="经核查")


async def test_a_publicity_ends_by_itself_when_its_days_are_over(flows: Platform) -> None:
    instance = await at_publicity(flows)
    assert instance.due_at is not None
    assert instance.due_at - MONDAY == timedelta(days=7, hours=14)
    assert await sweep(flows) == 0
    pass_time(flows, 8 * DAY)
    assert await sweep(flows) == 1
    assert await state(flows, instance) == "granted"
    assert await sweep(flows) == 0


async def test_a_scheme_fixes_its_own_days(flows: Platform) -> None:
    instance = await at_publicity(flows, publicity_days=1)
    pass_time(flows, 2 * DAY)
    await sweep(flows)
    assert await state(flows, instance) == "granted"


async def test_an_open_objection_holds_the_publicity_up_until_it_is_answered(
    flows: Platform, heard: list[Event]
) -> None:
    instance = await at_publicity(flows)
    objection = await object_to(flows, instance)
    pass_time(flows, 8 * DAY)
    assert await sweep(flows) == 0
    assert await state(flows, instance) == "publicity"
    await flows.dispatcher.drain()
    overdue = [e.data for e in heard if "overdue" in e.data.get("body", ["", ""])[1]]
    assert {notice["duty"] for notice in overdue} == {"programme_officer"}
    assert "1 objections wait for an answer" in overdue[0]["body"][1]
    heard.clear()
    pass_time(flows, DAY)
    assert await sweep(flows) == 0
    await flows.dispatcher.drain()
    assert heard == []
    await answer(flows, objection, upheld=False)
    assert await sweep(flows) == 1
    assert await state(flows, instance) == "granted"


async def test_an_upheld_objection_ends_the_matter(flows: Platform) -> None:
    instance = await at_publicity(flows)
    await answer(flows, await object_to(flows, instance), upheld=True)
    pass_time(flows, 8 * DAY)
    assert await sweep(flows) == 1
    assert await state(flows, instance) == "rejected"


async def test_objections_are_made_only_in_time_and_answered_only_by_staff_and_once(flows: Platform) -> None:
    instance = await at_review(flows)
    with pytest.raises(InstanceNotFound):
        await object_to(flows, instance)
    with pytest.raises(WrongState):
        await object_to(flows, instance, OWNER)
    instance = await at_publicity(flows, subject="app_2")
    objection = await object_to(flows, instance)
    for actor in (OUTSIDER, OWNER, OPERATOR):
        with pytest.raises(NotFound):
            await answer(flows, objection, upheld=False, actor=actor)
    own = await object_to(flows, instance, OFFICER)
    with pytest.raises(NotYours):
        await answer(flows, own, upheld=False)
    await answer(flows, objection, upheld=False)
    with pytest.raises(objections.AlreadyAnswered):
        await answer(flows, objection, upheld=True)
    pass_time(flows, 8 * DAY)
    with pytest.raises(WrongState):
        await object_to(flows, instance)


async def test_objections_are_seen_by_staff_and_by_who_made_them(flows: Platform) -> None:
    instance = await at_publicity(flows)
    await object_to(flows, instance)
    await object_to(flows, instance, OPERATOR)
    for actor, number in ((OFFICER, 2), (OUTSIDER, 1), (OWNER, 0)):
        async with flows.work(actor) as uow:
            assert len(await objections.list_objections(uow, instance.id)) == number


async def test_a_deadline_without_a_way_out_reminds_once(flows: Platform, heard: list[Event]) -> None:
    instance = await begin(flows)
    await take(flows, instance, "submit", OWNER, form=FORM)
    pass_time(flows, 10 * DAY)
    await flows.dispatcher.drain()
    heard.clear()
    for _ in range(3):
        assert await sweep(flows) == 0
        pass_time(flows, DAY)
    await flows.dispatcher.drain()
    assert [event.data["duty"] for event in heard] == ["programme_officer"]
    assert await state(flows, instance) == "check"


async def test_a_window_closes_at_its_moment(flows: Platform) -> None:
    instance = await begin(flows, "challenge_bid", closes_at="2026-03-05T17:30")
    pass_time(flows, 3 * DAY + timedelta(hours=7, minutes=29))
    assert await sweep(flows) == 0
    pass_time(flows, timedelta(minutes=1))
    assert await sweep(flows) == 1
    assert await state(flows, instance) == "expired"


async def test_without_a_moment_there_is_no_deadline(flows: Platform) -> None:
    assert (await begin(flows, "challenge_bid")).due_at is None


async def test_many_sweepers_move_each_instance_once(flows: Platform) -> None:
    import asyncio

    for number in range(8):
        await begin(flows, "challenge_bid", subject=f"bid_{number}", closes_at="2026-03-02T10:00")
    pass_time(flows, DAY)
    assert sum(await asyncio.gather(*(sweep(flows) for _ in range(4)))) == 8


async def test_one_broken_instance_does_not_hold_up_the_others(
    flows: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    broken = await begin(flows, "challenge_bid", subject="bid_0", closes_at="2026-03-02T10:00")
    sound = await begin(flows, "challenge_bid", subject="bid_1", closes_at="2026-03-02T11:00")
    async with flows.work() as uow:
        (await uow.session.get_one(WorkflowInstance, broken.id)).version = 99
    pass_time(flows, DAY)
    assert await sweep(flows) == 1
    assert await state(flows, sound) == "expired"
    assert broken.id in caplog.text
    assert await sweep(flows) == 0
