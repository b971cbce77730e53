"""When a claim is expected to start, and what would make it start sooner: the same decision, run on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from ceyuan.compute.admission.quotas import Shares
from ceyuan.compute.admission.seats import Pick, best_fit, free_of
from ceyuan.compute.admission.turns import Reason, decide
from ceyuan.compute.admission.values import Claim, Held, Need, Situation

MOST_EVENTS = 300
"""Ends of tasks that a forecast looks ahead."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """`position` of `waiting` (1: next), why it waits (`None`: it starts now), and when it starts (seconds since 1970):
    `earliest` if tasks take as long as expected, `latest` if all take as long as they may. `None`: not in sight."""

    position: int
    waiting: int
    reason: Reason | None
    earliest: float | None
    latest: float | None


@dataclass(frozen=True, slots=True)
class Variant:
    """A change that would make a claim start now: what (`kind`) and to which value."""

    kind: str
    value: str


def forecast(situation: Situation, key: str, pick: Pick = best_fit) -> Forecast:
    """Position, reason and expected start of a waiting claim. Raises `KeyError` for one that does not wait."""
    if all(claim.key != key for claim in situation.claims):
        raise KeyError(key)
    first = decide(situation, pick)
    reason = first.waits.get(key)
    position = first.order.index(key) + 1
    if reason is None:
        return Forecast(position, len(first.order), None, situation.now, situation.now)
    ends = [
        _start(situation, key, lambda held: held.expected_end, lambda claim: claim.expected),
        _start(situation, key, lambda held: held.latest_end, lambda claim: claim.longest),
    ]
    seen = sorted(end for end in ends if end is not None)
    both = (seen[0], seen[-1]) if len(seen) == 2 else (None, None)
    return Forecast(position, len(first.order), reason, *both)


def _start(
    situation: Situation, key: str, end_of: Callable[[Held], float], takes: Callable[[Claim], float]
) -> float | None:
    """When the claim starts if everything that runs and starts takes so long."""
    now, claims = situation.now, {claim.key: claim for claim in situation.claims}
    # What outlasted its guess is taken to end next.
    running = [replace(held, latest_end=max(end_of(held), now + 1.0)) for held in situation.held]
    for _event in range(MOST_EVENTS):
        state = replace(situation, now=now, held=tuple(running), claims=tuple(claims.values()))
        for start in decide(state).starts:
            if start.key == key:
                return now
            claim = claims.pop(start.key)
            end = now + max(1.0, takes(claim))
            need = claim.needs[start.need]
            running.append(Held(claim.key, claim.owner, need, start.seats, now, end, end, claim.priority))
        if not running:
            return None
        now = min(held.latest_end for held in running)
        running = [held for held in running if held.latest_end > now]
    return None


def what_if(
    situation: Situation, key: str, *, kinds: Iterable[str] = (), wider: Iterable[tuple[str, str, Claim]] = ()
) -> list[Variant]:
    """Changes, each alone, with which the claim would start now: more money, fewer processors, less memory, another
    accelerator of `kinds`, first in its owner's order, without quota, as long as the backfill allows; and each of
    `wider` (what is changed, to which value, the claim that it makes)."""
    claim = next(claim for claim in situation.claims if claim.key == key)
    found: list[Variant] = []

    def starts(changed: Claim, shares: Shares | None = None) -> bool:
        others = tuple(changed if one.key == key else one for one in situation.claims)
        state = replace(situation, claims=others, shares=shares or situation.shares)
        return any(start.key == key for start in decide(state).starts)

    def try_out(kind: str, value: str, changed: Claim, shares: Shares | None = None) -> None:
        if all(one.kind != kind for one in found) and starts(changed, shares):
            found.append(Variant(kind, value))

    found += [Variant(kind, value) for kind, value, changed in wider if starts(changed)]

    for lack in sorted({lack for lack in claim.lacks if lack}):
        try_out("funds", str(lack), replace(claim, lacks=tuple(max(0, one - lack) for one in claim.lacks)))
    wish, lacks = claim.needs[0], claim.lacks[:1]
    for need in _smaller(situation, claim, wish):
        for name in ("memory_mib", "cpus", "accelerators", "nodes"):
            if getattr(need, name) < getattr(wish, name):
                try_out(name, str(getattr(need, name)), replace(claim, needs=(need,), lacks=lacks))
    for kind in kinds:
        if wish.accelerators and kind != wish.accelerator:
            try_out("accelerator", kind, replace(claim, needs=(replace(wish, accelerator=kind),), lacks=lacks))
    top = max((one.priority for one in situation.claims if one.owner == claim.owner), default=0) + 1
    try_out("priority", str(top), replace(claim, priority=top))
    try_out("quota", "", claim, Shares())
    for minutes in (1440, 240, 60, 10):
        if minutes * 60 < claim.longest:
            shorter = replace(claim, longest=minutes * 60.0, expected=min(claim.expected, minutes * 60.0))
            try_out("time_limit_s", str(minutes * 60), shorter)
    return found


def _smaller(situation: Situation, claim: Claim, wish: Need) -> list[Need]:
    """The wish with one figure cut down to what is free somewhere, the largest first."""
    free = free_of(situation.nodes, situation.held)
    rows = [row for row in free.values() if row.node.open and (not claim.pools or row.node.pool in claim.pools)]
    made: list[Need] = []
    for memory in sorted({row.memory_mib for row in rows if 0 < row.memory_mib < wish.memory_mib}, reverse=True)[:8]:
        made.append(replace(wish, memory_mib=memory))
    for cpus in sorted({row.cpus for row in rows if 0 < row.cpus < wish.cpus}, reverse=True)[:8]:
        made.append(replace(wish, cpus=cpus))
    for count in sorted({len(row.devices) for row in rows}, reverse=True):
        if 0 < count < wish.accelerators:
            made.append(replace(wish, accelerators=count))
    made += [replace(wish, nodes=count) for count in range(wish.nodes - 1, 0, -1)][:8]
    return made
