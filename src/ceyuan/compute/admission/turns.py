"""The decision: one pass over those that wait, in the order of fairness.

Owners take turns by dominant share; within what is guaranteed comes before borrowing; of equals, whose first claim is
worst off. An owner's own claims go by priority, then by finish-time fairness (Mahajan et al., Themis, NSDI 2020): those
that take more than `FAIR` times as long as they would alone, the worst off first; then by expected seconds over
patience (short ones first, but waiting makes everybody short), then by age.
The first claim that finds no room gets a reservation: the nodes that are free soonest, as everything that runs ends at
its limit at the latest. Others pass it only where they do not delay it (EASY backfill; Lifka, JSSPP 1995).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ceyuan.compute.admission.seats import Free, Pick, allowed, best_fit, free_of, release, take
from ceyuan.compute.admission.values import Claim, Held, Need, Seat, Situation

PATIENCE_S = 6 * 3600.0
"""Seconds of waiting that halve a claim's expected length in the order."""
FAIR = 8.0
"""Times its length alone that a claim may take before it goes before those that are better off."""
_LEAST_S = 300.0
"""Seconds that a claim takes at least in this ratio: a moment is no unfairness to what lasts a moment."""


@dataclass(frozen=True, slots=True)
class Start:
    """A claim that starts now: which of its needs, on which seats."""

    key: str
    need: int
    seats: tuple[Seat, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a claim waits. `code`: `room` (nothing fits beside what runs), `never` (no open node could ever hold it),
    `quota` (the ceiling of `share` on `resource`), `reserved` (it would delay the one that holds the reservation),
    `funds` (its owner cannot pay for it). `start` is when its reservation begins, if it holds one."""

    code: str
    share: str = ""
    resource: str = ""
    start: float | None = None


@dataclass(frozen=True)
class Decision:
    """`order`: all claims as they were looked at; `leave`: who is asked to give room back to those guaranteed it."""

    starts: tuple[Start, ...] = ()
    order: tuple[str, ...] = ()
    waits: Mapping[str, Reason] = field(default_factory=dict)
    leave: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Reserved:
    at: float
    nodes: frozenset[str]


class _Pass:
    """One pass; what is free and used changes as claims start."""

    def __init__(self, situation: Situation, pick: Pick) -> None:
        self.at = situation
        self.pick = pick
        self.free = free_of(situation.nodes, situation.held)
        self.used = situation.shares.usage((one.owner, one.need.weight) for one in situation.held)
        self.capacity = situation.capacity
        self.starts: list[Start] = []
        self.waits: dict[str, Reason] = {}
        self.leave: list[str] = []
        self.reserved: _Reserved | None = None
        self._full: dict[tuple[object, ...], Reason] = {}

    def look(self, claim: Claim) -> None:
        """Start a claim, or say why it waits."""
        reason: Reason | None = None
        for index, need in enumerate(claim.needs):
            if not claim.paid(index):
                reason = self._stronger(reason, Reason("funds"))
                continue
            blocked = self.at.shares.blocked(self.used, claim.owner, need.total)
            if blocked is not None:
                reason = self._stronger(reason, Reason("quota", blocked[0].name, blocked[1]))
                continue
            # Within a pass room only shrinks: what found none finds none for the same wish further down.
            key = (need, claim.pools, claim.avoid, bool(self._barred(claim)))
            if key in self._full:
                reason = self._stronger(reason, self._full[key])
                continue
            seats = self._seats(claim, need)
            if seats is not None:
                take(self.free, need, seats)
                self.at.shares.add(self.used, claim.owner, need.weight)
                self.starts.append(Start(claim.key, index, seats))
                return
            why = self._why(claim, need)
            if why.code != "reserved":
                self._full[key] = why
            reason = self._stronger(reason, why)
        assert reason is not None
        if reason.code == "room" and self.reserved is None:
            reason = self._reserve(claim)
        self.waits[claim.key] = reason

    def _seats(self, claim: Claim, need: Need) -> tuple[Seat, ...] | None:
        rows = allowed(claim, self.free, self._barred(claim))
        for pool in claim.prefers:
            if (seats := self.pick(need, [row for row in rows if row.node.pool == pool])) is not None:
                return seats
        return self.pick(need, rows)

    def _barred(self, claim: Claim) -> frozenset[str]:
        if self.reserved is None or self.at.now + claim.longest <= self.reserved.at:
            return frozenset()
        return self.reserved.nodes

    def _why(self, claim: Claim, need: Need) -> Reason:
        empty = {row.node.name: row for row in free_of(self.at.nodes, ()).values()}
        if best_fit(need, allowed(claim, empty)) is None:
            return Reason("never")
        if best_fit(need, allowed(claim, self.free)) is not None:
            return Reason("reserved")
        return Reason("room")

    @staticmethod
    def _stronger(held: Reason | None, other: Reason) -> Reason:
        ranks = {"room": 4, "reserved": 3, "quota": 2, "funds": 1, "never": 0}
        return other if held is None or ranks[other.code] > ranks[held.code] else held

    def _reserve(self, claim: Claim) -> Reason:
        """Keep the nodes that are free soonest for the claim, and ask borrowers to leave if it is guaranteed room."""
        best: tuple[float, frozenset[str]] | None = None
        for index, need in enumerate(claim.needs):
            if not claim.paid(index):
                continue
            found = self._soonest(claim, need)
            if found is not None and (best is None or found[0] < best[0]):
                best = found
            if not self.leave and self.at.shares.guaranteed(self.used, claim.owner, need.total):
                self.leave = self._who_leaves(claim, need)
        if best is None:
            return Reason("room")
        self.reserved = _Reserved(*best)
        return Reason("room", start=best[0])

    def _soonest(self, claim: Claim, need: Need) -> tuple[float, frozenset[str]] | None:
        free = _copy(self.free)
        for one in sorted(self.at.held, key=lambda one: (one.latest_end, one.key)):
            release(free, one.need, one.seats)
            seats = best_fit(need, allowed(claim, free))
            if seats is not None:
                return max(one.latest_end, self.at.now), frozenset(seat.node for seat in seats)
        return None

    def _who_leaves(self, claim: Claim, need: Need) -> list[str]:
        """The fewest interruptible ones, the newest first, of owners who borrow (or of lower priority of its own);
        nobody where those who are leaving already make room enough."""
        free, used = _copy(self.free), {name: dict(row) for name, row in self.used.items()}
        gone: list[Held] = []
        for one in self.at.held:
            if one.leaving:
                release(free, one.need, one.seats)
                self.at.shares.add(used, one.owner, one.need.weight, -1.0)
        if best_fit(need, allowed(claim, free)) is not None:
            return []
        for one in sorted(self.at.held, key=lambda one: (one.priority, -one.since, one.key)):
            own = one.owner == claim.owner and one.priority < claim.priority
            borrowed = one.owner != claim.owner and any(
                self.at.shares.borrows(used, one.owner, name) for name in one.need.total if name in need.total
            )
            if not one.interruptible or not (own or borrowed):
                continue
            release(free, one.need, one.seats)
            self.at.shares.add(used, one.owner, one.need.weight, -1.0)
            gone.append(one)
            if best_fit(need, allowed(claim, free)) is not None:
                break
        else:
            return []
        for one in list(gone[:-1]):
            take(free, one.need, one.seats)
            if best_fit(need, allowed(claim, free)) is None:
                release(free, one.need, one.seats)
            else:
                gone.remove(one)
        return [one.key for one in gone]


def decide(situation: Situation, pick: Pick = best_fit) -> Decision:
    """Who starts now, where, who waits for what, and who is asked to leave.

    `pick` chooses seats among nodes that may be taken; it must only return what is free.
    """
    turn = _Pass(situation, pick)
    queues: dict[str, list[Claim]] = {}
    for claim in situation.claims:
        queues.setdefault(claim.owner, []).append(claim)
    for queue in queues.values():
        queue.sort(key=lambda claim: _rank(claim, situation.now), reverse=True)
    order: list[str] = []
    while queues:
        owner = min(queues, key=lambda name: (*_turn(turn, name, queues[name][-1]), name))
        claim = queues[owner].pop()
        if not queues[owner]:
            del queues[owner]
        order.append(claim.key)
        turn.look(claim)
    return Decision(tuple(turn.starts), tuple(order), turn.waits, tuple(turn.leave))


def _turn(turn: _Pass, owner: str, claim: Claim) -> tuple[bool, tuple[float, ...], float]:
    shares = turn.at.shares
    promised = any(shares.guaranteed(turn.used, owner, need.total) for need in claim.needs)
    return not promised, shares.standing(turn.used, owner, turn.capacity), -_slowdown(claim, turn.at.now)


def _slowdown(claim: Claim, now: float) -> float:
    """How many times as long as alone a claim takes if it starts now, one that waits for nothing 1."""
    alone = max(claim.expected, _LEAST_S)
    return 1.0 + max(0.0, now - claim.since) / alone


def _rank(claim: Claim, now: float) -> tuple[float, float, float, float, str]:
    slow = _slowdown(claim, now)
    waited = max(0.0, now - claim.since)
    length = claim.expected / (1.0 + waited / PATIENCE_S)
    return -claim.priority, -slow if slow > FAIR else 0.0, length, claim.since, claim.key


def _copy(free: dict[str, Free]) -> dict[str, Free]:
    return {name: Free(row.node, row.cpus, row.memory_mib, set(row.devices)) for name, row in free.items()}
