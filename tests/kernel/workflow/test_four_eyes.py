"""Who may decide on what: never the opener or an insider while somebody more independent is there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import orjson
import pytest

from ceyuan.kernel.actor import SYSTEM, Actor
from ceyuan.kernel.audit import entries_of
from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.kernel.workflow import (
    Candidate,
    Definition,
    Entitled,
    GuardRefused,
    State,
    Transition,
    by_another,
    by_outsider,
    history,
    workflows,
)
from ceyuan.kernel.workflow.independence import declare
from ceyuan.kernel.workflow.tables import WorkflowInstance
from tests.kernel.actors import OWNER
from tests.kernel.workflow.conftest import begin, take

_DUTY = frozenset({"programme_officer"})
OPENER = replace(OWNER, duties=_DUTY)
INSIDER = Actor("person", "per_insider", "Insider", roles={"org_a": "member"}, duties=_DUTY)
OUTSIDER = Actor("person", "per_outsider", "Outsider", roles={"org_b": "owner"}, duties=_DUTY)
ADMIN = Actor("person", "per_admin", "Admin", is_admin=True)
SERVICE = Actor("service", "tok_1", "org_a/ci", roles={"org_a": "owner"}, duties=_DUTY)

MONEY = Definition(
    name="money",
    version=1,
    title=("资金", "Money"),
    states=(State("asked", ("申请", "Asked"), kind="start"), State("given", ("发放", "Given"), kind="good")),
    transitions=(
        Transition(
            "give", ("发放", "Give"), ("asked",), "given", by=("duty:programme_officer",), guards=(by_outsider(),)
        ),
        Transition(
            "sign", ("签署", "Sign"), ("asked",), "given", by=("duty:programme_officer",), guards=(by_another(),)
        ),
    ),
)


class Office:
    """Who could take the step, with their organisations."""

    def __init__(self, *people: Actor) -> None:
        self.people = people

    async def entitled(self, uow: UnitOfWork, words: Sequence[str], org_id: str | None) -> AsyncIterator[Candidate]:
        for person in self.people:
            yield Candidate(person.id, person.label, frozenset(person.roles))


@pytest.fixture
def office(flows: Platform) -> Platform:
    workflows(flows).register(MONEY)
    return flows


async def asked(platform: Platform, *people: Actor, by: Actor = OPENER) -> WorkflowInstance:
    platform.hooks[Entitled] = [Office(*people)]
    return await begin(platform, "money", by)


async def why_not(platform: Platform, instance: WorkflowInstance, name: str, actor: Actor) -> tuple[str, str]:
    with pytest.raises(GuardRefused) as refused:
        await take(platform, instance, name, actor)
    return refused.value.message


async def exception_of(platform: Platform, instance: WorkflowInstance) -> str | None:
    async with platform.work(write=False) as uow:
        found: str | None = (await history(uow, instance.id))[-1]["exception_en"]
        return found


async def test_a_member_hands_nothing_to_the_own_organisation_while_somebody_independent_is_there(
    office: Platform,
) -> None:
    instance = await asked(office, OPENER, INSIDER, OUTSIDER)
    zh, en = await why_not(office, instance, "give", INSIDER)
    assert "所属组织" in zh
    assert "belongs to the organisation" in en
    assert "opened" in (await why_not(office, instance, "give", OPENER))[1]
    assert (await take(office, instance, "give", OUTSIDER)).state == "given"
    assert await exception_of(office, instance) is None


async def test_a_token_limited_to_another_organisation_makes_nobody_independent(office: Platform) -> None:
    instance = await asked(office, INSIDER, OUTSIDER)
    await why_not(office, instance, "give", replace(INSIDER, roles={}))


async def test_the_opener_does_not_sign_but_a_colleague_does(office: Platform) -> None:
    instance = await asked(office, OPENER, INSIDER)
    await why_not(office, instance, "sign", OPENER)
    assert (await take(office, instance, "sign", INSIDER)).state == "given"


async def test_an_administrator_is_somebody_else_too(office: Platform) -> None:
    await why_not(office, await asked(office, INSIDER, ADMIN), "give", INSIDER)


async def test_who_declared_a_conflict_with_the_organisation_leaves_it_to_others(office: Platform) -> None:
    instance = await asked(office, OUTSIDER, ADMIN)
    async with office.work(OUTSIDER) as uow:
        await declare(uow, "org_a", "family")
    assert "conflict" in (await why_not(office, instance, "give", OUTSIDER))[1]
    assert (await take(office, instance, "give", ADMIN)).state == "given"


async def test_an_administrator_does_not_decide_on_what_they_opened_in_another_name(office: Platform) -> None:
    instance = await asked(office, INSIDER, ADMIN, OUTSIDER, by=replace(OPENER, impersonator=ADMIN.id))
    await why_not(office, instance, "sign", ADMIN)


async def test_an_administrator_does_not_decide_on_the_own_matter_in_another_name(office: Platform) -> None:
    instance = await asked(office, INSIDER, ADMIN, OUTSIDER, by=ADMIN)
    await why_not(office, instance, "sign", replace(INSIDER, impersonator=ADMIN.id))


async def test_a_service_decides_nothing_and_the_platform_may(office: Platform) -> None:
    instance = await asked(office, OPENER, OUTSIDER)
    assert "token" in (await why_not(office, instance, "sign", SERVICE))[1]
    assert (await take(office, instance, "sign", SYSTEM)).state == "given"


async def test_the_only_officer_decides_and_it_is_said_to_be_an_exception(office: Platform, heard: list[Event]) -> None:
    instance = await asked(office, OPENER)
    await take(office, instance, "give", OPENER)
    assert "nobody else on the platform is entitled" in (await exception_of(office, instance) or "")
    async with office.work(write=False) as uow:
        deeds = [orjson.loads(entry.body) for entry in await entries_of(uow.session, OPENER.id)]
    assert next(deed["data"].get("four_eyes_exception") for deed in deeds) == "opener"
    await office.dispatcher.drain()
    assert any(event.data.get("duty") == "regulator" and "exception" in event.data["body"][1] for event in heard)


async def test_a_colleague_is_better_than_the_opener_where_nobody_is_independent(office: Platform) -> None:
    instance = await asked(office, OPENER, INSIDER)
    await why_not(office, instance, "give", OPENER)
    await take(office, instance, "give", INSIDER)
    assert "member of the organisation" in (await exception_of(office, instance) or "")
