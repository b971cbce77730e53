"""What leaves the platform: mails and webhook calls, queued in the transaction of their cause."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Protocol

import orjson
from sqlalchemy import select

from ceyuan.identity.notices.tables import Delivery, Webhook
from ceyuan.identity.origin import link as absolute
from ceyuan.identity.people.tables import Person
from ceyuan.identity.settings import MailSettings
from ceyuan.kernel.errors import Text
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.work import UnitOfWork


class Wakeable(Protocol):
    """Hook: the courier, which likes to hear that there is something to deliver."""

    def wake(self) -> None: ...


def topic_matches(patterns: list[str], topic: str) -> bool:
    """Whether one of the patterns (`*`, `jobs.*`, `notice.jobs.failed`) takes the topic."""
    return any(p in ("*", topic) or (p.endswith(".*") and topic.startswith(p[:-1])) for p in patterns)


def mail_context(delivery_id: str) -> str:
    """What a mail is sealed for."""
    return f"delivery.mail:{delivery_id}"


async def queue(
    uow: UnitOfWork, channel: str, recipient: str, topic: str, payload: dict[str, Any], *, secret: bool = False
) -> Delivery:
    """A delivery that the courier begins right after the commit; a `secret` payload is kept sealed."""
    now, delivery_id = uow.clock.now(), new_id("dlv")
    sealed = None
    if secret:
        sealed = uow.platform.vault.encrypt(orjson.dumps(payload), mail_context(delivery_id))
        payload = {}
    row = Delivery(
        id=delivery_id,
        channel=channel,
        recipient=recipient,
        topic=topic[:80],
        payload=payload,
        sealed=sealed,
        state="waiting",
        attempts=0,
        next_at=now,
        created_at=now,
    )
    uow.session.add(row)
    await uow.session.flush()

    async def nudge() -> None:
        for courier in uow.platform.find(Wakeable):  # type: ignore[type-abstract]
            courier.wake()

    uow.after_commit(nudge)
    return row


async def queue_mail(uow: UnitOfWork, recipient: str, to: str, topic: str, subject: str, text: str) -> bool:
    """Queue a mail to the address `to`; False where the operator has not set a mail server."""
    if not uow.platform.section(MailSettings).is_on:
        return False
    await queue(uow, "mail", recipient, topic, {"to": to, "subject": subject, "text": text}, secret=True)
    return True


async def mail_to_person(uow: UnitOfWork, person: Person, kind: str, title: Text, body: Text, link: str) -> bool:
    """Queue a mail in the person's language; False if there is no address or no mail server."""
    if person.email is None:
        return False
    side = 0 if person.language == "zh" else 1
    parts = [body[side] or title[side]]
    if link:
        parts.append(absolute(uow.platform, link))
    parts.append(("—\n本邮件由策源平台自动发送。", "—\nSent by the Ceyuan platform.")[side])
    return await queue_mail(uow, person.id, person.email, kind, title[side], "\n\n".join(parts))


async def queue_webhooks(uow: UnitOfWork, org_id: str, topic: str, data: dict[str, Any]) -> int:
    """Queue a call to each of the organisation's webhooks that asked for the topic; returns how many."""
    hooks = await uow.session.scalars(select(Webhook).where(Webhook.org_id == org_id, Webhook.is_on))
    chosen = [hook for hook in hooks if topic_matches(hook.topics, topic)]
    at = uow.clock.now().isoformat()
    for hook in chosen:
        await queue(uow, "webhook", hook.id, topic, {"type": topic, "timestamp": at, "org_id": org_id, "data": data})
    return len(chosen)


def backoff(attempts: int) -> timedelta:
    """How long to wait after so many failures: 10 s, doubling, at most six hours."""
    return min(timedelta(seconds=10 * 2 ** min(attempts - 1, 20)), timedelta(hours=6))
