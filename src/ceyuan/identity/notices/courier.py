"""The courier: takes due deliveries, sends them outside any transaction, and tries again with back-off.

A delivery is claimed by a guarded update that also moves its next attempt ahead; a courier that dies in
between therefore delays it by `CLAIM`, and the receiver recognises a repeat by its id.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import CursorResult, select, update

from ceyuan.identity.notices.calls import Caller
from ceyuan.identity.notices.mail import send_mail
from ceyuan.identity.notices.outbox import backoff, mail_context
from ceyuan.identity.notices.tables import Delivery, Webhook
from ceyuan.identity.settings import MailSettings, WebhookSettings
from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.secrets import redact
from ceyuan.kernel.waiting import wait_at_most

logger = logging.getLogger(__name__)
CLAIM = timedelta(minutes=2)
POLL_S = 5.0
AT_ONCE = 8


def secret_context(webhook_id: str) -> str:
    """What a webhook's signing secret is sealed for."""
    return f"webhook.secret:{webhook_id}"


class Courier:
    """A platform service; each process has one, and they share the queue."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._caller = Caller(platform.section(WebhookSettings))
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """There may be something to deliver."""
        self._wake.set()

    async def start(self, platform: Platform) -> None:
        """Begin to deliver."""
        self._task = asyncio.create_task(self._run(), name="courier")

    async def stop(self, platform: Platform) -> None:
        """Stop; what was being sent is sent again later."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._caller.close()

    async def _run(self) -> None:
        while True:
            try:
                while await self.deliver_due():
                    pass
            except Exception:
                logger.exception("deliveries were interrupted; they go on in a moment")
            await wait_at_most(self._wake, POLL_S)
            self._wake.clear()

    async def deliver_due(self) -> int:
        """Send what is due now; returns how many were tried."""
        now = self._platform.clock.now()
        async with self._platform.database.session(write=False) as session:
            ids = list(
                await session.scalars(
                    select(Delivery.id)
                    .where(Delivery.state == "waiting", Delivery.next_at <= now)
                    .order_by(Delivery.next_at)
                    .limit(AT_ONCE)
                )
            )
        claimed = [row for row in [await self._claim(delivery_id) for delivery_id in ids] if row is not None]
        await asyncio.gather(*(self._deliver(row) for row in claimed))
        return len(claimed)

    async def _claim(self, delivery_id: str) -> Delivery | None:
        async with self._platform.work(SYSTEM) as uow:
            now = uow.clock.now()
            taken: CursorResult[Any] = await uow.session.execute(  # type: ignore[assignment]
                update(Delivery)
                .where(Delivery.id == delivery_id, Delivery.state == "waiting", Delivery.next_at <= now)
                .values(next_at=now + CLAIM, attempts=Delivery.attempts + 1)
                .execution_options(synchronize_session=False)
            )
            return await uow.session.get_one(Delivery, delivery_id) if taken.rowcount == 1 else None

    async def _deliver(self, row: Delivery) -> None:
        try:
            if row.channel == "mail":
                await self._mail(row)
            else:
                await self._call(row)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            logger.info("delivery %s failed (attempt %d): %s", row.id, row.attempts, redact(str(error)))
            await self._end(row, error)
        else:
            await self._end(row, None)

    async def _mail(self, row: Delivery) -> None:
        if row.sealed is None:
            raise LookupError("the mail's content is gone")
        payload = orjson.loads(self._platform.vault.decrypt(row.sealed, mail_context(row.id)))
        await send_mail(self._platform.section(MailSettings), row, payload)

    async def _call(self, row: Delivery) -> None:
        async with self._platform.database.session(write=False) as session:
            hook = await session.get(Webhook, row.recipient)
        if hook is None or not hook.is_on:
            raise LookupError("the webhook was removed or switched off")
        secret = self._platform.vault.decrypt(hook.secret, secret_context(hook.id)).decode()
        timestamp = int(self._platform.clock.now().timestamp())
        await self._caller.call(hook.url, secret, row.id, timestamp, row.payload)

    async def _end(self, row: Delivery, error: Exception | None) -> None:
        limit = self._platform.section(WebhookSettings).max_attempts
        async with self._platform.work(SYSTEM) as uow:
            now = uow.clock.now()
            kept = await uow.session.get(Delivery, row.id, with_for_update=True)
            if kept is None:
                return
            if error is None:
                kept.state, kept.done_at, kept.last_error, kept.sealed = "sent", now, None, None
            else:
                kept.last_error = redact(f"{type(error).__name__}: {error}")[:300]
                over = kept.attempts >= limit or isinstance(error, LookupError)
                kept.state, kept.done_at = ("failed", now) if over else ("waiting", None)
                kept.next_at = now + backoff(kept.attempts)
            hook = await uow.session.get(Webhook, row.recipient) if row.channel == "webhook" else None
            if hook is not None:
                hook.failures = 0 if error is None else hook.failures + 1
