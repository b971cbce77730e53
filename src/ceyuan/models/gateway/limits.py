"""Rates and concurrency, counted in memory: how fast a key may call, and how many calls run at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import matches
from ceyuan.models.gateway.errors import AGAIN, KeyForbidden, Overloaded, RateLimited, TooManyAtOnce
from ceyuan.models.gateway.leases import Leases


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """Bounds of one key; zero = none. `models` lists the public names that it may call (`*` for any run of
    characters), empty = all."""

    requests_per_minute: int = 0
    tokens_per_minute: int = 0
    concurrent: int = 0
    models: frozenset[str] = frozenset()

    def allows(self, name: str) -> bool:
        """Whether the key may call this model."""
        return not self.models or name in self.models or any(matches(pattern, name) for pattern in self.models)

    def require_model(self, name: str) -> None:
        """Raise `KeyForbidden` unless the key may call this model."""
        if not self.allows(name):
            raise KeyForbidden(
                (f"该密钥不能调用模型“{name}”", f"this key may not call the model “{name}”"),
                hint=("请更换密钥或让管理员放宽限制", "use another key or ask a maintainer to widen its limits"),
                param="model",
            )


NO_LIMITS = KeyLimits()


class Bucket:
    """A token bucket: holds a minute's allowance at most, refills evenly, may be overdrawn by late corrections."""

    __slots__ = ("_at", "_level", "_per_minute")

    def __init__(self, per_minute: int, now: float) -> None:
        self._per_minute = per_minute
        self._level = float(per_minute)
        self._at = now

    def resize(self, per_minute: int) -> None:
        if per_minute != self._per_minute:
            self._level = min(self._level, per_minute)
            self._per_minute = per_minute

    def take(self, amount: float, now: float) -> float:
        """Take `amount` if anything is left; returns 0, or the seconds until there will be.

        A request larger than a whole minute's allowance passes when the bucket is full, and overdraws it.
        """
        self._refill(now)
        wanted = min(amount, self._per_minute)
        if self._level >= wanted:
            self._level -= amount
            return 0.0
        return (wanted - self._level) * 60 / self._per_minute

    def give(self, amount: float, now: float) -> None:
        """Give back what was not used; negative = it was more."""
        self._refill(now)
        self._level = min(self._level + amount, self._per_minute)

    def _refill(self, now: float) -> None:
        self._level = min(self._level + max(now - self._at, 0.0) * self._per_minute / 60, self._per_minute)
        self._at = now

    def is_full(self, now: float) -> bool:
        self._refill(now)
        return self._level >= self._per_minute


class Throttle:
    """All rates and concurrency of one process. Times are monotonic seconds."""

    def __init__(self, *, max_in_flight: int, max_per_org: int) -> None:
        self._max_in_flight = max_in_flight
        self._max_per_org = max_per_org
        self._requests: dict[str, Bucket] = {}
        self._tokens: dict[str, Bucket] = {}
        self._running: dict[str, int] = {}
        self.in_flight = 0

    def enter(self, org_id: str, key_id: str, limits: KeyLimits) -> None:
        """Count a call in; raises where one more would be too many."""
        if self.in_flight >= self._max_in_flight:
            raise Overloaded(hint=AGAIN, retry_after_s=1)
        running = self._running
        of_org, of_key = running.get(org_id, 0), running.get(key_id, 0)
        for count, bound in ((of_org, self._max_per_org), (of_key, limits.concurrent)):
            if bound and count >= bound:
                raise TooManyAtOnce(
                    (f"并发请求已达上限 {bound}", f"{bound} calls at once are the limit"), hint=AGAIN, retry_after_s=1
                )
        running[org_id], running[key_id] = of_org + 1, of_key + 1
        self.in_flight += 1

    def leave(self, org_id: str, key_id: str) -> None:
        """Count a call out."""
        running = self._running
        for name in (org_id, key_id):
            if running[name] == 1:
                del running[name]
            else:
                running[name] -= 1
        self.in_flight -= 1

    def require_rate(self, key_id: str, limits: KeyLimits, tokens: int, now: float) -> None:
        """Take one request and the expected tokens out of the key's allowance; raises `RateLimited`."""
        if limits.requests_per_minute:
            wait = _bucket(self._requests, key_id, limits.requests_per_minute, now).take(1, now)
            if wait:
                raise _too_fast("requests", limits.requests_per_minute, wait)
        if limits.tokens_per_minute:
            wait = _bucket(self._tokens, key_id, limits.tokens_per_minute, now).take(tokens, now)
            if wait:
                raise _too_fast("tokens", limits.tokens_per_minute, wait)

    async def require_shared_rate(self, leases: Leases, key_id: str, limits: KeyLimits, tokens: int) -> None:
        """The same where several processes share the allowance."""
        for what, bound, amount in (
            ("requests", limits.requests_per_minute, 1),
            ("tokens", limits.tokens_per_minute, tokens),
        ):
            if bound and (wait := await leases.take(f"rate:{what}:{key_id}", bound, amount)):
                raise _too_fast(what, bound, wait)

    async def require_shared_place(self, leases: Leases, key_id: str, limits: KeyLimits) -> str:
        """Hold one of the calls at once that a key may have in all processes together; returns the lease that gets it
        back, empty where there is no bound."""
        if not limits.concurrent:
            return ""
        name = f"calls:{key_id}"

        async def available(_uow: UnitOfWork) -> int:
            return limits.concurrent

        if not await leases.cover(name, 1, available):
            raise TooManyAtOnce(
                (f"并发请求已达上限 {limits.concurrent}", f"{limits.concurrent} calls at once are the limit"),
                hint=AGAIN,
                retry_after_s=1,
            )
        return name

    def correct(self, key_id: str, expected: int, used: int, now: float) -> None:
        """Replace the expected tokens of a call by those that it used."""
        if bucket := self._tokens.get(key_id):
            bucket.give(expected - used, now)

    def running(self) -> Mapping[str, int]:
        """Calls in flight by organisation and key."""
        return self._running

    def sweep(self, now: float) -> None:
        """Forget the buckets that are full again."""
        for book in (self._requests, self._tokens):
            for key in [key for key, bucket in book.items() if bucket.is_full(now)]:
                del book[key]


def _bucket(book: dict[str, Bucket], key_id: str, per_minute: int, now: float) -> Bucket:
    bucket = book.get(key_id)
    if bucket is None:
        bucket = book[key_id] = Bucket(per_minute, now)
    bucket.resize(per_minute)
    return bucket


def _too_fast(what: str, bound: int, wait: float) -> RateLimited:
    words = {"requests": "请求", "tokens": "token"}[what]
    return RateLimited(
        (f"每分钟{words}数已达上限 {bound}", f"{bound} {what} per minute are the limit of this key"),
        hint=(f"请在 {wait:.0f} 秒后重试", f"try again in {max(wait, 1):.0f} s"),
        retry_after_s=max(1, round(wait + 0.5)),
    )
