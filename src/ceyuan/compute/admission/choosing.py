"""Seats chosen by the engine of placement where it is installed and there is more than one node; else the best fit."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from ceyuan.compute.admission.seats import Free, Pick, allowed, best_fit, free_of, release, take
from ceyuan.compute.admission.values import Claim, Held, Need, Node, Seat, Situation

if TYPE_CHECKING:
    from ceyuan.compute.placement import Placement, Placer

logger = logging.getLogger(__name__)


class Chooser:
    """Keeps a placer in step with what is held, from one admission to the next; made anew when the fleet changes."""

    def __init__(self) -> None:
        self._nodes: tuple[Node, ...] = ()
        self._placer: Placer | None = None
        self._placed: dict[str, list[Placement]] = {}

    def pick(self, situation: Situation) -> Pick:
        """What chooses seats in this situation."""
        if len(situation.nodes) < 2:
            return best_fit
        try:
            self._follow(situation)
        except ImportError:
            return best_fit
        return self._choose

    def _follow(self, situation: Situation) -> None:
        from ceyuan.compute.placement import Fleet, Mix, PlacementError, Placer

        held = {one.key: one for one in situation.held}
        known = {key for key in self._placed if not key.startswith("?")}
        if self._placer is None or situation.nodes != self._nodes:
            wants = [need for claim in situation.claims for need in claim.needs[:1]] + [
                one.need for one in held.values()
            ]
            shapes = [_shape(need, self._models(situation.nodes)) for need in wants] or [
                _shape(Need(1, 1024), frozenset())
            ]
            rows = [(node.cpus * 1000, node.memory_mib, node.accelerators, _model(node)) for node in situation.nodes]
            self._placer = Placer(Fleet.of(rows), Mix.of(shapes), evidence=len(shapes))
            self._nodes, self._placed, known = situation.nodes, {}, set()
        # What was chosen but never started, and what ended, is free again.
        for key in [key for key in self._placed if key not in held]:
            for placement in self._placed.pop(key):
                self._placer.release(placement)
        index = {node.name: row for row, node in enumerate(self._nodes)}
        for key in held.keys() - known:
            made = []
            for seat in held[key].seats:
                if seat.node in index:
                    try:
                        shape = _shape(held[key].need, frozenset({_model(self._nodes[index[seat.node]])}))
                        made.append(self._placer.occupy(shape, index[seat.node], seat.devices))
                    except PlacementError:  # a node that shrank holds more than it has
                        logger.debug("%s does not fit on %s any more", key, seat.node)
            self._placed[key] = made

    def moves(self, situation: Situation, claim: Claim, movable: Collection[str]) -> tuple[str, ...]:
        """Which of `movable` must go on elsewhere in their pools so that a claim finds room, the fewest; none where
        that does not help. Asked after `pick` in the same situation."""
        if self._placer is None:
            return ()
        from ceyuan.compute.placement import plan_moves

        keys = {placed.number: key for key in movable for placed in self._placed.get(key, ())}
        held = {one.key: one for one in situation.held}
        for index, need in enumerate(claim.needs):
            free = free_of(situation.nodes, situation.held)
            rows = [row for row in allowed(claim, free) if _could(need, row.node)]
            if need.nodes > 1 or not rows or not claim.paid(index):
                continue
            plan = plan_moves(self._placer, _shape(need, frozenset(_model(row.node) for row in rows)), keys)
            if plan is None or not plan.moves:
                continue
            moves = [(held[keys[move.placement.number]], self._nodes[move.node].name) for move in plan.moves]
            # The placer knows neither which nodes are shut nor which a claim must not get.
            if _can_go(free, moves) and any(row.fits(need) for row in rows):
                return tuple(one.key for one, _ in moves)
        return ()

    @staticmethod
    def _models(nodes: tuple[Node, ...]) -> frozenset[str]:
        return frozenset(_model(node) for node in nodes)

    def _choose(self, need: Need, rows: list[Free]) -> tuple[Seat, ...] | None:
        assert self._placer is not None
        fallback = best_fit(need, rows)
        if fallback is None or need.nodes > 1:
            return fallback
        open_rows = {row.node.name: row for row in rows}
        # By what nodes have, not by what is free of it: else every state of the fleet would make shapes of its own.
        shape = _shape(need, frozenset(_model(row.node) for row in rows if _could(need, row.node)))
        placement = self._placer.place(shape)
        if placement is None:
            return fallback
        name = self._nodes[placement.node].name
        row = open_rows.get(name)
        if row is None or not row.fits(need) or not set(placement.devices) <= row.devices:
            self._placer.release(placement)
            return fallback
        self._placed[f"?{placement.number}"] = [placement]
        return (Seat(name, placement.devices),)


def _can_go(free: dict[str, Free], moves: list[tuple[Held, str]]) -> bool:
    """Whether each finds room on the node named for it; carries the moves out on what is free."""
    for one, _ in moves:
        release(free, one.need, one.seats)
    for one, name in moves:
        goal = free[name]
        if not goal.node.open or not goal.fits(one.need):
            return False
        take(free, one.need, [Seat(name, tuple(sorted(goal.devices)[: one.need.accelerators]))])
    return True


def _could(need: Need, node: Node) -> bool:
    """Whether the node could hold a seat of the need if it were empty."""
    return (
        node.cpus >= need.cpus
        and node.memory_mib >= need.memory_mib
        and (not need.accelerators or (node.accelerator == need.accelerator and node.accelerators >= need.accelerators))
    )


def _model(node: Node) -> str:
    return f"{node.pool}/{node.accelerator}"


def _shape(need: Need, models: frozenset[str]) -> Any:
    from ceyuan.compute.placement import Shape

    milli = 1000 if need.accelerators else 0
    return Shape(need.cpus * 1000, need.memory_mib, need.accelerators, milli, models)
