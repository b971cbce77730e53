"""What whole nodes should hold: a programme over contents of nodes, so that nothing is cut at a node's edge.

A column is what one node of a kind may hold, taken from dealings of the relaxation's amounts; the programme says how
many nodes get which content so that most of the expected demand is served (the set-packing form of Gilmore and Gomory
1961). What is less than a whole node is rounded by the largest remainder: a part of a content is a content too, so
that what is too much is simply not kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from ceyuan.compute.optimum import Rows, minimise
from ceyuan.compute.placement.relaxation import Kind
from ceyuan.compute.placement.shapes import Floats

Content = tuple[tuple[int, int], ...]
"""(shape, bits of its accelerators) of every task on a node, sorted."""


class Contents:
    """Contents found so far by kind of node; they serve later solutions too."""

    def __init__(self) -> None:
        self._pool: dict[tuple[int, int, int, int], dict[Content, None]] = {}

    def add(self, kinds: Sequence[Kind], slots: Iterable[tuple[int, int, int]]) -> None:
        """The contents of all nodes of a dealing: slots are (node, shape, bits)."""
        by_node: dict[int, list[tuple[int, int]]] = {}
        for node, shape, bits in slots:
            by_node.setdefault(node, []).append((shape, bits))
        for kind in kinds:
            for node in kind.nodes.tolist():
                if node in by_node:
                    self._of(kind)[tuple(sorted(by_node[node]))] = None

    def solve(self, kinds: Sequence[Kind], demand: Floats, values: Floats) -> list[list[tuple[Content, int]]]:
        """For each kind, contents and how many of its nodes get them, for at most ``demand[c]`` tasks of each shape
        worth ``values[c]`` each."""
        count = len(demand)
        listed = [list(self._of(kind)) for kind in kinds]
        rows, columns, entries = [np.arange(count)], [np.arange(count)], [np.ones(count)]
        at = count
        for k, contents in enumerate(listed):
            for content in contents:
                held, times = np.unique([shape for shape, _ in content], return_counts=True)
                rows += [held, np.array([count + k])]
                columns += [np.full(len(held), at), np.array([at])]
                entries += [-times.astype(np.float64), np.ones(1)]
                at += 1
        cost = np.concatenate([-values, np.zeros(at - count)])
        upper = np.concatenate([demand, np.full(at - count, np.inf)])
        limits = np.concatenate([np.zeros(count), [len(kind) for kind in kinds]])
        table = Rows(
            np.concatenate(rows),
            np.concatenate(columns),
            np.concatenate(entries),
            np.full(len(limits), -np.inf),
            limits,
        )
        done = minimise(cost, table, upper=upper)
        assert done.x is not None, "to place nothing is feasible"
        chosen, at = [], count
        for contents, kind in zip(listed, kinds, strict=True):
            chosen.append(_whole(contents, done.x[at : at + len(contents)], len(kind)))
            at += len(contents)
        return chosen

    def _of(self, kind: Kind) -> dict[Content, None]:
        return self._pool.setdefault((kind.cpu, kind.memory, kind.devices, kind.model), {})


def _whole(contents: list[Content], amounts: Floats, nodes: int) -> list[tuple[Content, int]]:
    """Whole numbers of nodes: rounded down, then the largest remainders while nodes are left."""
    counts = [math.floor(amount + 1e-6) for amount in amounts]
    order = sorted(range(len(contents)), key=lambda i: (-(amounts[i] - counts[i]), i))
    for i in order[: max(0, nodes - sum(counts))]:
        counts[i] += bool(amounts[i] - counts[i] > 1e-6)
    return [(contents[i], counts[i]) for i in range(len(contents)) if counts[i]]
