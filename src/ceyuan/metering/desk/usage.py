"""Usage for people: lists, charts, exports, and posting by an operator's own meter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import Select, tuple_

from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import Forbidden
from ceyuan.kernel.money import to_yuan
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.access import require_operator, require_overseer, require_reader, sees_all_usage
from ceyuan.metering.exports import BOM, csv_lines
from ceyuan.metering.quantities import plain
from ceyuan.metering.usage import Posted, StatPoint, UsageEvent, post_usage, repository, statistics
from ceyuan.metering.usage.statistics import Bucket
from ceyuan.metering.usage.tables import UsageCharge, UsageRow

_EXPORT_PAGE = 2_000
_PERSONAL = frozenset({"token_id", "person_id"})
_COLUMNS = ("id", "key", "occurred_at", "posted_at", "resource", "model", "subject", "quantity", "unit_micro", "per",
            "cost_micro", "token_id", "person_id", "project", "scenario", "payee", "period", "entry_id", "hold_id",
            "reverses_id")  # fmt: skip


@dataclass(frozen=True, slots=True)
class UsageFilter:
    """Conditions on usage: values of dimensions, half-open time of occurrence, the wallet that paid, the entry."""

    dimensions: Mapping[str, str]
    start: datetime | None = None
    end: datetime | None = None
    wallet_id: str | None = None
    entry_id: str | None = None


@dataclass(frozen=True, slots=True)
class UsageView:
    """An event with what each balance paid for it."""

    event: UsageRow
    charges: Sequence[UsageCharge]


def _narrowed(uow: UnitOfWork, org_id: str, wanted: UsageFilter) -> dict[str, str]:
    """The filter's dimensions, kept to the actor's own use for those who do not see all."""
    require_reader(uow, org_id)
    own = {} if sees_all_usage(uow, org_id) else {"person_id": uow.actor.id}
    return {**wanted.dimensions, **own}


async def list_usage(uow: UnitOfWork, org_id: str, wanted: UsageFilter, paging: PageRequest) -> Rows[UsageView]:
    """An organisation's events, newest first by default: all for its maintainers, their own for its members."""
    dimensions = _narrowed(uow, org_id, wanted)
    query = repository.listing(
        org_id, dimensions, wanted.start, wanted.end, wallet_id=wanted.wallet_id, entry_id=wanted.entry_id
    )
    sorts = {"occurred_at": UsageRow.occurred_at, "cost_micro": UsageRow.cost_micro, "posted_at": UsageRow.posted_at}
    rows = await fetch_page(uow.session, query, paging, key=UsageRow.id, sorts=sorts, default="-occurred_at")
    charges = await repository.charges_of(uow.session, [row.id for row in rows.items])
    return Rows([UsageView(row, charges.get(row.id, [])) for row in rows.items], rows.next)


async def chart_usage(
    uow: UnitOfWork,
    org_id: str | None,
    start: datetime | None,
    end: datetime | None,
    bucket: Bucket,
    by: Sequence[str],
    dimensions: Mapping[str, str],
) -> list[StatPoint]:
    """Sums of an organisation's usage for its members (by token and person for its maintainers), of all for
    operators; the last thirty days unless an interval is named."""
    if org_id is None:
        require_overseer(uow)
    else:
        require_reader(uow, org_id)
        if _PERSONAL & {*by, *dimensions} and not sees_all_usage(uow, org_id):
            raise Forbidden(
                ("按令牌或人员统计需要管理权限", "statistics by token or person are for maintainers"),
                hint=("请按资源或模型统计", "group by resource or model"),
            )
    until = end or uow.clock.now() + timedelta(hours=1)
    since = start or until - timedelta(days=30)
    return await statistics(uow, org_id=org_id, start=since, end=until, bucket=bucket, by=by, filters=dimensions)


async def check_export(uow: UnitOfWork, org_id: str, wanted: UsageFilter) -> UsageFilter:
    """The filter with which the actor may export; raises as `list_usage` does."""
    allowed = UsageFilter(_narrowed(uow, org_id, wanted), wanted.start, wanted.end, wanted.wallet_id, wanted.entry_id)
    # A value that the database cannot take is told now: once the answer has begun it could only break off.
    await uow.session.scalars(_listing(org_id, allowed).limit(1))
    return allowed


def _listing(org_id: str, wanted: UsageFilter) -> Select[UsageRow]:
    return repository.listing(
        *(org_id, wanted.dimensions, wanted.start, wanted.end), wallet_id=wanted.wallet_id, entry_id=wanted.entry_id
    )


async def export_usage(
    platform: Platform, actor: Actor, org_id: str, wanted: UsageFilter, *, as_csv: bool
) -> AsyncIterator[bytes]:
    """The events as CSV (with a byte-order mark) or JSON lines, oldest first, page by page: each page is read in a
    transaction of its own, so that a slow reader holds none open. Call `check_export` first."""
    if as_csv:
        yield (BOM + csv_lines([[*_COLUMNS, "cost_yuan"]])).encode()
    last: tuple[datetime, str] | None = None
    while True:
        async with platform.work(actor, write=False) as uow:
            query = _listing(org_id, wanted)
            if last is not None:
                query = query.where(tuple_(UsageRow.occurred_at, UsageRow.id) > last)
            rows = list(
                await uow.session.scalars(query.order_by(UsageRow.occurred_at, UsageRow.id).limit(_EXPORT_PAGE))
            )
        if not rows:
            return
        last = (rows[-1].occurred_at, rows[-1].id)
        yield _csv(rows) if as_csv else _json_lines(rows)


def _csv(rows: Sequence[UsageRow]) -> bytes:
    return csv_lines([[*(getattr(row, name) for name in _COLUMNS), to_yuan(row.cost_micro)] for row in rows]).encode()


def _json_lines(rows: Sequence[UsageRow]) -> bytes:
    lines = []
    for row in rows:
        values = {name: getattr(row, name) for name in _COLUMNS}
        values |= {"quantity": plain(row.quantity), "evidence": row.evidence}
        lines.append(orjson.dumps(values, option=orjson.OPT_UTC_Z) + b"\n")
    return b"".join(lines)


async def post_measured(uow: UnitOfWork, events: Sequence[UsageEvent]) -> Posted:
    """Post usage from a meter outside the platform; only operators may. Rooms post theirs by the facade."""
    require_operator(uow)
    return await post_usage(uow, events)


async def show_usage(uow: UnitOfWork, event_id: str) -> UsageView:
    """One event, for maintainers of its organisation, whoever caused it, and operators."""
    uow.actor.require_known()
    row = await repository.get(uow.session, event_id)
    require_reader(uow, row.org_id, "member" if row.person_id == uow.actor.id else "maintainer")
    return UsageView(row, (await repository.charges_of(uow.session, [row.id])).get(row.id, []))
