"""Quotas for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import cast

from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.access import require_reader
from ceyuan.metering.periods import Window, window_end, window_start
from ceyuan.metering.quotas import QuotaState, quota_states, repository
from ceyuan.metering.quotas.rules import EACH
from ceyuan.metering.quotas.tables import Quota
from ceyuan.metering.settings import MeteringSettings


@dataclass(frozen=True, slots=True)
class QuotaView:
    """A quota and its present window; `used` is null where it holds for each token, person or project on its own."""

    quota: Quota
    used: Decimal | None
    window_start: datetime
    window_end: datetime


async def list_quotas(uow: UnitOfWork, org_id: str) -> Sequence[QuotaView]:
    """All quotas of an organisation, for its members."""
    require_reader(uow, org_id)
    now, zone = uow.clock.now(), uow.platform.section(MeteringSettings).timezone
    quotas = await repository.of_orgs(uow.session, [org_id])
    starts = {quota.id: window_start(cast(Window, quota.window), now, zone) for quota in quotas}
    keys = {quota.id: (quota.id, quota.subject_id or org_id, starts[quota.id]) for quota in quotas}
    known = await repository.counters(uow.session, keys.values())
    views = []
    for quota in quotas:
        counter, start = known.get(keys[quota.id]), starts[quota.id]
        used = None if quota.subject_id == EACH else counter.used if counter is not None else Decimal(0)
        views.append(QuotaView(quota, used, start, window_end(cast(Window, quota.window), start, zone)))
    return views


async def show_own_quotas(uow: UnitOfWork, org_id: str, token_id: str) -> list[QuotaState]:
    """The quotas that concern the actor (and one token) in an organisation, with what is used now."""
    require_reader(uow, org_id)
    return await quota_states(uow, org_id, token_id=token_id, person_id=uow.actor.id)
