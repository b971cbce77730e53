"""All SQL of the gateway."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import flag_modified

from ceyuan.kernel.upserts import insert_missing
from ceyuan.metering.sql import insert_many, table_of
from ceyuan.models.gateway.call import Call
from ceyuan.models.gateway.histogram import bucket_of
from ceyuan.models.gateway.tables import (
    GatewayBody,
    GatewayCall,
    GatewayKeyLimit,
    GatewayMinute,
    GatewayPolicy,
    GatewayRepeat,
)

_SUMS = ("calls", "failed", "refused", "blocked", "flagged", "prompt_tokens", "completion_tokens", "cost_micro")
_COPIED = tuple(
    column.name for column in GatewayCall.__table__.columns if column.name not in ("at", "cost_micro", "flagged")
)


def minute_of(call: Call) -> datetime:
    """The full minute in which a call came."""
    return datetime.fromtimestamp(call.at - call.at % 60, UTC)


async def known_calls(session: AsyncSession, ids: Sequence[str]) -> set[str]:
    """Which of these calls have a row."""
    known: set[str] = set()
    for start in range(0, len(ids), 500):
        query = select(GatewayCall.id).where(GatewayCall.id.in_(ids[start : start + 500]))
        known |= set(await session.scalars(query))
    return known


def _row(call: Call, cost_micro: int) -> dict[str, Any]:
    row = {name: getattr(call, name) for name in _COPIED}
    row["at"] = datetime.fromtimestamp(call.at, UTC)
    row["cost_micro"] = cost_micro
    row["flagged"] = bool(call.verdicts)
    return row


async def insert_calls(session: AsyncSession, calls: Sequence[tuple[Call, int]]) -> None:
    """Insert calls with their costs."""
    await insert_many(session, table_of(GatewayCall), [_row(call, cost) for call, cost in calls])


async def insert_bodies(session: AsyncSession, bodies: Sequence[tuple[Call, dict[str, Any] | None, str]]) -> None:
    """Insert prompts and answers."""
    rows = [
        {"call_id": call.id, "at": datetime.fromtimestamp(call.at, UTC), "prompt": prompt or {}, "answer": answer}
        for call, prompt, answer in bodies
    ]
    if rows:
        connection = await session.connection()
        await connection.execute(GatewayBody.__table__.insert(), rows)  # type: ignore[attr-defined]


async def insert_repeats(session: AsyncSession, calls: Sequence[Call]) -> None:
    """Keep the answers of calls with an idempotency key; the first one of a key stays."""
    for call in calls:
        row = {
            "org_id": call.org_id,
            "repeat_key": call.repeat_key,
            "request_sha256": call.request_sha256,
            "call_id": call.id,
            "at": datetime.fromtimestamp(call.at, UTC),
            "body": call.answer_body,
        }
        await session.execute(insert_missing(session, GatewayRepeat, row))


async def get_repeat(session: AsyncSession, org_id: str, repeat_key: str) -> GatewayRepeat | None:
    return await session.get(GatewayRepeat, (org_id, repeat_key))


async def refusals_by_minute(session: AsyncSession, calls: Iterable[Call]) -> dict[tuple[str, datetime], int]:
    """How many refusals of these calls' minutes and organisations are counted already."""
    keys = {(call.org_id, minute_of(call)) for call in calls}
    query = (
        select(GatewayMinute.org_id, GatewayMinute.minute, func.sum(GatewayMinute.refused))
        .where(
            GatewayMinute.org_id.in_({org for org, _ in keys}), GatewayMinute.minute.in_({minute for _, minute in keys})
        )
        .group_by(GatewayMinute.org_id, GatewayMinute.minute)
    )
    return {(org, minute): int(count) for org, minute, count in await session.execute(query)}


async def add_minutes(session: AsyncSession, calls: Sequence[tuple[Call, int]]) -> None:
    """Add calls to the sums of their minutes."""
    by_key: dict[tuple[datetime, str, str], list[tuple[Call, int]]] = {}
    for call, cost in calls:
        by_key.setdefault((minute_of(call), call.org_id, call.model), []).append((call, cost))
    for key, group in sorted(by_key.items()):
        row = await _locked_minute(session, key)
        sums, histograms = _summed(group)
        for name, total in sums.items():
            setattr(row, name, getattr(row, name) + total)
        for name, counts in histograms.items():
            kept = getattr(row, name)
            for bucket, count in counts.items():
                kept[bucket] = kept.get(bucket, 0) + count
            flag_modified(row, name)
    await session.flush()


async def _locked_minute(session: AsyncSession, key: tuple[datetime, str, str]) -> GatewayMinute:
    row = await session.get(GatewayMinute, key, with_for_update=True, populate_existing=True)
    if row is None:
        minute, org_id, model = key
        empty = {**dict.fromkeys(_SUMS, 0), "total_ms": {}, "first_ms": {}, "codes": {}}
        await session.execute(
            insert_missing(session, GatewayMinute, {"minute": minute, "org_id": org_id, "model": model, **empty})
        )
        row = await session.get(GatewayMinute, key, with_for_update=True, populate_existing=True)
    assert row is not None
    return row


