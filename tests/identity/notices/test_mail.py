"""E-mail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from ceyuan.identity import notify
from ceyuan.identity.notices.courier import Courier
from ceyuan.identity.notices.outbox import Wakeable
from ceyuan.identity.notices.tables import Delivery
from ceyuan.identity.people import repository
from ceyuan.identity.settings import MailSettings
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.platform import Platform
from tests.identity.actors import People
from tests.identity.notices.servers import MailServer, mail_server

TITLE, BODY = ("导出完成", "Export ready"), ("请下载。", "Download it.")


@pytest.fixture
async def server(platform: Platform) -> AsyncIterator[MailServer]:
    async with mail_server() as server:
        platform.sections[MailSettings] = MailSettings(
            host="127.0.0.1", port=server.port, security="none", sender="策源 <noreply@ai.example.cn>"
        )
        yield server


@pytest.fixture
def courier(platform: Platform) -> Courier:
    (courier,) = platform.find(Wakeable)  # type: ignore[type-abstract]
    assert isinstance(courier, Courier)
    return courier


async def tell(platform: Platform, person_id: str) -> None:
    async with platform.work() as uow:
        await notify(uow, "test.export", TITLE, body=BODY, link="/console/exports", to=[person_id])


async def deliveries(platform: Platform) -> list[Delivery]:
    async with platform.work(write=False) as uow:
        return list(await uow.session.scalars(select(Delivery).order_by(Delivery.id)))


async def test_without_a_mail_server_nothing_is_queued(platform: Platform, people: People) -> None:
    await tell(platform, (await people.add("li", email="li@example.cn")).id)
    assert await deliveries(platform) == []


async def test_a_notice_arrives_in_the_person_s_language(
    platform: Platform, people: People, server: MailServer, courier: Courier
) -> None:
    await tell(platform, (await people.add("li", email="li@example.cn")).id)
    assert await courier.deliver_due() == 1
    (message,) = server.messages
    assert server.recipients == ["li@example.cn"]
    assert message["subject"] == "导出完成"
    assert message["from"] == "策源 <noreply@ai.example.cn>"
    assert "https://ai.example.cn/console/exports" in message.get_content()


async def test_a_sent_mail_leaves_no_content_behind(
    platform: Platform, people: People, server: MailServer, courier: Courier
) -> None:
    await tell(platform, (await people.add("li", email="li@example.cn")).id)
    (before,) = await deliveries(platform)
    assert b"example.cn" not in (before.sealed or b"")
    await courier.deliver_due()
    (after,) = await deliveries(platform)
    assert (after.state, after.sealed, after.payload) == ("sent", None, {})


async def test_who_wants_no_mail_gets_none(platform: Platform, people: People, server: MailServer) -> None:
    person = await people.add("li", email="li@example.cn")
    async with platform.work() as uow:
        (await repository.get(uow.session, person.id)).wants_mail = False
    await tell(platform, person.id)
    assert await deliveries(platform) == []


async def test_a_refused_mail_is_tried_again_with_growing_patience(
    platform: Platform, people: People, server: MailServer, courier: Courier, clock: ManualClock
) -> None:
    server.refusal = "451 try later"
    await tell(platform, (await people.add("li", email="li@example.cn")).id)
    assert await courier.deliver_due() == 1
    assert await courier.deliver_due() == 0
    (row,) = await deliveries(platform)
    assert (row.state, row.attempts) == ("waiting", 1)
    assert "451" in (row.last_error or "")
    server.refusal = None
    clock.advance(timedelta(seconds=10))
    assert await courier.deliver_due() == 1
    assert len(server.messages) == 1
    assert server.messages[0]["message-id"] == f"<{row.id}@ai.example.cn>"


async def test_a_mail_that_never_arrives_is_given_up(
    platform: Platform, people: People, server: MailServer, courier: Courier, clock: ManualClock
) -> None:
    server.refusal = "550 no such mailbox"
    await tell(platform, (await people.add("li", email="li@example.cn")).id)
    for _ in range(10):
        await courier.deliver_due()
        clock.advance(timedelta(hours=7))
    (row,) = await deliveries(platform)
    assert (row.state, row.attempts) == ("failed", 8)


async def test_a_subject_cannot_smuggle_headers(
    platform: Platform, people: People, server: MailServer, courier: Courier
) -> None:
    person = await people.add("li", email="li@example.cn")
    async with platform.work() as uow:
        await notify(uow, "test.x", ("a\r\nBcc: all@example.cn", "x"), to=[person.id])
    await courier.deliver_due()
    assert server.recipients == ["li@example.cn"]
    assert server.messages[0]["bcc"] is None


async def test_two_couriers_send_a_mail_once(
    platform: Platform, people: People, server: MailServer, courier: Courier
) -> None:

    await tell(platform, (await people.add("li", email="li@example.cn")).id)
    other = Courier(platform)
    await asyncio.gather(courier.deliver_due(), other.deliver_due())
    assert len(server.messages) == 1


async def test_the_courier_wakes_by_itself(
    platform: Platform, people: People, server: MailServer, courier: Courier
) -> None:

    await courier.start(platform)
    try:
        await tell(platform, (await people.add("li", email="li@example.cn")).id)
        async with asyncio.timeout(20):
            while not server.messages:
                await asyncio.sleep(0.02)
    finally:
        await courier.stop(platform)
