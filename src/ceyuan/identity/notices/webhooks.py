"""Use cases of webhooks: an organisation's maintainers name addresses to be called."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from ceyuan.identity.notices.addresses import check_url
from ceyuan.identity.notices.calls import new_secret
from ceyuan.identity.notices.courier import secret_context
from ceyuan.identity.notices.outbox import queue
from ceyuan.identity.notices.tables import Delivery, Webhook
from ceyuan.identity.organisations import repository as organisations
from ceyuan.identity.settings import WebhookSettings
from ceyuan.kernel.errors import Conflict, Invalid, NotFound
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork

MAX_WEBHOOKS = 20
_TOPIC = re.compile(r"^(?:\*|[a-z0-9_]+(?:\.[a-z0-9_]+)*(?:\.\*)?)\Z")


@dataclass(frozen=True, slots=True)
class Made:
    """A new webhook with its signing secret, which is shown this once."""

    webhook: Webhook
    secret: str


async def _org_id(uow: UnitOfWork, organisation: str) -> str:
    org = await organisations.find(uow.session, organisation)
    uow.actor.require_role(org.id, "maintainer")
    return org.id


async def _webhook(uow: UnitOfWork, organisation: str, webhook_id: str) -> Webhook:
    org_id = await _org_id(uow, organisation)
    row = await uow.session.get(Webhook, webhook_id)
    if row is None or row.org_id != org_id:
        raise NotFound(("未找到该回调", "no such webhook"))
    return row


def _check_topics(topics: list[str]) -> list[str]:
    if bad := [t for t in topics if not _TOPIC.fullmatch(t)]:
        raise Invalid(
            (f"事件名“{bad[0]}”格式有误", f"“{bad[0]}” is not a topic"),
            hint=("例如 *、notice.* 或 jobs.finished", "for example *, notice.* or jobs.finished"),
        )
    return sorted(set(topics))


async def list_webhooks(uow: UnitOfWork, organisation: str, paging: PageRequest) -> Rows[Webhook]:
    """The organisation's webhooks."""
    org_id = await _org_id(uow, organisation)
    return await fetch_page(
        uow.session,
        select(Webhook).where(Webhook.org_id == org_id),
        paging,
        key=Webhook.id,
        sorts={"created_at": Webhook.created_at, "url": Webhook.url},
        default="created_at",
    )


async def create_webhook(uow: UnitOfWork, organisation: str, url: str, topics: list[str]) -> Made:
    """Name an address to be called for the topics (`*`, `notice.*`, ...)."""
    org_id = await _org_id(uow, organisation)
    if len(list(await uow.session.scalars(select(Webhook.id).where(Webhook.org_id == org_id)))) >= MAX_WEBHOOKS:
        raise Conflict((f"最多 {MAX_WEBHOOKS} 个回调", f"at most {MAX_WEBHOOKS} webhooks"))
    secret, webhook_id = new_secret(), new_id("whk")
    row = Webhook(
        id=webhook_id,
        org_id=org_id,
        url=check_url(url, allow_private=uow.platform.section(WebhookSettings).allow_private),
        secret=uow.platform.vault.encrypt(secret.encode(), secret_context(webhook_id)),
        topics=_check_topics(topics),
        created_by=uow.actor.id,
        created_at=uow.clock.now(),
    )
    uow.session.add(row)
    await uow.session.flush()
    await uow.audit("identity.webhook_create", row.id, org_id, topics=row.topics)
    return Made(row, secret)


async def change_webhook(uow: UnitOfWork, organisation: str, webhook_id: str, changes: dict[str, Any]) -> Webhook:
    """Change address, topics, or whether it is on."""
    row = await _webhook(uow, organisation, webhook_id)
    if "url" in changes:
        row.url = check_url(changes["url"], allow_private=uow.platform.section(WebhookSettings).allow_private)
    if "topics" in changes:
        row.topics = _check_topics(changes["topics"])
    if "is_on" in changes:
        row.is_on, row.failures = changes["is_on"], 0
    await uow.audit("identity.webhook_change", row.id, row.org_id, fields=sorted(changes))
    return row


async def delete_webhook(uow: UnitOfWork, organisation: str, webhook_id: str) -> None:
    """Remove it; what was still to be delivered is dropped."""
    row = await _webhook(uow, organisation, webhook_id)
    await uow.session.delete(row)
    await uow.audit("identity.webhook_delete", row.id, row.org_id)


async def ping_webhook(uow: UnitOfWork, organisation: str, webhook_id: str) -> Delivery:
    """Send a test call, whatever topics were asked for."""
    row = await _webhook(uow, organisation, webhook_id)
    now = uow.clock.now().isoformat()
    return await queue(
        uow, "webhook", row.id, "ping", {"type": "ping", "timestamp": now, "org_id": row.org_id, "data": {}}
    )


async def list_deliveries(
    uow: UnitOfWork, organisation: str, webhook_id: str, paging: PageRequest, *, state: str | None
) -> Rows[Delivery]:
    """What was, or is to be, delivered to the webhook, newest first."""
    row = await _webhook(uow, organisation, webhook_id)
    query = select(Delivery).where(Delivery.recipient == row.id)
    if state:
        query = query.where(Delivery.state == state)
    return await fetch_page(
        uow.session, query, paging, key=Delivery.id, sorts={"created_at": Delivery.created_at}, default="-created_at"
    )


async def retry_delivery(uow: UnitOfWork, organisation: str, webhook_id: str, delivery_id: str) -> Delivery:
    """Send a delivery once more."""
    row = await _webhook(uow, organisation, webhook_id)
    old = await uow.session.get(Delivery, delivery_id)
    if old is None or old.recipient != row.id:
        raise NotFound(("未找到该投递", "no such delivery"))
    return await queue(uow, "webhook", row.id, old.topic, old.payload)