def _summed(group: Sequence[tuple[Call, int]]) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """What calls of one minute add up to: the sums, and counts by latency and by code."""
    sums = dict.fromkeys(_SUMS, 0)
    total: dict[str, int] = {}
    first: dict[str, int] = {}
    codes: dict[str, int] = {}
    for call, cost in group:
        status = call.status
        sums["calls"] += 1
        sums["failed"] += status in ("failed", "interrupted")
        sums["refused"] += status == "refused"
        sums["blocked"] += status == "blocked"
        sums["flagged"] += bool(call.verdicts)
        sums["prompt_tokens"] += call.prompt_tokens
        sums["completion_tokens"] += call.completion_tokens
        sums["cost_micro"] += cost
        if call.code:
            codes[call.code] = codes.get(call.code, 0) + 1
        if status == "ok":
            bucket = str(bucket_of(call.total_ms))
            total[bucket] = total.get(bucket, 0) + 1
            if call.first_ms is not None:
                bucket = str(bucket_of(call.first_ms))
                first[bucket] = first.get(bucket, 0) + 1
    return sums, {"total_ms": total, "first_ms": first, "codes": codes}


async def get_call(session: AsyncSession, call_id: str, *, lock: bool = False) -> GatewayCall | None:
    return await session.get(GatewayCall, call_id, with_for_update=lock or None)


async def correct_minute(session: AsyncSession, call: GatewayCall, before: tuple[int, int, int]) -> None:
    """Put a call's settled counts in the place of those `before` (input, output, cost) in the sums of its minute."""
    minute = call.at.replace(second=0, microsecond=0)
    row = await session.get(GatewayMinute, (minute, call.org_id, call.model), with_for_update=True)
    if row is None:
        return
    row.prompt_tokens += call.prompt_tokens - before[0]
    row.completion_tokens += call.completion_tokens - before[1]
    row.cost_micro += call.cost_micro - before[2]
    await session.flush()


async def get_body(session: AsyncSession, call_id: str) -> GatewayBody | None:
    return await session.get(GatewayBody, call_id)


def calls(
    org_ids: Iterable[str] | None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    equals: dict[str, Any] | None = None,
) -> Select[GatewayCall]:
    """Calls of these organisations (`None` = of all) in a span of time, with columns equal to given values."""
    query = select(GatewayCall)
    if org_ids is not None:
        query = query.where(GatewayCall.org_id.in_(list(org_ids)))
    if since is not None:
        query = query.where(GatewayCall.at >= since)
    if until is not None:
        query = query.where(GatewayCall.at < until)
    for name, value in (equals or {}).items():
        if value is not None:
            query = query.where(getattr(GatewayCall, name) == value)
    return query


async def minutes(
    session: AsyncSession, org_ids: Iterable[str] | None, since: datetime, until: datetime, model: str | None = None
) -> list[GatewayMinute]:
    """The sums of the minutes in a span of time, in order."""
    query = select(GatewayMinute).where(GatewayMinute.minute >= since, GatewayMinute.minute < until)
    if org_ids is not None:
        query = query.where(GatewayMinute.org_id.in_(list(org_ids)))
    if model is not None:
        query = query.where(GatewayMinute.model == model)
    return list(await session.scalars(query.order_by(GatewayMinute.minute)))


async def policies(session: AsyncSession) -> list[GatewayPolicy]:
    return list(await session.scalars(select(GatewayPolicy)))


async def key_limits(session: AsyncSession, org_id: str | None = None) -> list[GatewayKeyLimit]:
    query = select(GatewayKeyLimit)
    if org_id is not None:
        query = query.where(GatewayKeyLimit.org_id == org_id)
    return list(await session.scalars(query.order_by(GatewayKeyLimit.key_id)))


async def forget_bodies(session: AsyncSession, before: datetime, org_id: str | None = None) -> None:
    """Delete prompts and answers older than `before`, of one organisation or of all."""
    query = delete(GatewayBody).where(GatewayBody.at < before)
    if org_id is not None:
        own = select(GatewayCall.id).where(GatewayCall.org_id == org_id, GatewayCall.at < before)
        query = query.where(GatewayBody.call_id.in_(own.scalar_subquery()))
    await session.execute(query)


async def forget_repeats(session: AsyncSession, before: datetime) -> None:
    await session.execute(delete(GatewayRepeat).where(GatewayRepeat.at < before))


async def forget_calls(session: AsyncSession, before: datetime) -> None:
    """Delete records older than `before`; the ledger keeps the money."""
    await session.execute(
        delete(GatewayBody).where(
            GatewayBody.call_id.in_(select(GatewayCall.id).where(GatewayCall.at < before).scalar_subquery())
        )
    )
    await session.execute(delete(GatewayCall).where(GatewayCall.at < before))
    await session.execute(delete(GatewayMinute).where(GatewayMinute.minute < before))


async def calls_of_person(session: AsyncSession, person_id: str) -> list[GatewayCall]:
    query = select(GatewayCall).where(GatewayCall.actor_id == person_id).order_by(GatewayCall.id)
    return list(await session.scalars(query))


async def bodies_of_person(session: AsyncSession, person_id: str) -> list[GatewayBody]:
    query = (
        select(GatewayBody)
        .join(GatewayCall, GatewayCall.id == GatewayBody.call_id)
        .where(GatewayCall.actor_id == person_id)
        .order_by(GatewayBody.call_id)
    )
    return list(await session.scalars(query))


async def erase_bodies_of_person(session: AsyncSession, person_id: str) -> None:
    ids = select(GatewayCall.id).where(GatewayCall.actor_id == person_id)
    await session.execute(delete(GatewayBody).where(GatewayBody.call_id.in_(ids)))
    await session.execute(delete(GatewayRepeat).where(GatewayRepeat.call_id.in_(ids)))
