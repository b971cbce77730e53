"""Which of several servers a call goes to: by the route's strategy, past those that fail, within what its data allow.

A server that failed five times in a row is left alone for a while that doubles with each further failure (a circuit
breaker); after that one call tries it. Shares are drawn by weight; the others take the least of their measure, with
ties broken by chance. Affinity follows rendezvous hashing (Thaler and Ravishankar 1998) with a bound on the load of
the preferred server (Mirrokni, Thorup and Zadimoghaddam 2018).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import orjson

from ceyuan.models.gateway.errors import DataStaysInside, NoReplica
from ceyuan.models.serving import Replica, Route

FAILURES = 5
"""Failures in a row that open the breaker."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 2.0, 60.0
_SMOOTHING = 0.2
_MOST_LOAD = 1.5
"""How many times the mean load a preferred server may have before the next one is taken."""
_PREFIX_BYTES = 2048


@dataclass(slots=True)
class Health:
    """What is known of a server: calls in flight, its usual time to the first byte in seconds, failures in a row, and
    until when it is left alone."""

    pending: int = 0
    latency_s: float = 0.0
    failures: int = 0
    closed_until: float = 0.0
    calls: int = 0
    failed: int = 0


class Router:
    """Chooses servers and learns from what became of it. Times are monotonic seconds."""

    def __init__(self, rng: random.Random | None = None) -> None:
        self._rng = rng or random.Random()
        self._health: dict[str, Health] = {}

    def health(self, replica: Replica) -> Health:
        """What is known of a server."""
        known = self._health.get(replica.id)
        if known is None:
            known = self._health[replica.id] = Health()
        return known

    def known(self, replica_id: str) -> Health | None:
        """What is known of a server that was asked before, without a trace of the question."""
        return self._health.get(replica_id)

    def forgive(self, replica_id: str) -> None:
        """Close a server's breaker: somebody mended it."""
        if known := self._health.get(replica_id):
            known.failures, known.closed_until = 0, 0.0

    def order(self, route: Route, *, inside: bool, prefix: bytes, now: float, org_id: str = "") -> Sequence[Replica]:
        """The servers to ask, the preferred one first; raises
        `DataStaysInside` where none may be asked, `NoReplica` where none can be."""
        replicas = route.replicas
        if len(replicas) == 1:
            only = replicas[0]
            if inside and only.outside:
                raise _only_outside(route)
            if self.health(only).closed_until > now:
                raise _all_closed(route, self.health(only).closed_until - now)
            return replicas
        allowed = [replica for replica in replicas if not (inside and replica.outside)]
        if not allowed:
            raise _only_outside(route)
        allowed = [one for one in allowed if one.only_for is None or org_id in one.only_for]
        able = [replica for replica in allowed if self.health(replica).closed_until <= now]
        if not able:
            raise _all_closed(route, min((self.health(one).closed_until for one in allowed), default=now) - now)
        if route.shares:
            return self._by_variant(able, route)
        chosen: list[Replica] = []
        for tier in sorted({replica.tier for replica in able}):
            chosen += self._within([replica for replica in able if replica.tier == tier], route, prefix)
        return chosen

    def _within(self, replicas: list[Replica], route: Route, prefix: bytes) -> list[Replica]:
        """The servers of one tier in the order of the route's strategy."""
        if len(replicas) < 2:
            return replicas
        draws = {replica.id: self._rng.random() for replica in replicas}

        def load(replica: Replica) -> float:
            return (self.health(replica).pending + 1) / max(replica.weight, 1e-9)

        if route.strategy == "least_pending":
            return sorted(replicas, key=lambda one: (load(one), draws[one.id]))
        if route.strategy == "latency":
            return sorted(replicas, key=lambda one: (self.health(one).latency_s * load(one), draws[one.id]))
        if route.strategy == "price":
            return sorted(replicas, key=lambda one: (one.price, load(one), draws[one.id]))
        if route.strategy == "prefix":
            return self._by_prefix(replicas, prefix)
        # Efraimidis and Spirakis 2006: the largest u^(1/w) first is a weighted draw without replacement.
        return sorted(replicas, key=lambda one: -(draws[one.id] ** (1 / one.weight)) if one.weight else 1.0)

    def _by_variant(self, able: list[Replica], route: Route) -> list[Replica]:
        """The servers of the variant that the draw names, then the others; within each the least busy first."""
        draw, drawn = self._rng.random() * 100, "stable"
        for variant, percent in route.shares:
            draw -= percent
            if draw < 0:
                drawn = variant
                break

        def rank(one: Replica) -> tuple[bool, bool, int, float]:
            return one.standby, one.variant != drawn, self.health(one).pending, self._rng.random()

        return sorted(able, key=rank)

    def _by_prefix(self, replicas: list[Replica], prefix: bytes) -> list[Replica]:
        def score(replica: Replica) -> bytes:
            return blake2b(prefix, key=blake2b(replica.id.encode()).digest()[:16], digest_size=8).digest()

        ordered = sorted(replicas, key=score)
        bound = _MOST_LOAD * (sum(self.health(replica).pending for replica in replicas) + 1) / len(replicas) + 1
        free = [replica for replica in ordered if self.health(replica).pending < bound]
        return free + [replica for replica in ordered if replica not in free]

    def begin(self, replica: Replica, now: float) -> Health:
        """A call goes there; while a server is tried again after a pause, no other call is sent with it."""
        known = self.health(replica)
        known.pending += 1
        known.calls += 1
        if known.failures >= FAILURES:
            known.closed_until = now + _pause(known.failures)
        return known

    def end(self, known: Health, ok: bool | None, seconds: float | None, now: float) -> None:
        """A call came back: it was answered after `seconds`, it failed, or nothing can be said of it (`None`)."""
        known.pending -= 1
        if ok:
            known.failures, known.closed_until = 0, 0.0
            if seconds is not None:
                old = known.latency_s
                known.latency_s = seconds if not old else old + _SMOOTHING * (seconds - old)
        elif ok is False:
            known.failures += 1
            known.failed += 1
            if known.failures >= FAILURES:
                known.closed_until = now + _pause(known.failures)


def _pause(failures: int) -> float:
    return float(min(_FIRST_PAUSE_S * 2 ** (failures - FAILURES), _LONGEST_PAUSE_S))


def prefix_of(document: dict[str, object]) -> bytes:
    """What calls of one conversation have in common: the beginning of its first two messages, or of the prompt."""
    messages = document.get("messages")
    start = messages[:2] if isinstance(messages, list) else document.get("prompt", document.get("input"))
    return orjson.dumps(start)[:_PREFIX_BYTES]


def _only_outside(route: Route) -> DataStaysInside:
    return DataStaysInside(
        (
            f"模型“{route.name}”只有外部服务,本次调用的数据不得外发",
            f"the model “{route.name}” is only served outside, where the data of this call must not go",
        ),
        hint=("请换用内部部署的模型", "use a model that is served inside"),
    )


def _all_closed(route: Route, wait_s: float) -> NoReplica:
    return NoReplica(
        (f"模型“{route.name}”的服务均不可用", f"none of the servers of “{route.name}” can be asked just now"),
        hint=("请稍后重试", "try again in a moment"),
        retry_after_s=max(1, round(wait_s + 0.5)),
    )
