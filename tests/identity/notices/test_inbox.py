"""The inbox."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ceyuan.identity import notify, settle
from ceyuan.kernel.platform import Platform
from tests.identity.actors import Browser, People
from tests.identity.conftest import Open

SignedIn = Callable[..., Awaitable[Browser]]
TITLE = ("请评审", "Please review")


async def test_nobody_has_no_inbox(browser: Open) -> None:
    assert (await browser().get("/notices")).status_code == 401
    assert (await browser().get("/notices/count")).status_code == 401


async def test_a_notice_reaches_each_reader_once(signed_in: SignedIn, people: People, platform: Platform) -> None:
    org_id = await people.organisation("acme", boss="owner", li="maintainer", wang="viewer")
    await people.add("judge", duties=("reviewer",))
    boss = await people.find("boss")
    assert boss is not None
    async with platform.work() as uow:
        count = await notify(uow, "test.hello", TITLE, to=[boss.id], org_id=org_id, duty="reviewer")
    assert count == 3
    for name, expected in {"boss": 1, "li": 1, "wang": 0, "judge": 1}.items():
        rows = (await (await signed_in(name)).get("/notices")).json()["items"]
        assert len(rows) == expected, name


async def test_a_to_do_stays_until_it_is_settled(signed_in: SignedIn, people: People, platform: Platform) -> None:
    person = await people.add("li")
    async with platform.work() as uow:
        await notify(uow, "test.review", TITLE, to=[person.id], todo=True, key="review:1", link="/console/reviews/1")
        await notify(uow, "test.hello", TITLE, to=[person.id])
    li = await signed_in("li")
    assert (await li.get("/notices/count")).json() == {"unread": 2, "todo": 1}
    assert (await li.post("/notices/read")).json() == {"marked": 2}
    assert (await li.get("/notices/count")).json() == {"unread": 0, "todo": 1}
    (todo,) = (await li.get("/notices?todo=true")).json()["items"]
    assert (todo["kind"], todo["link"]) == ("test.review", "/console/reviews/1")
    async with platform.work() as uow:
        assert await settle(uow, "review:1") == 1
        assert await settle(uow, "review:1") == 0
    assert (await li.get("/notices?todo=true")).json()["items"] == []


async def test_nobody_reads_the_notices_of_another(signed_in: SignedIn, people: People, platform: Platform) -> None:
    person = await people.add("li")
    async with platform.work() as uow:
        await notify(uow, "test.hello", TITLE, to=[person.id])
    li, wang = await signed_in("li"), await signed_in("wang")
    (row,) = (await li.get("/notices?unread=true")).json()["items"]
    assert (await wang.post(f"/notices/{row['id']}/read")).status_code == 404
    assert (await wang.get("/notices")).json()["items"] == []
    assert (await li.post(f"/notices/{row['id']}/read")).json() == {"marked": 1}
    assert (await li.get("/notices?unread=true")).json()["items"] == []


async def test_notices_come_newest_first_in_pages(signed_in: SignedIn, people: People, platform: Platform) -> None:
    person = await people.add("li")
    async with platform.work() as uow:
        for n in range(5):
            await notify(uow, f"test.n{n}", TITLE, to=[person.id])
    li = await signed_in("li")
    first = (await li.get("/notices?limit=3")).json()
    second = (await li.get(f"/notices?limit=3&cursor={first['next']}")).json()
    kinds = [n["kind"] for n in first["items"] + second["items"]]
    assert kinds == [f"test.n{n}" for n in (4, 3, 2, 1, 0)]
    assert second["next"] is None
