"""Steps: who, from where, with which form, under which conditions; once, and never past somebody else's step."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from ceyuan.kernel.actor import ANONYMOUS, SYSTEM
from ceyuan.kernel.audit.tables import AuditEntry
from ceyuan.kernel.errors import Unauthenticated
from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.workflow import (
    AlreadyStarted,
    FormInvalid,
    GuardRefused,
    InstanceNotFound,
    KeyReused,
    Moved,
    NotYours,
    WrongState,
    find,
    find_by_subject,
    history,
    start,
)
from ceyuan.kernel.workflow.tables import WorkflowInstance, WorkflowMove
from tests.kernel.actors import ADMIN, MEMBER, OUTSIDER, OWNER, REGULATOR
from tests.kernel.workflow.conftest import FORM, MONDAY, OFFICER, OPERATOR, begin, take


async def moves(platform: Platform, instance: WorkflowInstance) -> list[WorkflowMove]:
    async with platform.work(write=False) as uow:
        query = select(WorkflowMove).where(WorkflowMove.instance_id == instance.id).order_by(WorkflowMove.number)
        return list(await uow.session.scalars(query))


async def test_an_instance_starts_at_the_start_with_a_line_of_history(flows: Platform) -> None:
    instance = await begin(flows)
    assert (instance.state, instance.version, instance.revision, instance.owner_id) == ("draft", 1, 0, "per_owner")
    assert instance.entered_at == MONDAY
    [first] = await moves(flows, instance)
    assert (first.number, first.transition, first.target) == (0, None, "draft")


async def test_a_subject_is_in_a_workflow_once(flows: Platform) -> None:
    await begin(flows)
    with pytest.raises(AlreadyStarted):
        await begin(flows)
    await begin(flows, "provider")
    async with flows.work(OWNER) as uow:
        assert (await find_by_subject(uow, "grant", "app_1")).definition == "grant"
        with pytest.raises(InstanceNotFound):
            await find_by_subject(uow, "grant", "app_2")


async def test_only_one_of_two_simultaneous_starts_wins(flows: Platform) -> None:
    results = await asyncio.gather(begin(flows), begin(flows), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["AlreadyStarted", "WorkflowInstance"]


async def test_anonymous_people_and_outsiders_learn_nothing(flows: Platform) -> None:
    instance = await begin(flows)
    with pytest.raises(Unauthenticated):
        await take(flows, instance, "submit", ANONYMOUS, form=FORM)
    for stranger in (OUTSIDER, OPERATOR):
        with pytest.raises(InstanceNotFound):
            await take(flows, instance, "submit", stranger, form=FORM)


async def test_a_step_moves_runs_its_effect_and_is_recorded(flows: Platform) -> None:
    instance = await take(flows, await begin(flows), "submit", MEMBER, form=FORM)
    assert (instance.state, instance.revision) == ("check", 1)
    async with flows.work(OWNER) as uow:
        kept, _ = await find(uow, instance.id)
        assert kept.data == {"documents": 1, "amount": 5_000_000}
    last = (await moves(flows, instance))[-1]
    assert (last.number, last.transition, last.source, last.target) == (1, "submit", "draft", "check")
    assert (last.actor_id, last.form) == ("per_member", FORM)
    async with flows.work(write=False) as uow:
        entry = (await uow.session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()))).first()
    assert entry is not None
    assert (entry.action, entry.subject, entry.org_id) == ("workflow.grant.submit", "app_1", "org_a")
    assert "训练" not in entry.body
    assert len(entry.data["form_sha256"]) == 64


async def test_a_step_that_does_not_lead_out_of_the_state_is_refused(flows: Platform) -> None:
    instance = await begin(flows)
    with pytest.raises(WrongState) as caught:
        await take(flows, instance, "accept", OFFICER)
    assert caught.value.fields["allowed"] == ["submit", "withdraw"]
    with pytest.raises(WrongState):
        await take(flows, instance, "no_such_step", OFFICER)


async def test_a_step_belongs_to_those_it_names(flows: Platform) -> None:
    instance = await begin(flows)
    for actor in (OFFICER, REGULATOR):
        with pytest.raises(NotYours):
            await take(flows, instance, "submit", actor, form=FORM)
    for actor in (MEMBER, ADMIN):
        with pytest.raises(NotYours):
            await take(flows, instance, "withdraw", actor)
    await take(flows, instance, "submit", OWNER, form=FORM)
    with pytest.raises(NotYours):
        await take(flows, instance, "accept", MEMBER)
    assert (await take(flows, instance, "accept", ADMIN)).state == "review"


async def test_a_wrong_form_changes_nothing(flows: Platform) -> None:
    instance = await begin(flows)
    with pytest.raises(FormInvalid):
        await take(flows, instance, "submit", OWNER, form={**FORM, "amount": 0})
    assert len(await moves(flows, instance)) == 1


async def test_a_guard_gives_its_reason_and_changes_nothing(flows: Platform) -> None:
    instance = await begin(flows, documents=0)
    with pytest.raises(GuardRefused) as caught:
        await take(flows, instance, "submit", OWNER, form=FORM)
    assert caught.value.message == ("缺少材料", "documents are missing")
    assert len(await moves(flows, instance)) == 1


async def test_the_same_key_takes_a_step_once(flows: Platform) -> None:
    instance = await begin(flows)
    first = await take(flows, instance, "submit", OWNER, form=FORM, key="k1")
    again = await take(flows, instance, "submit", OWNER, form=FORM, key="k1")
    assert (first.revision, again.revision) == (1, 1)
    with pytest.raises(KeyReused):
        await take(flows, instance, "withdraw", OWNER, key="k1")
    with pytest.raises(KeyReused):
        await take(flows, instance, "submit", MEMBER, form=FORM, key="k1")


async def test_repetitions_at_the_same_moment_take_a_step_once(flows: Platform) -> None:
    instance = await begin(flows)
    attempts = [take(flows, instance, "submit", OWNER, form=FORM, key="k1") for _ in range(6)]
    results = await asyncio.gather(*attempts)
    assert {result.revision for result in results} == {1}
    assert len(await moves(flows, instance)) == 2


async def test_of_two_different_steps_at_the_same_moment_one_wins(flows: Platform) -> None:
    instance = await begin(flows)
    await take(flows, instance, "submit", OWNER, form=FORM)
    results = await asyncio.gather(
        take(flows, instance, "return_", OFFICER), take(flows, instance, "accept", OFFICER), return_exceptions=True
    )
    assert len([result for result in results if isinstance(result, WrongState)]) == 1
    assert len(await moves(flows, instance)) == 3


async def test_a_step_is_refused_when_the_page_was_old(flows: Platform) -> None:
    instance = await begin(flows)
    await take(flows, instance, "submit", OWNER, form=FORM, revision=0)
    with pytest.raises(Moved):
        await take(flows, instance, "withdraw", OWNER, revision=0)


async def test_the_platform_takes_its_own_steps(flows: Platform) -> None:
    instance = await begin(flows, "provider")
    for name, actor in (("verify", OPERATOR), ("publish", OWNER), ("degrade", SYSTEM), ("recover", SYSTEM)):
        instance = await take(flows, instance, name, actor)
    assert instance.state == "live"
    with pytest.raises(NotYours):
        await take(flows, instance, "degrade", OWNER)


async def test_an_end_is_marked(flows: Platform) -> None:
    instance = await take(flows, await begin(flows), "withdraw", OWNER)
    assert instance.ended_at == MONDAY
    assert (instance.due_at, instance.wake_at) == (None, None)


async def test_history_hides_from_the_applicant_what_is_internal(flows: Platform) -> None:
    instance = await begin(flows)
    await take(flows, instance, "submit", OWNER, form=FORM)
    await take(flows, instance, "accept", OFFICER, form={"note": "内部"})

    async def seen(actor: object) -> list[dict[str, object]]:
        async with flows.work(actor, write=False) as uow:  # type: ignore[arg-type]
            return await history(uow, instance.id)

    staff, owner = await seen(OFFICER), await seen(OWNER)
    assert staff[2]["form"] == {"note": "内部"}
    assert staff[2]["actor_label"] == "Officer"
    assert owner[2]["form"] == {}
    assert owner[2]["actor_label"] is None
    assert owner[1]["form"] == FORM
    assert owner[1]["target_en"] == "Submitted"
    assert staff[1]["target_en"] == "Needs screening"


async def test_people_are_told_and_asked(flows: Platform, heard: list[Event]) -> None:
    instance = await begin(flows)
    await take(flows, instance, "submit", MEMBER, form=FORM)
    await flows.dispatcher.drain()
    notices = [event.data for event in heard if event.topic == "workflow.notice"]
    [told] = [notice for notice in notices if notice["to"]]
    [asked] = [notice for notice in notices if notice["duty"]]
    assert (told["to"], told["todo"], told["link"]) == (["per_owner"], False, "/programmes/grants/app_1")
    assert (asked["duty"], asked["todo"], asked["key"]) == ("programme_officer", True, f"workflow:{instance.id}:1")
    assert told["body"][1] == "now: Submitted (due 2026-03-10 00:00)"
    heard.clear()
    await take(flows, instance, "return_", OFFICER)
    await flows.dispatcher.drain()
    assert [e.data["key"] for e in heard if e.topic == "workflow.settled"] == [f"workflow:{instance.id}:1"]
    assert any(e.data["org_id"] == "org_a" and e.data["roles"][0] == "member" for e in heard if "roles" in e.data)


async def test_an_instance_keeps_the_version_with_which_it_started(flows: Platform) -> None:
    import dataclasses

    from ceyuan.kernel.workflow import workflows
    from tests.kernel.workflow.samples import PROVIDER

    old = await begin(flows, "provider")
    renamed = (dataclasses.replace(t, name="reject") if t.name == "refuse" else t for t in PROVIDER.transitions)
    second = dataclasses.replace(PROVIDER, version=2, transitions=tuple(renamed))
    workflows(flows).register(second)
    new = await begin(flows, "provider", subject="app_2")
    assert (old.version, new.version) == (1, 2)
    assert (await take(flows, old, "refuse", OPERATOR)).state == "refused"
    with pytest.raises(WrongState):
        await take(flows, new, "refuse", OPERATOR)


async def test_children_hold_their_parent_up(flows: Platform) -> None:
    from ceyuan.kernel.workflow import Step, children_ended

    parent = await begin(flows)
    async with flows.work(OWNER) as uow:
        child = await start(
            uow, "provider", "milestone_1", title=("里程碑", "Milestone"), org_id="org_a", parent_id=parent.id
        )

    async def reason() -> object:
        async with flows.work(OWNER) as uow:
            instance, definition = await find(uow, parent.id)
            return await children_ended("provider")(Step(uow, definition, definition.transitions[0], instance, {}))

    assert await reason() == ("“里程碑”尚未完成", "“Milestone” is not done")
    for name, actor in (("verify", OPERATOR), ("publish", OWNER), ("retire", OWNER)):
        await take(flows, child, name, actor)
    assert await reason() is None
