"""Use cases of the Hub's webhooks: a person's own, for owners and repositories that the person may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from ceyuan.hub.hooks.errors import HookNotFound
from ceyuan.hub.hooks.tables import HubHook
from ceyuan.identity import WebhookSettings, check_webhook_url
from ceyuan.kernel.errors import Conflict, Forbidden, Invalid
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.work import UnitOfWork

MAX_HOOKS, MAX_WATCHED = 20, 100
DOMAINS = ("repo", "discussion")
WATCHED = ("user", "org", "model", "dataset")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a webhook shall be; null leaves what is there."""

    url: str | None = None
    watched: Sequence[dict[str, str]] | None = None
    domains: Sequence[str] | None = None
    secret: str | None = None


def secret_context(hook_id: str) -> str:
    """What a sealed secret is sealed for."""
    return f"hub-hook:{hook_id}"


def secret_of(uow: UnitOfWork, row: HubHook) -> str | None:
    """The secret that calls are sent with."""
    return None if row.secret is None else uow.platform.vault.decrypt(row.secret, secret_context(row.id)).decode()


def _require_person(uow: UnitOfWork) -> None:
    uow.actor.require_known()
    uow.actor.require_scope("hub:write")
    if uow.actor.kind != "person":
        raise Forbidden(("只有个人可以设置回调", "webhooks of the Hub belong to people"))


async def list_hooks(uow: UnitOfWork) -> Sequence[HubHook]:
    """The actor's webhooks."""
    _require_person(uow)
    return list(
        await uow.session.scalars(select(HubHook).where(HubHook.person_id == uow.actor.id).order_by(HubHook.id))
    )


async def find(uow: UnitOfWork, hook_id: str) -> HubHook:
    """One of the actor's webhooks; raises `HookNotFound`."""
    _require_person(uow)
    row = await uow.session.get(HubHook, hook_id)
    if row is None or row.person_id != uow.actor.id:
        raise HookNotFound()
    return row


async def create(uow: UnitOfWork, wish: Wish) -> HubHook:
    """Make a webhook."""
    _require_person(uow)
    count = await uow.session.scalar(select(func.count()).select_from(HubHook).where(HubHook.person_id == uow.actor.id))
    if int(count or 0) >= MAX_HOOKS:
        raise Conflict((f"最多 {MAX_HOOKS} 个回调", f"at most {MAX_HOOKS} webhooks"))
    row = HubHook(
        id=new_id("hhk"),
        person_id=uow.actor.id,
        url="",
        secret=None,
        watched=[],
        domains=list(DOMAINS),
        disabled=False,
        created_at=uow.clock.now(),
    )
    await change(uow, row, wish)
    uow.session.add(row)
    await uow.session.flush()
    await uow.audit("hub.hook_create", row.id)
    return row


async def change(uow: UnitOfWork, row: HubHook, wish: Wish) -> HubHook:
    """Change what is given; the address must be one that we may call."""
    if wish.url is not None:
        row.url = check_webhook_url(wish.url, allow_private=uow.platform.section(WebhookSettings).allow_private)
    if not row.url:
        raise Invalid(("请填写回调地址", "a webhook needs an address"))
    if wish.watched is not None:
        row.watched = [_watched(item) for item in wish.watched[:MAX_WATCHED]]
    if wish.domains is not None:
        if unknown := [domain for domain in wish.domains if domain not in DOMAINS]:
            raise Invalid((f"未知的领域 {unknown[0]}", f"the domain {unknown[0]} is not known"))
        row.domains = sorted(set(wish.domains))
    if wish.secret is not None:
        row.secret = uow.platform.vault.encrypt(wish.secret.encode(), secret_context(row.id)) if wish.secret else None
    return row


def _watched(item: dict[str, Any]) -> dict[str, str]:
    kind, name = str(item.get("type")), str(item.get("name"))
    if kind not in WATCHED or not 1 <= len(name) <= 200:
        raise Invalid(("监听对象无效", f"something watched is one of {', '.join(WATCHED)} with a name"))
    return {"type": kind, "name": name}


async def set_disabled(uow: UnitOfWork, row: HubHook, disabled: bool) -> HubHook:
    """Turn a webhook off or on."""
    row.disabled = disabled
    return row


async def remove(uow: UnitOfWork, row: HubHook) -> None:
    """Remove a webhook with the calls that it still was to get."""
    await uow.session.delete(row)
    await uow.audit("hub.hook_delete", row.id)
