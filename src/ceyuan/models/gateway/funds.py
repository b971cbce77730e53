"""Whether a call can be paid and is within its quotas, decided in memory.

Balances, wallets, quotas and prices are snapshots from metering. What this process has let through since is
counted on top in three steps: held (the call runs), unposted (it is over), posted (the ledger has it, but
the snapshot may be older than that). A new snapshot covers what was posted before it was read.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from ceyuan.kernel.errors import CeyuanError, QuotaExceeded
from ceyuan.kernel.money import to_yuan
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import InsufficientFunds, Limits, PriceBook, QuotaLimit, limits_for, price_book
from ceyuan.metering.patterns import matches
from ceyuan.models.gateway.leases import Leases, Share

logger = logging.getLogger(__name__)
INPUT, OUTPUT, REQUESTS = "gateway.tokens.input", "gateway.tokens.output", "gateway.requests"
IMAGES, CHARACTERS, SECONDS = "gateway.images", "gateway.audio.characters", "gateway.audio.seconds"
UNITS: dict[str, str] = {"images": IMAGES, "speech": CHARACTERS, "transcriptions": SECONDS}
"""What the endpoints that are not measured in tokens alone are measured in."""
RESOURCES = (INPUT, OUTPUT, REQUESTS, IMAGES, CHARACTERS, SECONDS)
_PLACE = {resource: place for place, resource in enumerate(RESOURCES)}
_READINGS = 3
"""How often limits that change while they are read are read anew, at most."""
_PATIENCE_S = 30.0
"""How much older than fresh a snapshot may be while a new one is read."""
_FORGET_S = 900.0
_METRICS = {
    "requests": ("次请求", "requests"),
    "tokens": ("个词元", "tokens"),
    "money": ("元", "CNY"),
    "quantity": ("", ""),
}
_WINDOWS = {"minute": ("每分钟", "per minute"), "day": ("每日", "per day"), "month": ("每月", "per month")}
_ASK_AGAIN_S = 1.0
"""A refusal is final while the snapshot is younger than this."""


@dataclass(frozen=True, slots=True)
class Payer:
    """Whose balances and quotas a call falls on."""

    org_id: str
    token_id: str
    person_id: str = ""
    project: str = ""


class Cost(NamedTuple):
    """What a call uses: input and output tokens, the amount in micro-yuan, and `units` of the resource `unit`."""

    input_tokens: int
    output_tokens: int
    micro: int
    units: int = 0
    unit: str = ""

    def of(self, metric: str, resource: str) -> int:
        """How much of a quota that counts `metric` over resources like `resource` this is."""
        if metric == "money":
            return self.micro
        of_input, of_output, of_requests = _counted(resource)
        counted = of_input * self.input_tokens + of_output * self.output_tokens + of_requests
        return counted + self.units if self.units and matches(resource, self.unit) else counted


@lru_cache(maxsize=4096)
def _counted(resource: str) -> tuple[bool, ...]:
    """Which of our resources a quota over resources like this one counts."""
    return tuple(matches(resource, name) for name in RESOURCES[:3])


NOTHING = Cost(0, 0, 0)


@dataclass(slots=True)
class Tally:
    """What this process let through. `posted` only grows; `covered` is how much of it the snapshot knows."""

    held: int = 0
    unposted: int = 0
    posted: int = 0
    covered: int = 0

    @property
    def unknown(self) -> int:
        """What the snapshot does not know yet."""
        return self.held + self.unposted + self.posted - self.covered


_QuotaKey = tuple[str, str, datetime]
"""(quota id, subject, start of the window)."""


@dataclass(slots=True)
class _Snapshot:
    """Limits, when they were read, and which of the quotas concern which model."""

    limits: Limits
    loaded_at: float
    quotas: dict[str, list[QuotaLimit]] = field(default_factory=dict)

    def concerning(self, model: str) -> list[QuotaLimit]:
        """The quotas that a call of this model counts for."""
        found = self.quotas.get(model)
        if found is None:
            found = self.quotas[model] = [quota for quota in self.limits.quotas if _concerns(quota, model)]
        return found


class HeldQuota(NamedTuple):
    """How much of a quota a running call has set aside."""

    key: _QuotaKey
    quota: QuotaLimit
    tally: Tally
    amount: int

    def of(self, used: Cost) -> int:
        """How much of the quota a cost is."""
        return used.of(self.quota.metric, self.quota.resource)


@dataclass(slots=True)
class Hold:
    """What a running call has set aside; given to `finish` when it is over. `lent`: how much of which lease."""

    payer: Payer
    model: str
    cost: Cost
    money: Tally
    quotas: Sequence[HeldQuota] = ()
    lent: dict[str, int] = field(default_factory=dict)


class Funds:
    """Admits calls, and follows them until the ledger has them."""

    def __init__(self, platform: Platform, *, fresh_s: float, leases: Leases | None = None) -> None:
        self._platform = platform
        self._leases = leases
        self._fresh_s = fresh_s
        self._snapshots: dict[Payer, _Snapshot] = {}
        self._books: dict[str, PriceBook] = {}
        self._rates: dict[tuple[str, str], tuple[tuple[int, int], ...]] = {}
        self._balances: dict[str, Limits] = {}
        self._money: dict[str, Tally] = {}
        self._quotas: dict[_QuotaKey, Tally] = {}
        self._used: dict[_QuotaKey, int] = {}
        self._loading: dict[Payer, asyncio.Task[_Snapshot]] = {}
        self._generation = 0

    def forget(self, org_id: str | None = None) -> None:
        """Balances, quotas or prices changed (of one organisation, or of anybody): ask again before the next call."""
        self._generation += 1
        for payer in [payer for payer in self._snapshots if org_id is None or payer.org_id == org_id]:
            del self._snapshots[payer]

    async def admit(
        self, payer: Payer, model: str, input_tokens: int, output_tokens: int, units: int = 0, unit: str = ""
    ) -> Hold:
        """Hold what the call may cost; raises `InsufficientFunds` (402) or `QuotaExceeded` (429).

        Where the memory says no, the ledger is asked once more before the caller is refused.
        """
        now = time.monotonic()
        snapshot = self._recent(payer, now) or await self._load(payer)
        cost = self.cost(payer.org_id, model, input_tokens, output_tokens, units, unit)
        try:
            hold = self._hold(snapshot, payer, model, cost)
        except CeyuanError:
            known = self._snapshots.get(payer)
            if known is not None and time.monotonic() - known.loaded_at < _ASK_AGAIN_S:
                raise
            snapshot = await self._load(payer)
            cost = self.cost(payer.org_id, model, input_tokens, output_tokens, units, unit)
            hold = self._hold(snapshot, payer, model, cost)
        return hold if self._leases is None else await self._shared(hold, self._leases)

    async def _shared(self, hold: Hold, leases: Leases) -> Hold:
        """The hold, once this process was lent as much as it holds; raises as `admit`."""
        try:
            if hold.cost.micro:
                await self._share_money(hold, leases)
            for held in hold.quotas:
                if held.quota.hard:
                    await self._share_quota(hold, held.key, held.quota, leases)
        except BaseException:
            self.finish(hold, NOTHING)
            raise
        return hold

    async def _share_money(self, hold: Hold, leases: Leases) -> None:
        org, name, left = hold.payer.org_id, money_name(hold.payer.org_id), 0

        async def available(uow: UnitOfWork) -> int:
            nonlocal left
            limits = await limits_for(uow, org, "")
            left = limits.spendable_micro(OUTPUT, hold.model, self._platform.clock.now(), hold.cost.micro)
            return left

        if not await leases.cover(name, hold.cost.micro, available):
            raise _not_covered(hold.cost.micro, max(left, 0))
        hold.lent[name] = hold.cost.micro

    async def _share_quota(self, hold: Hold, key: _QuotaKey, quota: QuotaLimit, leases: Leases) -> None:
        name, payer, amount = quota_name(key), hold.payer, hold.cost.of(quota.metric, quota.resource)

        async def available(uow: UnitOfWork) -> int:
            limits = await limits_for(
                uow, payer.org_id, payer.token_id, person_id=payer.person_id, project=payer.project
            )
            same = next((one for one in limits.quotas if (one.id, one.subject, one.window_start) == key), None)
            return int(quota.amount if same is None else same.amount - same.used)

        if not await leases.cover(name, amount, available):
            raise _quota_used_up(quota, self._platform.clock.now())
        hold.lent[name] = amount

    def shares_of(self, hold: Hold, used: Cost) -> tuple[Share, ...]:
        """Which leases go down by how much when a call is posted."""
        if self._leases is None or not hold.lent:
            return ()
        worker = self._leases.worker
        counted = self._counted(hold, used)
        money = money_name(hold.payer.org_id)
        return tuple((name, worker, None if name == money else counted[name]) for name in hold.lent)

    def _counted(self, hold: Hold, used: Cost) -> dict[str, int]:
        """How much of each lease a cost is."""
        counted = {quota_name(held.key): held.of(used) for held in hold.quotas}
        return {**counted, money_name(hold.payer.org_id): used.micro}

    def finish(self, hold: Hold, used: Cost) -> None:
        """The call is over and used this; the ledger does not know it yet."""
        money = hold.money
        money.held -= hold.cost.micro
        money.unposted += used.micro
        if hold.lent and self._leases is not None:
            counted = self._counted(hold, used)
            for name, amount in hold.lent.items():
                self._leases.release(name, amount - counted[name])
        for held in hold.quotas:
            held.tally.held -= held.amount
            held.tally.unposted += held.of(used)

    def posted(self, hold: Hold, used: Cost, cost_micro: int) -> None:
        """The ledger has the call, at this cost."""
        money = hold.money
        money.unposted -= used.micro
        money.posted += cost_micro
        if hold.lent and self._leases is not None:
            counted = self._counted(hold, used)
            for name, _, amount in self.shares_of(hold, used):
                self._leases.posted(name, counted[name], cost_micro if amount is None else amount)
        for held in hold.quotas:
            amount = held.of(used)
            held.tally.unposted -= amount
            held.tally.posted += amount

    def cost(
        self, org_id: str, model: str, input_tokens: int, output_tokens: int, units: int = 0, unit: str = ""
    ) -> Cost:
        """What these tokens, units and one request cost by the prices in memory."""
        rates = self._rates.get((org_id, model))
        if rates is None:
            book = self._books.get(org_id)
            if book is None:
                return Cost(input_tokens, output_tokens, 0, units, unit)
            at = self._platform.clock.now()
            found = (book.rate(org_id, resource, model, at) for resource in RESOURCES)
            rates = tuple((rate.unit_micro, rate.per) if rate is not None else (0, 1) for rate in found)
            self._rates[org_id, model] = rates
        # Half up: an estimate, within a micro-yuan of what the ledger will say.
        (price, per), (price_out, per_out), (price_call, per_call) = rates[:3]
        micro = (2 * input_tokens * price + per) // (2 * per)
        micro += (2 * output_tokens * price_out + per_out) // (2 * per_out)
        micro += (2 * price_call + per_call) // (2 * per_call)
        if units:
            price, per = rates[_PLACE[unit]]
            micro += (2 * units * price + per) // (2 * per)
        return Cost(input_tokens, output_tokens, micro, units, unit)

    def pending_micro(self, org_id: str) -> int:
        """Money that is held or used and not in the snapshot yet."""
        tally = self._money.get(org_id)
        return tally.unknown if tally else 0

    def _hold(self, snapshot: _Snapshot, payer: Payer, model: str, cost: Cost) -> Hold:
        money = self._money.get(payer.org_id)
        if money is None:
            money = self._money[payer.org_id] = Tally()
        now = self._platform.clock.now()
        if cost.micro:
            self._require_covered(self._balances[payer.org_id], model, cost, money, now)
        quotas = [self._require_quota(quota, cost, now) for quota in snapshot.concerning(model)]
        money.held += cost.micro
        for held in quotas:
            held.tally.held += held.amount
        return Hold(payer, model, cost, money, quotas)

    def _require_covered(self, limits: Limits, model: str, cost: Cost, money: Tally, now: datetime) -> None:
        available = limits.spendable_micro(OUTPUT, model, now, cost.micro) - money.unknown
        if available >= cost.micro:
            return
        raise _not_covered(cost.micro, max(available, 0))

    def _require_quota(self, quota: QuotaLimit, cost: Cost, now: datetime) -> HeldQuota:
        over = now >= quota.window_end
        key = (quota.id, quota.subject, quota.window_end if over else quota.window_start)
        tally = self._quotas.get(key)
        if tally is None:
            tally = self._quotas[key] = Tally()
        amount = cost.of(quota.metric, quota.resource)
        if quota.hard and (0 if over else self._used.get(key, 0)) + tally.unknown + amount > quota.amount:
            raise _quota_used_up(quota, now)
        return HeldQuota(key, quota, tally, amount)

    def _recent(self, payer: Payer, now: float) -> _Snapshot | None:
        """The limits in memory if they are young enough; a new reading begins as soon as they are not fresh."""
        known = self._snapshots.get(payer)
        if known is None:
            return None
        age = now - known.loaded_at
        if age > self._fresh_s and payer not in self._loading:
            self._begin(payer)
        return known if age < self._fresh_s + _PATIENCE_S else None

    async def _load(self, payer: Payer) -> _Snapshot:
        return await asyncio.shield(self._loading.get(payer) or self._begin(payer))

    def _begin(self, payer: Payer) -> asyncio.Task[_Snapshot]:
        task = asyncio.create_task(self._read(payer), name="gateway-limits")
        self._loading[payer] = task
        task.add_done_callback(lambda done: self._ended(payer, done))
        return task

    def _ended(self, payer: Payer, task: asyncio.Task[_Snapshot]) -> None:
        self._loading.pop(payer, None)
        if not task.cancelled() and task.exception() is not None:
            logger.warning("the limits of %s cannot be read: %s", payer.org_id, task.exception())

    async def _read(self, payer: Payer) -> _Snapshot:
        org = payer.org_id
        money = self._money.setdefault(org, Tally())
        for _ in range(_READINGS):
            generation, seen_money = self._generation, money.posted
            seen = {key: tally.posted for key, tally in self._quotas.items()}
            async with self._platform.work(write=False) as uow:
                limits = await limits_for(uow, org, payer.token_id, person_id=payer.person_id, project=payer.project)
                book = await price_book(uow, [org], RESOURCES)
            if generation == self._generation:
                break  # nothing changed while it was read
        if seen_money >= money.covered:
            self._balances[org], money.covered = limits, seen_money
        for quota in limits.quotas:
            key = (quota.id, quota.subject, quota.window_start)
            tally = self._quotas.setdefault(key, Tally())
            if seen.get(key, 0) >= tally.covered:
                self._used[key], tally.covered = int(quota.used), seen.get(key, 0)
        self._books[org] = book
        for rated in [rated for rated in self._rates if rated[0] == org]:
            del self._rates[rated]
        now = time.monotonic()
        snapshot = _Snapshot(limits, now)
        if generation == self._generation:
            # Where changes come faster than they can be read, the next call reads again.
            self._snapshots[payer] = snapshot
        self._sweep(limits.at, now)
        return snapshot

    def _sweep(self, now: datetime, monotonic: float) -> None:
        """Forget payers who have not called for long, and the tallies of quota windows that are over."""
        for payer in [p for p, known in self._snapshots.items() if monotonic - known.loaded_at > _FORGET_S]:
            del self._snapshots[payer]
        for key in [k for k, tally in self._quotas.items() if (now - k[2]).days > 40 and not tally.held]:
            del self._quotas[key]
            self._used.pop(key, None)


def money_name(org_id: str) -> str:
    """The lease of an organisation's money."""
    return f"money:{org_id}"


