"""Settling calls in doubt: somebody who has the upstream's own account says what a call used."""

from __future__ import annotations

from ceyuan.kernel.errors import Conflict
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import UsageEvent, post_usage, reverse_usage, usage_ids
from ceyuan.models.gateway import repository
from ceyuan.models.gateway.funds import INPUT, OUTPUT, REQUESTS
from ceyuan.models.gateway.service import CallNotFound
from ceyuan.models.gateway.tables import GatewayCall
from ceyuan.models.serving import ModelNotServed, see_served


class NotInDoubt(Conflict):
    """The call's charge is certain."""

    code = "call_not_in_doubt"
    title = ("该调用的费用没有疑问", "The charge of this call is not in doubt")


async def settle_call(
    uow: UnitOfWork, call_id: str, *, prompt_tokens: int | None, completion_tokens: int | None, note: str
) -> GatewayCall:
    """Settle a call in doubt, exactly once: with counts it is charged by them and what was charged before is given
    back; without any its charge stands as it is. Only operators may, who answer for prices and upstreams. Audited.

    Raises `CallNotFound`, `NotInDoubt`.
    """
    uow.actor.require_duty("operator")
    call = await repository.get_call(uow.session, call_id, lock=True)
    if call is None:
        raise CallNotFound()
    if not call.in_doubt:
        raise NotInDoubt()
    before = call.prompt_tokens, call.completion_tokens, call.cost_micro
    counts = (prompt_tokens or 0, completion_tokens or 0)
    if prompt_tokens is not None or completion_tokens is not None:
        await _charge_anew(uow, call, counts, note)
        await repository.correct_minute(uow.session, call, before)
    call.in_doubt, call.usage_from = False, "settled"
    await uow.session.flush()
    await uow.audit(
        "gateway.call_settled",
        call.id,
        call.org_id,
        before=list(before),
        after=[call.prompt_tokens, call.completion_tokens, call.cost_micro],
        note=note[:500],
    )
    return call


async def _charge_anew(uow: UnitOfWork, call: GatewayCall, counts: tuple[int, int], note: str) -> None:
    parts = ((INPUT, "in", counts[0]), (OUTPUT, "out", counts[1]), (REQUESTS, "req", 1 if any(counts) else 0))
    old = await usage_ids(uow, [f"{call.id}:{short}" for _, short, _ in parts])
    for event_id in old.values():
        await reverse_usage(uow, event_id, note or "settled")
    price_model = await _price_model(uow, call)
    events = [
        UsageEvent(
            key=f"{call.id}:{short}:settled",
            org_id=call.org_id,
            resource=resource,
            quantity=quantity,
            occurred_at=call.at,
            model=price_model,
            subject=call.id,
            evidence={"settled_by": uow.actor.id, "note": note[:300]},
            token_id=call.key_id,
            person_id=call.actor_id if call.actor_id.startswith("per_") else "",
            project=call.project,
            scenario=call.scenario,
            # What was taken back stays counted in the quotas.
            admitted=f"{call.id}:{short}" in old,
        )
        for resource, short, quantity in parts
        if quantity
    ]
    posted = await post_usage(uow, events) if events else None
    call.prompt_tokens, call.completion_tokens = counts
    call.cost_micro = posted.cost_micro if posted is not None else 0


async def _price_model(uow: UnitOfWork, call: GatewayCall) -> str:
    """The name in the price list; a model that is served no longer is priced by its public one."""
    try:
        return (await see_served(uow, call.served_id)).price_model
    except ModelNotServed:
        return call.model
