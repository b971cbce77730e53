"""Finished calls on their way into the ledger and the records: in batches, each call once.

One transaction takes a batch: usage to metering, rows of calls, sums of minutes. The row's id is the call's,
so a batch that comes again after a crash finds what is there already and leaves it alone.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import BadUsage, UsageEvent, post_usage, transact
from ceyuan.models.gateway import repository
from ceyuan.models.gateway.call import Call
from ceyuan.models.gateway.funds import INPUT, OUTPUT, REQUESTS, UNITS, Cost, Hold
from ceyuan.models.gateway.leases import Share, lower, lower_many
from ceyuan.models.gateway.masking import masked_document, masked_text

logger = logging.getLogger(__name__)


class Finished(NamedTuple):
    """A call that is over. `hold` and `used` are missing for refusals and for calls of a process that is gone;
    `prompt` and `answer` are there where the organisation keeps them; `redact`: without personal information; `shares`
    are the leases that go down when it is posted."""

    call: Call
    hold: Hold | None = None
    used: Cost | None = None
    prompt: dict[str, Any] | None = None
    answer: str = ""
    redact: bool = False
    shares: tuple[Share, ...] = ()

    def body(self) -> tuple[dict[str, Any] | None, str]:
        """The prompt and the answer as they are kept."""
        if not self.redact or self.prompt is None:
            return self.prompt, self.answer
        return masked_document(self.prompt)[0], masked_text(self.answer)


def usage_events(call: Call, now: datetime) -> list[UsageEvent]:
    """What metering is told of a call: its tokens and the request itself; nothing where nothing was produced."""
    if not call.is_charged:
        return []
    at = min(datetime.fromtimestamp(call.at, UTC), now)
    parts = [(INPUT, "in", call.prompt_tokens), (OUTPUT, "out", call.completion_tokens), (REQUESTS, "req", 1)]
    if call.units:
        parts.append((UNITS[call.endpoint], "units", call.units))
    evidence = {"answer_sha256": call.answer_sha256, "usage_from": call.usage_from, "in_doubt": call.in_doubt}
    return [
        UsageEvent(
            key=f"{call.id}:{short}",
            org_id=call.org_id,
            resource=resource,
            quantity=quantity,
            occurred_at=at,
            model=call.price_model,
            subject=call.id,
            evidence=evidence if resource == OUTPUT else {},
            token_id=call.key_id,
            person_id=call.actor_id if call.actor_id.startswith("per_") else "",
            project=call.project,
            scenario=call.scenario,
        )
        for resource, short, quantity in parts
        if quantity
    ]


async def post_batch(uow: UnitOfWork, batch: Sequence[Finished], keep_refusals: int) -> dict[str, int]:
    """Post a batch in this transaction; returns the cost in micro-yuan of each call that is new."""
    known = await repository.known_calls(uow.session, [finished.call.id for finished in batch])
    fresh = list({finished.call.id: finished for finished in batch if finished.call.id not in known}.values())
    if not fresh:
        return {}
    now = uow.clock.now()
    events = [event for finished in fresh for event in usage_events(finished.call, now)]
    costs: dict[str, int] = {}
    if events:
        posted = await post_usage(uow, events)
        for key, micro in posted.costs.items():
            call_id = key.partition(":")[0]
            costs[call_id] = costs.get(call_id, 0) + micro
    lent = [(share, costs.get(finished.call.id, 0)) for finished in fresh for share in finished.shares]
    if lent:
        await lower(uow.session, lower_many(lent))
    kept = await _kept(uow, fresh, keep_refusals)
    await repository.insert_calls(uow.session, [(finished.call, costs.get(finished.call.id, 0)) for finished in kept])
    bodies = [(finished.call, *finished.body()) for finished in kept if finished.prompt is not None]
    await repository.insert_bodies(uow.session, bodies)
    await repository.insert_repeats(uow.session, [f.call for f in kept if f.call.answer_body])
    await repository.add_minutes(uow.session, [(f.call, costs.get(f.call.id, 0)) for f in fresh])
    told = [f.call.id for f in fresh if f.call.verdicts]
    if told:
        await uow.publish("gateway.calls_flagged", call_ids=told)
    return {finished.call.id: costs.get(finished.call.id, 0) for finished in fresh}


async def _kept(uow: UnitOfWork, fresh: Sequence[Finished], most: int) -> list[Finished]:
    """The calls that get a row of their own: all but refusals beyond `most` per minute and organisation."""
    refused = [finished for finished in fresh if finished.call.status == "refused"]
    if not refused:
        return list(fresh)
    counts = await repository.refusals_by_minute(uow.session, [finished.call for finished in refused])
    kept = []
    for finished in fresh:
        if finished.call.status == "refused":
            key = (finished.call.org_id, repository.minute_of(finished.call))
            counts[key] = counts.get(key, 0) + 1
            if counts[key] > most:
                continue
        kept.append(finished)
    return kept


async def post_calls(platform: Platform, batch: Sequence[Finished], keep_refusals: int) -> dict[str, int]:
    """Post a batch in a transaction of its own; returns the costs by call. One call that metering cannot take must
    not keep the others back: it is recorded in doubt, uncharged."""
    try:
        return await transact(platform, lambda uow: post_batch(uow, batch, keep_refusals))
    except BadUsage:
        pass
    costs: dict[str, int] = {}
    for finished in batch:
        single = [finished]
        try:
            costs |= await transact(platform, lambda uow: post_batch(uow, single, keep_refusals))  # noqa: B023
        except BadUsage as error:
            logger.error("metering refuses call %s: %s", finished.call.id, error.line())
            finished.call.in_doubt, finished.call.usage_from = True, "none"
            costs |= await transact(platform, lambda uow: post_batch(uow, single, keep_refusals))  # noqa: B023
    return costs
