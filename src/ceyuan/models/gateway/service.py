"""Use cases around the gateway's records: look at calls and sums, set the limits of keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, false, or_

from ceyuan.identity import actor_for
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import NotFound
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.gateway import repository
from ceyuan.models.gateway.tables import GatewayBody, GatewayCall, GatewayKeyLimit, GatewayMinute

READ = "gateway:read"


class CallNotFound(NotFound):
    """No such call that the actor may see."""

    code = "call_not_found"
    title = ("没有这次调用", "No such call")


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls: in a span of time, with these values where they are not null."""

    org_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    model: str | None = None
    key_id: str | None = None
    status: str | None = None
    code: str | None = None
    scenario: str | None = None
    endpoint: str | None = None
    flagged: bool | None = None
    in_doubt: bool | None = None

    def equals(self) -> dict[str, Any]:
        names = ("org_id", "model", "key_id", "status", "code", "scenario", "endpoint", "flagged", "in_doubt")
        return {name: getattr(self, name) for name in names}


async def list_calls(uow: UnitOfWork, wanted: CallFilter, paging: PageRequest) -> Rows[GatewayCall]:
    """Calls that the actor may see, newest first: operators all, maintainers those of their organisations, everybody
    their own."""
    actor = uow.actor
    actor.require_known()
    query = repository.calls(None, since=wanted.since, until=wanted.until, equals=wanted.equals())
    if not actor.has_duty("operator"):
        if wanted.org_id is not None:
            actor.require_role(wanted.org_id)
        query = query.where(_seen_by(actor))
    sorts = {"at": GatewayCall.at, "total_ms": GatewayCall.total_ms, "cost_micro": GatewayCall.cost_micro}
    return await fetch_page(uow.session, query, paging, key=GatewayCall.id, sorts=sorts, default="-at")


def _seen_by(actor: Actor) -> Any:
    whole = [org for org in actor.roles if actor.may(org, "maintainer")]
    own = [org for org in actor.roles if org not in whole]
    return or_(
        GatewayCall.org_id.in_(whole) if whole else false(),
        and_(GatewayCall.org_id.in_(own), GatewayCall.actor_id == actor.id) if own else false(),
    )


def _may_see(actor: Actor, call: GatewayCall) -> bool:
    if actor.may(call.org_id, "maintainer"):
        return True
    return actor.may(call.org_id) and call.actor_id == actor.id


async def see_call(uow: UnitOfWork, call_id: str) -> tuple[GatewayCall, GatewayBody | None]:
    """A call with what was kept of its content. Operators see the record, the content only its own people do."""
    uow.actor.require_known()
    call = await repository.get_call(uow.session, call_id)
    if call is None or not (uow.actor.has_duty("operator") or _may_see(uow.actor, call)):
        raise CallNotFound()
    body = await repository.get_body(uow.session, call_id) if _may_see(uow.actor, call) else None
    return call, body


def sight(actor: Actor) -> Callable[[str], bool]:
    """Which organisations' live figures the actor may see."""
    if actor.has_duty("operator"):
        return lambda _org: True
    return lambda org: actor.may(org)


async def minutes_seen(
    uow: UnitOfWork, org_id: str | None, since: datetime, until: datetime, model: str | None
) -> list[GatewayMinute]:
    """The sums per minute that the actor may see: of one organisation, of all of theirs, or of everybody."""
    actor = uow.actor
    actor.require_known()
    orgs: Sequence[str] | None = [org_id] if org_id is not None else None
    if not actor.has_duty("operator"):
        if org_id is not None:
            actor.require_role(org_id)
        orgs = orgs or list(actor.roles)
    return await repository.minutes(uow.session, orgs, since, until, model)


async def _org_of_key(uow: UnitOfWork, key_id: str) -> str:
    """The organisation whose key this is, if the actor may set its bounds: a maintainer for a service's key, a person
    for their own."""
    uow.actor.require_known()
    owner = await actor_for(uow, key_id) if key_id.startswith("tok_") else None
    if owner is None:
        raise NotFound(("没有这个密钥", "no such key"))
    if owner.kind == "person" and owner.id == uow.actor.id:
        return next(iter(owner.roles), "")
    for org_id in owner.roles:
        if owner.kind == "service" and uow.actor.may(org_id, "maintainer"):
            return org_id
    if uow.actor.has_duty("operator"):
        return next(iter(owner.roles), "")
    raise NotFound(("没有这个密钥", "no such key"))


async def see_key_limits(uow: UnitOfWork, key_id: str) -> GatewayKeyLimit:
    """The bounds of a key; raises `NotFound` where it has none of its own."""
    await _org_of_key(uow, key_id)
    row = await uow.session.get(GatewayKeyLimit, key_id)
    if row is None:
        raise NotFound(("该密钥没有单独的限制", "this key has no bounds of its own"))
    return row


async def set_key_limits(
    uow: UnitOfWork,
    key_id: str,
    *,
    requests_per_minute: int,
    tokens_per_minute: int,
    concurrent: int,
    models: Sequence[str],
) -> GatewayKeyLimit:
    """Set the bounds of a key. Audited."""
    org_id = await _org_of_key(uow, key_id)
    row = await uow.session.get(GatewayKeyLimit, key_id, with_for_update=True)
    if row is None:
        row = GatewayKeyLimit(key_id=key_id)
        uow.session.add(row)
    row.org_id, row.models = org_id, sorted(set(models))
    row.requests_per_minute, row.tokens_per_minute, row.concurrent = requests_per_minute, tokens_per_minute, concurrent
    row.updated_by, row.updated_at = uow.actor.id, uow.clock.now()
    await uow.session.flush()
    await uow.audit(
        "gateway.key_limits",
        key_id,
        org_id,
        requests_per_minute=requests_per_minute,
        tokens_per_minute=tokens_per_minute,
        concurrent=concurrent,
        models=row.models,
    )
    await uow.publish("gateway.policy_changed", key_id=key_id)
    return row


async def drop_key_limits(uow: UnitOfWork, key_id: str) -> None:
    """Remove the bounds of a key. Audited."""
    org_id = await _org_of_key(uow, key_id)
    row = await uow.session.get(GatewayKeyLimit, key_id)
    if row is None:
        return
    await uow.session.delete(row)
    await uow.session.flush()
    await uow.audit("gateway.key_limits_removed", key_id, org_id)
    await uow.publish("gateway.policy_changed", key_id=key_id)
