"""Use cases of quotas: set, check before use, count after use, and hand out shares to enforcers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast

from ceyuan.kernel.errors import Forbidden, Invalid, QuotaExceeded
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.money import to_yuan
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.patterns import require_patterns
from ceyuan.metering.periods import Window, window_end, window_start
from ceyuan.metering.quantities import exact, plain
from ceyuan.metering.quotas import repository
from ceyuan.metering.quotas.rules import (
    DEFAULT_RESOURCE,
    EACH,
    Counted,
    CounterKey,
    Metric,
    SubjectKind,
    tally,
)
from ceyuan.metering.quotas.tables import Quota
from ceyuan.metering.settings import MeteringSettings

KEEP = timedelta(days=62)
"""How long counters are kept after their window began."""


@dataclass(frozen=True, slots=True)
class NewQuota:
    """A quota to be: see `Quota`. An empty `resource` means what the metric usually counts."""

    metric: Metric
    amount: Decimal
    window: Window
    hard: bool
    subject_kind: SubjectKind = "org"
    subject_id: str = ""
    resource: str = ""
    model: str = "*"
    note: str = ""


@dataclass(frozen=True, slots=True)
class QuotaGrant:
    """A part of a quota that an enforcer may let through until the window ends."""

    quota_id: str
    subject: str
    amount: Decimal
    window_start: datetime
    window_end: datetime


async def add_quota(uow: UnitOfWork, org_id: str, new: NewQuota) -> Quota:
    """Set a quota: operators for any organisation, maintainers for their own. Audited."""
    by_operator = uow.actor.has_duty("operator")
    if not by_operator:
        uow.actor.require_role(org_id, "maintainer")
    resource = new.resource or DEFAULT_RESOURCE.get(new.metric, "")
    require_patterns([resource], [new.model])
    if new.subject_kind == "org" and new.subject_id:
        raise Invalid(("组织配额不需要对象编号", "a quota of the organisation names no subject"))
    if new.subject_kind != "org" and not 0 < len(new.subject_id) <= 80:
        raise Invalid(
            ("缺少配额对象", "the quota names no subject"),
            hint=("填写编号,或用 * 表示每一个", "give an id, or * for each of them"),
        )
    quota = Quota(
        id=new_id("quota"),
        org_id=org_id,
        subject_kind=new.subject_kind,
        subject_id=new.subject_id,
        metric=new.metric,
        resource=resource,
        model=new.model,
        window=new.window,
        amount=exact(new.amount),
        hard=new.hard,
        set_by="platform" if by_operator else "organisation",
        note=new.note[:200],
        created_at=uow.clock.now(),
    )
    uow.session.add(quota)
    await uow.session.flush()
    await _changed(uow, "metering.quota_set", quota)
    return quota


async def change_quota(uow: UnitOfWork, quota_id: str, *, amount: Decimal | None, hard: bool | None) -> Quota:
    """Change the amount or the hardness. A quota that an operator set is changed by operators only. Audited."""
    quota = await repository.get(uow.session, quota_id, lock=True)
    _require_hand(uow, quota)
    quota.amount = quota.amount if amount is None else exact(amount)
    quota.hard = quota.hard if hard is None else hard
    await uow.session.flush()
    await _changed(uow, "metering.quota_changed", quota)
    return quota


async def remove_quota(uow: UnitOfWork, quota_id: str) -> None:
    """Remove a quota and its counters. Audited."""
    quota = await repository.get(uow.session, quota_id, lock=True)
    _require_hand(uow, quota)
    await uow.session.delete(quota)
    await uow.session.flush()
    await _changed(uow, "metering.quota_removed", quota)


def _require_hand(uow: UnitOfWork, quota: Quota) -> None:
    if uow.actor.has_duty("operator"):
        return
    uow.actor.require_role(quota.org_id, "maintainer")
    if quota.set_by == "platform":
        raise Forbidden(
            ("该配额由运营方设置", "this quota was set by the operator"),
            hint=("如需调整请联系运营方", "ask the operator to change it"),
        )


async def _changed(uow: UnitOfWork, action: str, quota: Quota) -> None:
    limit = plain(quota.amount)
    await uow.audit(action, quota.id, quota.org_id, metric=quota.metric, amount=limit, window=quota.window)
    await uow.publish("metering.limits_changed", org_id=quota.org_id)


async def check_quotas(uow: UnitOfWork, uses: Sequence[Counted]) -> None:
    """Raise `QuotaExceeded` if these uses together would break a hard quota; counts nothing."""
    quotas = [q for q in await repository.of_orgs(uow.session, {use.org_id for use in uses}) if q.hard]
    if not quotas:
        return
    zone = uow.platform.section(MeteringSettings).timezone
    sums = tally(quotas, uses, zone)
    known = await repository.counters(uow.session, sums)
    by_id = {quota.id: quota for quota in quotas}
    for key, asked in sums.items():
        used = known[key].used if key in known else Decimal(0)
        if used + asked > by_id[key[0]].amount:
            raise exceeded(
                by_id[key[0]],
                used,
                asked,
                window_end(cast(Window, by_id[key[0]].window), key[2], zone),
                uow.clock.now(),
            )


def exceeded(quota: Quota, used: Decimal, asked: Decimal, ends: datetime, now: datetime) -> QuotaExceeded:
    """The refusal of a hard quota: what is left, and when the window ends."""

    def words(value: Decimal) -> str:
        return f"¥{to_yuan(int(value))}" if quota.metric == "money" else plain(value)

    window = {"minute": "每分钟", "day": "每日", "month": "每月"}[quota.window]
    return QuotaExceeded(
        (
            f"{window}配额 {words(quota.amount)} 已用 {words(used)},本次需要 {words(asked)}",
            f"the quota of {words(quota.amount)} per {quota.window} has {words(used)} used, this needs {words(asked)}",
        ),
        hint=(
            f"配额将于 {ends:%Y-%m-%d %H:%M} UTC 重置,或请管理员提高配额",
            f"it starts anew at {ends:%Y-%m-%d %H:%M} UTC; or ask a maintainer to raise it",
        ),
        retry_after_s=max(1, int((ends - now).total_seconds())),
        quota_id=quota.id,
        metric=quota.metric,
        window=quota.window,
    )


async def count_usage(uow: UnitOfWork, uses: Iterable[Counted]) -> None:
    """Add posted use to the counters; tells once per window when a quota is reached (`metering.quota_notice`,
    and `metering.quota_exhausted` for a hard one)."""
    uses = list(uses)
    quotas = await repository.of_orgs(uow.session, {use.org_id for use in uses})
    if not quotas:
        return
    zone = uow.platform.section(MeteringSettings).timezone
    sums = tally(quotas, uses, zone)
    await repository.add(uow.session, sums)
    known = await repository.counters(uow.session, sums)
    by_id = {quota.id: quota for quota in quotas}
    for key, counter in sorted(known.items()):
        quota = by_id[key[0]]
        if counter.used >= quota.amount and counter.noticed_at is None:
            await _notice(uow, quota, key, counter.used)


async def _notice(uow: UnitOfWork, quota: Quota, key: CounterKey, used: Decimal) -> None:
    if not await repository.mark_noticed(uow.session, key, uow.clock.now()):
        return
    await uow.publish(
        "metering.quota_exhausted" if quota.hard else "metering.quota_notice",
        org_id=quota.org_id,
        quota_id=quota.id,
        subject_kind=quota.subject_kind,
        subject=key[1],
        metric=quota.metric,
        window=quota.window,
        amount=plain(quota.amount),
        used=plain(used),
    )


async def grant_quota(uow: UnitOfWork, quota_id: str, subject: str, amount: int | Decimal) -> QuotaGrant:
    """Set aside up to `amount` of what is left of a quota in the present window, for an enforcer that counts in
    its own memory (several of them never let through more than the quota together).

    What the grant covers is posted with `admitted=True`, so that it is not counted twice; what is not used
    is given back with `return_quota`. The amount may be smaller than asked, also zero.
    """
    quota, asked = await repository.get(uow.session, quota_id), exact(amount)
    zone, window = uow.platform.section(MeteringSettings).timezone, cast(Window, quota.window)
    start = window_start(window, uow.clock.now(), zone)
    used = await repository.lock_counter(uow.session, (quota.id, subject, start))
    given = min(asked, max(Decimal(0), quota.amount - used))
    if given:
        await repository.add(uow.session, {(quota.id, subject, start): given})
    if given < asked:
        await _notice(uow, quota, (quota.id, subject, start), used + given)
    return QuotaGrant(quota.id, subject, given, start, window_end(window, start, zone))


async def return_quota(uow: UnitOfWork, grant: QuotaGrant, unused: int | Decimal) -> None:
    """Give back what a grant did not need; raises `Invalid` if that is more than it held."""
    rest = exact(unused)
    if rest > grant.amount:
        raise Invalid(("退回的配额超过所领取的", "more is given back than was granted"))
    used = await repository.lock_counter(uow.session, (grant.quota_id, grant.subject, grant.window_start))
    back = min(rest, used)
    if back:
        await repository.add(uow.session, {(grant.quota_id, grant.subject, grant.window_start): -back})


@dataclass(frozen=True, slots=True)
class QuotaState:
    """A quota as it stands for one subject in the present window."""

    quota: Quota
    subject: str
    used: Decimal
    window_start: datetime
    window_end: datetime


async def quota_states(
    uow: UnitOfWork, org_id: str, *, token_id: str = "", person_id: str = "", project: str = ""
) -> list[QuotaState]:
    """The quotas that concern an organisation and this token, person and project, with what is used now."""
    now, zone = uow.clock.now(), uow.platform.section(MeteringSettings).timezone
    held = {"org": org_id, "token": token_id, "person": person_id, "project": project}
    states: list[tuple[Quota, str, datetime]] = []
    for quota in await repository.of_orgs(uow.session, [org_id]):
        subject = held[quota.subject_kind]
        if subject and (quota.subject_kind == "org" or quota.subject_id in (EACH, subject)):
            states.append((quota, subject, window_start(cast(Window, quota.window), now, zone)))
    known = await repository.counters(uow.session, [(q.id, subject, start) for q, subject, start in states])
    return [
        QuotaState(
            quota,
            subject,
            known[quota.id, subject, start].used if (quota.id, subject, start) in known else Decimal(0),
            start,
            window_end(cast(Window, quota.window), start, zone),
        )
        for quota, subject, start in states
    ]


async def forget_old_counters(uow: UnitOfWork) -> None:
    """Delete counters of windows that began long ago."""
    await repository.forget_before(uow.session, uow.clock.now() - KEEP)
