"""Use cases of upstreams: OpenAI-compatible servers, whose keys the vault seals. Operators keep them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from ceyuan.addresses import may_reach
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.serving import repository
from ceyuan.models.serving.directory import key_context
from ceyuan.models.serving.errors import InvalidServedModel, NameTaken, UpstreamInUse
from ceyuan.models.serving.tables import Upstream

_NEVER_SENT = {"authorization", "host", "content-length", "connection", "transfer-encoding"}


@dataclass(frozen=True, slots=True)
class NewUpstream:
    """An upstream to be. `headers` are sent with each call; `stream_usage`: it understands
    `stream_options.include_usage`; `outside`: it is not the platform's own; `price`: what it asks for a million tokens,
    for routing by price; `usage_url`: where it says what it counted for a call (`{id}` = the call's `x-request-id`)."""

    name: str
    base_url: str
    key: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    stream_usage: bool = True
    outside: bool = False
    price: float = 0.0
    usage_url: str | None = None


_TRAITS: dict[str, Any] = {"stream_usage": True, "outside": False, "price": 0.0, "usage_url": None}


def traits_of(row: Upstream) -> dict[str, Any]:
    """What an upstream is like beside its address and headers, with the defaults of what nobody said."""
    return {name: row.headers.get(name, default) for name, default in _TRAITS.items()}


def _check_usage_url(base_url: str, usage_url: str | None) -> None:
    """The key goes along with the question, so it is asked of the same server only."""
    if usage_url is None:
        return
    asked, base = urlsplit(usage_url), urlsplit(base_url)
    if (asked.scheme, asked.netloc) != (base.scheme, base.netloc) or "{id}" not in usage_url:
        raise InvalidServedModel(
            ("用量查询地址无效", "not an address to ask for the use of a call"),
            hint=("须与上游同源且含 {id}", "it must lie on the upstream's own server and hold {id}"),
        )


def _hands_out_credentials(host: str) -> bool:
    try:
        return not may_reach(ipaddress.ip_address(host))
    except ValueError:
        return False


def _check(base_url: str, headers: Mapping[str, str]) -> None:
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        raise InvalidServedModel(
            (f"上游地址无效:{base_url[:120]}", f"not an upstream's address: {base_url[:120]}"),
            hint=(
                "形如 https://host:port/v1,密钥请单独填写",
                "write https://host:port/v1; the key has a field of its own",
            ),
        )
    if _hands_out_credentials(parts.hostname):
        raise InvalidServedModel(
            (f"上游不能位于 {parts.hostname}", f"no model's server stands at {parts.hostname}"),
            hint=(
                "链路本地地址与云平台元数据地址不可用",
                "link-local addresses and those of clouds' metadata services are refused",
            ),
        )
    bad = [
        name
        for name in headers
        if name.lower() in _NEVER_SENT or not name.isascii() or set(headers[name]) & set("\r\n\0")
    ]
    if bad:
        raise InvalidServedModel((f"不能设置请求头 {bad[0]}", f"the header {bad[0]} cannot be set"))


async def add_upstream(uow: UnitOfWork, new: NewUpstream) -> Upstream:
    """Register an upstream; only operators may. Audited without the key."""
    uow.actor.require_duty("operator")
    _check(new.base_url, new.headers)
    _check_usage_url(new.base_url, new.usage_url)
    if await uow.session.scalar(select(Upstream).where(Upstream.name == new.name)) is not None:
        raise NameTaken((f"已有名为“{new.name}”的上游", f"an upstream is called “{new.name}” already"))
    now = uow.clock.now()
    row = Upstream(
        id=new_id("upstream"),
        name=new.name,
        base_url=new.base_url.rstrip("/"),
        headers={"send": dict(new.headers), **{name: getattr(new, name) for name in _TRAITS}},
        created_by=uow.actor.id,
        created_at=now,
        updated_at=now,
    )
    row.sealed_key = _sealed(uow, row.id, new.key)
    uow.session.add(row)
    await uow.session.flush()
    await _changed(uow, "upstream.add", row)
    return row


def _sealed(uow: UnitOfWork, upstream_id: str, key: str | None) -> bytes | None:
    return uow.platform.vault.encrypt(key.encode(), key_context(upstream_id)) if key else None


async def change_upstream(uow: UnitOfWork, reference: str, changes: dict[str, Any]) -> Upstream:
    """Change address, key (`None` removes it), headers or traits; only operators may. Audited."""
    uow.actor.require_duty("operator")
    row = await repository.get_upstream(uow.session, reference)
    headers = changes.get("headers", row.headers.get("send", {}))
    _check(changes.get("base_url", row.base_url), headers)
    row.base_url = changes.get("base_url", row.base_url).rstrip("/")
    traits = traits_of(row) | {name: changes[name] for name in _TRAITS if name in changes}
    _check_usage_url(row.base_url, traits["usage_url"])
    row.headers = {"send": headers, **traits}
    if "key" in changes:
        row.sealed_key = _sealed(uow, row.id, changes["key"])
    row.updated_at = uow.clock.now()
    await uow.session.flush()
    await _changed(uow, "upstream.change", row)
    return row


async def remove_upstream(uow: UnitOfWork, reference: str) -> None:
    """Forget an upstream; raises `UpstreamInUse` while models are served by it. Only operators may. Audited."""
    uow.actor.require_duty("operator")
    row = await repository.get_upstream(uow.session, reference)
    names = await repository.served_by(uow.session, row.id)
    if names:
        raise UpstreamInUse(
            (f"仍有模型由它提供:{'、'.join(names[:5])}", f"it serves {', '.join(names[:5])}"),
            hint=("请先停用这些模型", "stop serving these models first"),
        )
    await uow.session.delete(row)
    await uow.session.flush()
    await _changed(uow, "upstream.remove", row)


async def list_upstreams(uow: UnitOfWork, paging: PageRequest) -> Rows[Upstream]:
    """All upstreams; only operators see them."""
    uow.actor.require_duty("operator")
    sorts = {"name": Upstream.name, "created_at": Upstream.created_at}
    return await fetch_page(uow.session, select(Upstream), paging, key=Upstream.id, sorts=sorts, default="name")


async def _changed(uow: UnitOfWork, action: str, row: Upstream) -> None:
    await uow.audit(action, row.id, None, name=row.name, base_url=row.base_url)
    await uow.publish("serving.changed", upstream_id=row.id)