def quota_name(key: _QuotaKey) -> str:
    """The lease of a quota's window."""
    return f"quota:{key[0]}:{key[1]}:{key[2]:%Y%m%d%H%M}"


def _not_covered(required_micro: int, available_micro: int) -> InsufficientFunds:
    required, available = to_yuan(required_micro), to_yuan(available_micro)
    return InsufficientFunds(
        (
            f"余额不足:本次调用最多需 {required} 元,可用 {available} 元",
            f"this call may cost ¥{required}, ¥{available} is available",
        ),
        hint=(
            "付费组织的模型券和余额不足:请充值、申请新的券、用 max_tokens 缩短回答,"
            "或用 OpenAI-Organization 请求头指定其他组织付费",
            "vouchers and balance of the organisation that pays do not suffice: top up, apply for a voucher, lower "
            "max_tokens, or name another one of yours with the header OpenAI-Organization",
        ),
        required_micro=required_micro,
        available_micro=available_micro,
    )


def _quota_used_up(quota: QuotaLimit, now: datetime) -> QuotaExceeded:
    ends = int((quota.window_end - now).total_seconds())
    unit_zh, unit_en = _METRICS[quota.metric]
    amount = to_yuan(int(quota.amount)) if quota.metric == "money" else quota.amount
    window_zh, window_en = _WINDOWS[quota.window]
    return QuotaExceeded(
        (f"{window_zh}配额 {amount} {unit_zh}已用尽", f"the quota of {amount} {unit_en} {window_en} is used up"),
        hint=("请等待配额重置,或请管理员提高配额", "wait until it starts anew, or ask a maintainer to raise it"),
        retry_after_s=max(1, ends),
        quota_id=quota.id,
        metric=quota.metric,
    )


def _concerns(quota: QuotaLimit, model: str) -> bool:
    return matches(quota.model, model) and (quota.metric == "money" or _is_ours(quota.resource))


@lru_cache(maxsize=4096)
def _is_ours(resource: str) -> bool:
    """Whether a quota over resources like this one counts any of ours."""
    return any(matches(resource, name) for name in RESOURCES)
