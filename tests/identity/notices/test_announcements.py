"""Announcements."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from ceyuan.kernel.clock import ManualClock
from tests.identity.actors import Browser, People
from tests.identity.conftest import Open

SignedIn = Callable[..., Awaitable[Browser]]
TEXT = {"title_zh": "停机维护", "title_en": "Maintenance"}


async def seen_by(reader: Browser) -> list[str]:
    return [a["title_en"] for a in (await reader.get("/announcements")).json()["items"]]


@pytest.mark.parametrize("who", ["anonymous", "member"])
async def test_only_operators_announce(signed_in: SignedIn, browser: Open, who: str) -> None:
    asking = browser() if who == "anonymous" else await signed_in("li")
    expected = 401 if who == "anonymous" else 403
    assert (await asking.post("/admin/announcements", TEXT)).status_code == expected
    assert (await asking.get("/admin/announcements")).status_code == expected


async def test_everyone_reads_without_signing_in(signed_in: SignedIn, browser: Open) -> None:
    staff = await signed_in("staff1", duties=("operator",))
    await staff.post("/admin/announcements", TEXT)
    assert await seen_by(browser()) == ["Maintenance"]


async def test_each_audience_reads_its_own(signed_in: SignedIn, browser: Open, people: People) -> None:
    org_id = await people.organisation("uni", kind="university", li="viewer")
    await people.organisation("acme", wang="viewer")
    await people.add("judge", duties=("reviewer",))
    staff = await signed_in("staff1", duties=("operator",))
    for audience in ("people", "kind:university", f"org:{org_id}", "duty:reviewer"):
        body = TEXT | {"title_en": audience.partition(":")[0], "audience": audience}
        assert (await staff.post("/admin/announcements", body)).status_code == 201
    assert await seen_by(browser()) == []
    assert sorted(await seen_by(await signed_in("li"))) == ["kind", "org", "people"]
    assert sorted(await seen_by(await signed_in("wang"))) == ["people"]
    assert sorted(await seen_by(await signed_in("judge"))) == ["duty", "people"]


async def test_it_shows_from_its_start_to_its_end(signed_in: SignedIn, browser: Open, clock: ManualClock) -> None:
    staff = await signed_in("staff1", duties=("operator",))
    starts, ends = clock.now() + timedelta(hours=1), clock.now() + timedelta(hours=2)
    body = TEXT | {"starts_at": starts.isoformat(), "ends_at": ends.isoformat()}
    assert (await staff.post("/admin/announcements", body)).status_code == 201
    shown = []
    for _ in range(3):
        shown.append(len(await seen_by(browser())))
        clock.advance(timedelta(hours=1))
    assert shown == [0, 1, 0]
    backwards = body | {"starts_at": ends.isoformat(), "ends_at": starts.isoformat()}
    assert (await staff.post("/admin/announcements", backwards)).status_code == 422
    assert (await staff.post("/admin/announcements", TEXT | {"audience": "nobody"})).status_code == 422


async def test_it_is_changed_and_deleted(signed_in: SignedIn, browser: Open, clock: ManualClock) -> None:
    staff = await signed_in("staff1", duties=("operator",))
    ends = (clock.now() + timedelta(days=1)).isoformat()
    made = (await staff.post("/admin/announcements", TEXT | {"ends_at": ends})).json()
    path = f"/admin/announcements/{made['id']}"
    changed = (await staff.patch(path, {"title_en": "Done", "ends_at": None})).json()
    assert (changed["title_en"], changed["ends_at"], changed["title_zh"]) == ("Done", None, "停机维护")
    assert await seen_by(browser()) == ["Done"]
    assert (await staff.delete(path)).status_code == 204
    assert (await staff.delete(path)).status_code == 404
    assert await seen_by(browser()) == []
