"""What happened at the gateway in a stretch of time, in figures: for rules that watch it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.models.gateway.tables import GatewayCall


@dataclass(frozen=True, slots=True)
class Totals:
    """Calls in all, how many were refused, blocked, flagged or failed, tokens, money, and the slowest call in ms."""

    calls: int
    refused: int
    blocked: int
    flagged: int
    failed: int
    tokens: int
    cost_micro: int
    slowest_ms: float


async def totals_since(session: AsyncSession, since: datetime, org_id: str | None = None) -> Totals:
    """The figures of the calls that came at `since` or later, of one organisation or of all."""

    def of(status: str) -> object:
        return func.coalesce(func.sum(case((GatewayCall.status == status, 1), else_=0)), 0)

    query = select(
        func.count(),
        of("refused"),
        of("blocked"),
        func.coalesce(func.sum(case((GatewayCall.flagged, 1), else_=0)), 0),
        of("failed"),
        func.coalesce(func.sum(GatewayCall.prompt_tokens + GatewayCall.completion_tokens), 0),
        func.coalesce(func.sum(GatewayCall.cost_micro), 0),
        func.coalesce(func.max(GatewayCall.total_ms), 0.0),
    ).where(GatewayCall.at >= since)  # type: ignore[call-overload]
    if org_id is not None:
        query = query.where(GatewayCall.org_id == org_id)
    calls, refused, blocked, flagged, failed, tokens, cost, slowest = (await session.execute(query)).one()
    return Totals(calls, int(refused), int(blocked), int(flagged), int(failed), int(tokens), int(cost), float(slowest))
