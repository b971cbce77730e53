"""Erasure on request, and retention."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, inspect, select

from ceyuan.identity import ExportFile, PersonalData, notify, people_by_id, resolve_names
from ceyuan.identity.invitations.tables import Invitation
from ceyuan.identity.notices.tables import Notice
from ceyuan.identity.people.tables import Person
from ceyuan.identity.privacy import retention
from ceyuan.identity.sessions.tables import Session, SignInPause
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.tables import Base
from ceyuan.kernel.work import UnitOfWork
from tests.identity.actors import Browser, People
from tests.identity.conftest import Open

SignedIn = Callable[..., Awaitable[Browser]]
GRACE = timedelta(days=7, seconds=1)


class Diary:
    """What an upper room might keep of a person."""

    room = "diary"

    def __init__(self) -> None:
        self.erased: list[str] = []

    async def export(self, uow: UnitOfWork, person_id: str) -> AsyncIterator[ExportFile]:
        yield ExportFile("diary.txt", b"dear diary")

    async def erase(self, uow: UnitOfWork, person_id: str) -> None:
        assert (await uow.session.get_one(Person, person_id)).state == "active"
        self.erased.append(person_id)


async def everything(platform: Platform) -> str:
    """All that the database's own tables hold, as one text, but for the audit log."""
    out: list[str] = []
    async with platform.work(write=False) as uow:
        for mapper in Base.registry.mappers:
            if not mapper.local_table.name.startswith(("audit_", "outbox_")):  # type: ignore[attr-defined]
                for row in await uow.session.scalars(select(mapper.class_)):
                    out.append(repr([getattr(row, c.key) for c in inspect(type(row)).columns]))
    return "\n".join(out)


async def test_nobody_asks_for_another(browser: Open, people: People) -> None:
    assert (await browser().post("/me/erasure")).status_code == 401
    program = browser(token=await people.token("li"))
    assert (await program.post("/me/erasure")).json()["code"] == "own_hands_only"


async def test_after_the_days_of_grace_nothing_but_a_pseudonym_is_left(
    signed_in: SignedIn, browser: Open, people: People, platform: Platform, clock: ManualClock
) -> None:
    diary, heard = Diary(), set()

    async def hear(_platform: Platform, event: Event) -> None:
        heard.add(event.data["person_id"])

    platform.provide(PersonalData, diary)  # type: ignore[type-abstract]
    platform.subscriptions.on_volatile("identity.person_erased", hear)
    person = await people.add("lilei", email="lilei@example.cn", duties=("reviewer",))
    await people.organisation("acme", boss="owner", lilei="member")
    token = await people.token("lilei")
    li = await signed_in("lilei")
    await li.patch("/me", {"bio": "I am lilei", "affiliation": "lilei works"})
    await (await signed_in("boss")).post("/organisations/acme/invitations", {"email": "lilei@example.cn"})
    assert (await li.post("/me/erasure")).status_code == 202
    await retention.erase_due(platform)
    assert (await li.get("/me")).status_code == 200

    clock.advance(GRACE)
    await retention.erase_due(platform)
    await platform.dispatcher.drain()
    assert "lilei" not in (await everything(platform)).lower()
    assert diary.erased == list(heard) == [person.id]
    assert (await browser(token=token).get("/me")).status_code == 401
    assert (await browser().sign_in("lilei")).status_code == 401
    assert (await browser().get("/people/lilei")).status_code == 404
    async with platform.work(write=False) as uow:
        assert (await people_by_id(uow, [person.id]))[person.id].state == "erased"
        assert (await resolve_names(uow, [person.id]))[person.id] == "—"


async def test_it_can_be_withdrawn(signed_in: SignedIn, platform: Platform, clock: ManualClock) -> None:
    li = await signed_in("li")
    asked = (await li.post("/me/erasure")).json()
    assert (await li.post("/me/erasure")).status_code == 409
    assert (await li.delete(f"/me/erasure/{asked['id']}")).json()["state"] == "withdrawn"
    clock.advance(GRACE)
    await retention.erase_due(platform)
    li = await signed_in("li")
    assert [r["state"] for r in (await li.get("/me/data-requests")).json()["items"]] == ["withdrawn"]


async def test_nobody_withdraws_the_request_of_another(signed_in: SignedIn) -> None:
    li, wang = await signed_in("li"), await signed_in("wang")
    asked = (await li.post("/me/erasure")).json()
    assert (await wang.delete(f"/me/erasure/{asked['id']}")).status_code == 404


async def test_an_organisation_is_not_left_without_an_owner(
    signed_in: SignedIn, people: People, platform: Platform, clock: ManualClock
) -> None:
    await people.organisation("acme", li="owner", wang="member")
    li, wang = await signed_in("li"), await signed_in("wang")
    assert (await li.post("/me/erasure")).json()["code"] == "last_owner"
    await li.put("/organisations/acme/members/wang", {"role": "owner"})
    assert (await li.post("/me/erasure")).status_code == 202
    await wang.delete("/organisations/acme/members/wang")
    clock.advance(GRACE)
    await retention.erase_due(platform)
    assert (await (await signed_in("li")).get("/me")).status_code == 200


async def test_an_organisation_of_one_closes_with_its_owner(
    signed_in: SignedIn, browser: Open, people: People, platform: Platform, clock: ManualClock
) -> None:
    await people.organisation("acme", li="owner")
    await (await signed_in("li")).post("/me/erasure")
    clock.advance(GRACE)
    await retention.erase_due(platform)
    assert (await browser().get("/organisations/acme")).status_code == 404


async def test_the_last_administrator_cannot_vanish(signed_in: SignedIn) -> None:
    root = await signed_in("root1", admin=True)
    assert (await root.post("/me/erasure")).status_code == 409


async def test_a_room_that_fails_undoes_the_whole_erasure(
    signed_in: SignedIn, people: People, platform: Platform, clock: ManualClock
) -> None:
    class Broken(Diary):
        async def erase(self, uow: UnitOfWork, person_id: str) -> None:
            raise OSError("the room above is down")

    await (await signed_in("li")).post("/me/erasure")
    clock.advance(GRACE)
    platform.hooks[PersonalData].insert(0, Broken())
    with pytest.raises(OSError, match="down"):
        await retention.erase_due(platform)
    assert (await (await signed_in("li")).get("/me")).status_code == 200
    platform.hooks[PersonalData].pop(0)
    await retention.erase_due(platform)
    assert (await people.find("li")) is None


async def test_what_has_served_its_time_is_deleted(
    signed_in: SignedIn, browser: Open, people: People, platform: Platform, clock: ManualClock
) -> None:
    await people.organisation("acme", li="owner")
    li = await signed_in("li")
    person = await people.find("li")
    assert person is not None
    await li.post("/organisations/acme/invitations", {})
    await browser().sign_in("li", "wrong")
    async with platform.work() as uow:
        await notify(uow, "test.hello", ("你好", "Hello"), to=[person.id])
        await notify(uow, "test.todo", ("待办", "To do"), to=[person.id], todo=True, key="k")
    await retention.sweep(platform)

    async def counts() -> list[int | None]:
        async with platform.work(write=False) as uow:
            return [
                await uow.session.scalar(select(func.count()).select_from(table))
                for table in (Session, Invitation, Notice, SignInPause)
            ]

    assert await counts() == [1, 1, 2, 2]
    clock.advance(timedelta(days=400))
    await retention.sweep(platform)
    assert await counts() == [0, 0, 1, 0]
