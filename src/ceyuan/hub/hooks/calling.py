"""From an event to calls: who watches is told, with retries, never into the operator's own network."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson
from sqlalchemy import delete, select

from ceyuan.addresses import reachable
from ceyuan.hub.hooks.service import secret_of
from ceyuan.hub.hooks.tables import HubHook, HubHookCall
from ceyuan.hub.repositories import repository
from ceyuan.hub.repositories.access import can_read
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.identity import WebhookSettings, actor_for
from ceyuan.kernel.errors import Forbidden
from ceyuan.kernel.events import Event
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.lazy import later

if TYPE_CHECKING:
    import aiohttp

    from ceyuan import resolving
else:
    aiohttp, resolving = later("aiohttp"), later("ceyuan.resolving")

logger = logging.getLogger(__name__)
EVERY_S = 3.0
_BATCH, _ATTEMPTS = 20, 8
_KEEP = timedelta(days=7)
TOPICS: dict[str, tuple[str, str, str]] = {
    "hub.repository_created": ("repo", "create", "repo"),
    "hub.repository_deleted": ("repo", "delete", "repo"),
    "hub.repository_moved": ("repo", "move", "repo"),
    "hub.repository_changed": ("repo", "update", "repo.config"),
    "hub.revision_created": ("repo", "update", "repo.content"),
    "hub.refs_changed": ("repo", "update", "repo.content"),
    "hub.discussion_opened": ("discussion", "create", "discussion"),
    "hub.discussion_changed": ("discussion", "update", "discussion"),
    "hub.discussion_commented": ("discussion", "create", "discussion.comment"),
}
"""What each event is to a webhook: its domain, action and scope
(https://huggingface.co/docs/hub/webhooks#webhook-payloads)."""


async def tell(uow: UnitOfWork, event: Event) -> None:
    """Queue a call for every webhook that watches and may know of the repository."""
    domain, action, scope = TOPICS[event.topic]
    row = await repository.by_id(uow.session, event.data["repository_id"])
    if row is None:
        return
    hooks = await uow.session.scalars(select(HubHook).where(HubHook.disabled.is_(False)))
    now = uow.clock.now()
    for hook in hooks:
        if domain not in hook.domains or not _watches(hook, row) or not await _may_know(uow, hook, row):
            continue
        payload = _payload(hook, row, event, action, scope)
        uow.session.add(
            HubHookCall(
                id=new_id("hhc"), hook_id=hook.id, payload=payload, state="due", next_at=now, created_at=now, attempts=0
            )
        )


def _watches(hook: HubHook, row: HubRepository) -> bool:
    for item in hook.watched:
        name = item["name"].casefold()
        if item["type"] in ("user", "org") and name == row.owner.casefold():
            return True
        if item["type"] == row.kind and name == f"{row.owner}/{row.name}".casefold():
            return True
    return False


async def _may_know(uow: UnitOfWork, hook: HubHook, row: HubRepository) -> bool:
    try:
        return can_read(await actor_for(uow, hook.person_id), row)
    except Forbidden:
        return False


def _payload(hook: HubHook, row: HubRepository, event: Event, action: str, scope: str) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "event": {"action": action, "scope": scope},
        "repo": {
            "type": row.kind,
            "name": f"{row.owner}/{row.name}",
            "id": row.id,
            "private": row.visibility != "public",
            "headSha": row.head_commit,
        },
        "webhook": {"id": hook.id, "version": 3},
    }
    if "number" in event.data:
        pull = bool(event.data.get("pull", False))
        payload["discussion"] = {
            "num": event.data["number"],
            "title": event.data.get("title", ""),
            "isPullRequest": pull,
        }
    if event.topic == "hub.revision_created":
        payload["updatedRefs"] = [
            {
                "ref": f"refs/heads/{event.data['branch']}",
                "oldSha": event.data["parent"],
                "newSha": event.data["commit"],
            }
        ]
    return payload


async def deliver(platform: Platform) -> None:
    """Make the calls that are due; what fails is tried again, later each time."""
    now = platform.clock.now()
    async with platform.work(write=False) as uow:
        rows = await uow.session.execute(
            select(HubHookCall, HubHook)
            .join(HubHook, HubHook.id == HubHookCall.hook_id)
            .where(HubHookCall.state == "due", HubHookCall.next_at <= now)
            .order_by(HubHookCall.id)
            .limit(_BATCH)
        )
        due = [(call.id, call.payload, hook.url, secret_of(uow, hook)) for call, hook in rows]
    if not due:
        return
    settings = platform.section(WebhookSettings)
    resolver = None if settings.allow_private else resolving.GuardedResolver()
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=resolver, limit=8, use_dns_cache=False),
        timeout=aiohttp.ClientTimeout(total=settings.timeout_s),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    ) as client:
        faults = await asyncio.gather(
            *(_call(client, url, secret, payload, settings.allow_private) for _, payload, url, secret in due)
        )
    async with platform.work() as uow:
        for (call_id, *_), fault in zip(due, faults, strict=True):
            row = await uow.session.get(HubHookCall, call_id, with_for_update=True)
            if row is not None:
                _note(uow, row, fault)


def _note(uow: UnitOfWork, row: HubHookCall, fault: str | None) -> None:
    row.attempts += 1
    row.error = (fault or "")[:300]
    if fault is None:
        row.state = "done"
    elif row.attempts >= _ATTEMPTS:
        row.state = "failed"
    else:
        row.next_at = uow.clock.now() + timedelta(seconds=min(10 * 3**row.attempts, 6 * 3600))


async def _call(
    client: aiohttp.ClientSession, url: str, secret: str | None, payload: dict[str, Any], allow_private: bool
) -> str | None:
    """POST the payload; returns what went wrong."""
    headers = {"content-type": "application/json", "user-agent": "Ceyuan-Webhook/1"}
    if secret is not None:
        headers["x-webhook-secret"] = secret
    try:
        if not allow_private and _is_private_literal(url):
            return "the address is private"
        async with client.post(url, data=orjson.dumps(payload), headers=headers, allow_redirects=False) as response:
            return None if 200 <= response.status < 300 else f"HTTP {response.status}"
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        return type(error).__name__


def _is_private_literal(url: str) -> bool:
    # The HTTP client asks no resolver about a host that is an address already.
    host = urlsplit(url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return not reachable(host)


async def forget_calls(platform: Platform) -> None:
    """Forget calls of a week ago."""
    horizon = platform.clock.now() - _KEEP
    async with platform.work() as uow:
        await uow.session.execute(
            delete(HubHookCall).where(HubHookCall.created_at < horizon, HubHookCall.state != "due")
        )
