"""Sums over the gateway's recent calls, for rules that watch them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, case, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.models.gateway.tables import GatewayCall


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over calls: how many, how many of them were refused, blocked, flagged by moderation or failed; tokens in
    and out; micro-yuan; and the longest call in milliseconds."""

    calls: int = 0
    refused: int = 0
    blocked: int = 0
    flagged: int = 0
    failed: int = 0
    tokens: int = 0
    cost_micro: int = 0
    slowest_ms: float = 0.0


async def totals_since(session: AsyncSession, since: datetime, org_id: str | None = None) -> Totals:
    """The sums over the calls of an organisation (`None` = of all) that came at `since` or later.

    Of refusals beyond a minute's bound no row is kept (`GatewaySettings.refusals_per_minute`): they count no more here.
    """

    def count(*statuses: str) -> ColumnElement[Any]:
        return func.sum(case((GatewayCall.status.in_(statuses), 1), else_=0))

    query = select(
        func.count(),
        count("refused"),
        count("blocked"),
        func.sum(cast(GatewayCall.flagged, Integer)),
        count("failed", "interrupted"),
        cast(func.sum(GatewayCall.prompt_tokens + GatewayCall.completion_tokens), BigInteger),
        cast(func.sum(GatewayCall.cost_micro), BigInteger),
        func.max(GatewayCall.total_ms),
    ).where(GatewayCall.at >= since)
    if org_id is not None:
        query = query.where(GatewayCall.org_id == org_id)
    row = (await session.execute(query)).one()
    calls, refused, blocked, flagged, failed, tokens, cost, slowest = (value or 0 for value in row)
    return Totals(
        int(calls), int(refused), int(blocked), int(flagged), int(failed), int(tokens), int(cost), float(slowest)
    )
