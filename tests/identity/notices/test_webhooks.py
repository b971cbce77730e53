"""Webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import orjson
import pytest

from ceyuan.identity import notify, queue_webhooks
from ceyuan.identity.notices.courier import Courier
from ceyuan.identity.notices.outbox import Wakeable, topic_matches
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.platform import Platform
from tests.identity.actors import Browser, People
from tests.identity.conftest import Open
from tests.identity.notices.servers import Receiver, receiver

SignedIn = Callable[..., Awaitable[Browser]]
HOOKS = "/organisations/acme/webhooks"


@pytest.fixture
def environment() -> dict[str, str]:
    return {"CEYUAN_WEBHOOK_ALLOW_PRIVATE": "true"}


@pytest.fixture
async def there() -> AsyncIterator[Receiver]:
    async with receiver() as there:
        yield there


@pytest.fixture
def courier(platform: Platform) -> Courier:
    (courier,) = platform.find(Wakeable)  # type: ignore[type-abstract]
    assert isinstance(courier, Courier)
    return courier


@pytest.fixture
async def org_id(people: People) -> str:
    return await people.organisation("acme", boss="owner", li="member")


async def test_webhooks_are_for_maintainers(signed_in: SignedIn, browser: Open, org_id: str) -> None:
    body = {"url": "https://example.cn/hook", "topics": ["*"]}
    assert (await browser().get(HOOKS)).status_code == 401
    assert (await (await signed_in("wang")).get(HOOKS)).status_code == 404
    assert (await (await signed_in("li")).post(HOOKS, body)).status_code == 403


async def test_a_call_is_signed_so_that_the_receiver_can_check_it(
    signed_in: SignedIn, platform: Platform, org_id: str, there: Receiver, courier: Courier, clock: ManualClock
) -> None:
    boss = await signed_in("boss")
    made = (await boss.post(HOOKS, {"url": there.url, "topics": ["notice.*"]})).json()
    assert made["secret"] not in (await boss.get(HOOKS)).text
    async with platform.work() as uow:
        await notify(uow, "jobs.failed", ("失败", "Failed"), org_id=org_id)
    assert await courier.deliver_due() == 1
    ((headers, body),) = there.calls
    assert orjson.loads(body)["type"] == "notice.jobs.failed"
    assert headers["webhook-timestamp"] == str(int(clock.now().timestamp()))
    key = base64.b64decode(made["secret"].removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


async def test_only_the_topics_asked_for_are_sent(
    signed_in: SignedIn, platform: Platform, org_id: str, there: Receiver, courier: Courier
) -> None:
    boss = await signed_in("boss")
    hook = (await boss.post(HOOKS, {"url": there.url, "topics": ["jobs.finished"]})).json()["webhook"]
    async with platform.work() as uow:
        assert await queue_webhooks(uow, org_id, "jobs.started", {}) == 0
        assert await queue_webhooks(uow, org_id, "jobs.finished", {"job_id": "job_1"}) == 1
    await boss.patch(f"{HOOKS}/{hook['id']}", {"is_on": False})
    async with platform.work() as uow:
        assert await queue_webhooks(uow, org_id, "jobs.finished", {}) == 0


def test_topics_match_by_word() -> None:
    assert topic_matches(["jobs.*"], "jobs.finished")
    assert not topic_matches(["jobs.*"], "jobsfinished")
    assert not topic_matches(["jobs"], "jobs.finished")
    assert topic_matches(["*"], "anything")


async def test_a_failed_call_is_repeated_under_the_same_id(
    signed_in: SignedIn, org_id: str, there: Receiver, courier: Courier, clock: ManualClock
) -> None:
    boss = await signed_in("boss")
    hook = (await boss.post(HOOKS, {"url": there.url, "topics": ["*"]})).json()["webhook"]
    there.status = 500
    await boss.post(f"{HOOKS}/{hook['id']}/ping")
    await courier.deliver_due()
    (waiting,) = (await boss.get(f"{HOOKS}/{hook['id']}/deliveries?state=waiting")).json()["items"]
    assert (waiting["attempts"], waiting["last_error"]) == (1, "CallFailed: HTTP 500")
    assert (await boss.get(HOOKS)).json()["items"][0]["failures"] == 1
    there.status = 204
    clock.advance(timedelta(seconds=10))
    await courier.deliver_due()
    assert len({headers["webhook-id"] for headers, _ in there.calls}) == 1
    assert (await boss.get(HOOKS)).json()["items"][0]["failures"] == 0
    await boss.post(f"{HOOKS}/{hook['id']}/deliveries/{waiting['id']}/retry")
    await courier.deliver_due()
    assert len({headers["webhook-id"] for headers, _ in there.calls}) == 2


async def test_a_redirect_is_not_followed(signed_in: SignedIn, org_id: str, there: Receiver, courier: Courier) -> None:
    boss = await signed_in("boss")
    hook = (await boss.post(HOOKS, {"url": there.url, "topics": ["*"]})).json()["webhook"]
    there.status, there.location = 307, there.url
    await boss.post(f"{HOOKS}/{hook['id']}/ping")
    await courier.deliver_due()
    assert len(there.calls) == 1


async def test_a_removed_webhook_is_not_called(
    signed_in: SignedIn, org_id: str, there: Receiver, courier: Courier
) -> None:
    boss = await signed_in("boss")
    hook = (await boss.post(HOOKS, {"url": there.url, "topics": ["*"]})).json()["webhook"]
    await boss.post(f"{HOOKS}/{hook['id']}/ping")
    assert (await boss.delete(f"{HOOKS}/{hook['id']}")).status_code == 204
    await courier.deliver_due()
    assert there.calls == []


@pytest.mark.parametrize("topics", [[], ["jobs..x"], ["Jobs.*"], ["*.jobs"], ["jobs.*.x"]])
async def test_a_malformed_topic_is_refused(signed_in: SignedIn, org_id: str, topics: list[str]) -> None:
    boss = await signed_in("boss")
    assert (await boss.post(HOOKS, {"url": "https://example.cn/h", "topics": topics})).status_code == 422
