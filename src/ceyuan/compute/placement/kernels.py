"""Decisions over arrays: a kept place if there is one, else the place that spoils least.

Integers throughout, so that compiled and interpreted code decide alike to the last tie. Where numba is missing the same
functions run uncompiled, with the scans over nodes by NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast

import numpy as np
import numpy.typing as npt

from ceyuan.compute.placement.shapes import WHOLE, Ints

P = ParamSpec("P")
R = TypeVar("R")
FAR = 1 << 60

numba: Any
try:
    import numba
except ImportError:  # the engine works without, only slower
    numba = None

COMPILED = numba is not None


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """``function`` as machine code where numba is installed, cached on disk; else as it is."""
    if numba is None:
        return function
    return cast(Callable[P, R], numba.njit(cache=True, nogil=True)(function))


class State(NamedTuple):
    """A fleet as it stands: what is left in truth, what is left beyond the slots, and the slots themselves.

    Per node: ``cpu_left``, ``memory_left``, ``device_left[n, d]`` and the same as ``*_slack`` (less open slots);
    ``model``; ``touched`` (something runs there or did since the plan); ``slots[n]`` open slots, of which the i-th is
    kept for ``slot_shape[n, i]`` on the accelerators ``slot_bits[n, i]``. Per shape: what it asks, ``value`` (worth of
    one placed, in millionths of an accelerator), ``share`` (parts in 10^9 of the arrivals), ``kept`` (open slots).
    ``open_slots[c, n]`` counts. ``expected[0]``: tasks still to come by the plan.
    """

    cpu_left: Ints
    memory_left: Ints
    device_left: Ints
    cpu_slack: Ints
    memory_slack: Ints
    device_slack: Ints
    model: Ints
    touched: npt.NDArray[np.bool_]
    slots: Ints
    slot_shape: Ints
    slot_bits: Ints
    open_slots: npt.NDArray[np.int32]
    cpu: Ints
    memory: Ints
    devices: Ints
    milli: Ints
    allowed: npt.NDArray[np.bool_]
    value: Ints
    share: Ints
    kept: Ints
    expected: Ints


@compiled
def place(s: State, c: int) -> tuple[int, int]:
    """Place one task of shape ``c``: (node, bits of its accelerators), or (-1, 0) where it fits nowhere."""
    node, bits = kept_place(s, c)
    if node < 0:
        node, bits = spare_place(s, c)
        if node < 0:
            node, bits = costly_place(s, c)
    if s.expected[0] > 0:
        s.expected[0] -= 1
    if node < 0:
        return -1, 0
    s.touched[node] = True
    s.cpu_left[node] -= s.cpu[c]
    s.memory_left[node] -= s.memory[c]
    for d in range(s.device_left.shape[1]):
        if bits >> d & 1:
            s.device_left[node, d] -= s.milli[c]
    return node, bits


@compiled
def place_many(s: State, shapes: Ints, nodes: Ints, bits: Ints) -> None:
    """Place tasks in order; the answers go to ``nodes`` and ``bits``."""
    for i in range(len(shapes)):
        nodes[i], bits[i] = place(s, shapes[i])


@compiled
def kept_place(s: State, c: int) -> tuple[int, int]:
    """A slot kept for the shape, on the node that waits for fewest others: open nodes fill before new ones open."""
    if s.kept[c] == 0:
        return -1, 0
    chosen, least = -1, FAR
    for n in range(len(s.slots)):
        if s.open_slots[c, n] > 0:
            key = int(s.slots[n]) if s.touched[n] else 1000000 + n
            if key < least:
                chosen, least = n, key
    for i in range(s.slots[chosen]):
        if s.slot_shape[chosen, i] == c:
            bits = s.slot_bits[chosen, i]
            drop_slot(s, chosen, i)
            return chosen, bits
    return -1, 0


@compiled
def drop_slot(s: State, node: int, i: int) -> None:
    """Forget a slot; the last one moves to its place."""
    c, last = s.slot_shape[node, i], s.slots[node] - 1
    s.slot_shape[node, i], s.slot_bits[node, i] = s.slot_shape[node, last], s.slot_bits[node, last]
    s.slots[node] = last
    s.open_slots[c, node] -= 1
    s.kept[c] -= 1


@compiled
def give_back(s: State, node: int, i: int) -> None:
    """Forget a slot and count its room as slack."""
    c, bits = s.slot_shape[node, i], s.slot_bits[node, i]
    s.cpu_slack[node] += s.cpu[c]
    s.memory_slack[node] += s.memory[c]
    for d in range(s.device_slack.shape[1]):
        if bits >> d & 1:
            s.device_slack[node, d] += s.milli[c]
    drop_slot(s, node, i)


@compiled
def take_slack(s: State, node: int, c: int, bits: int) -> None:
    """Spend slack on a task that had no slot."""
    s.cpu_slack[node] -= s.cpu[c]
    s.memory_slack[node] -= s.memory[c]
    for d in range(s.device_slack.shape[1]):
        if bits >> d & 1:
            s.device_slack[node, d] -= s.milli[c]


@compiled
def best_devices(left: Ints, devices: int, milli: int) -> tuple[int, int]:
    """(what stays over, bits): a share goes where least stays over, whole ones to the first free; (-1, 0) if none."""
    if devices == 0:
        return 0, 0
    if milli < WHOLE:
        bits, least = 0, FAR
        for d in range(len(left)):
            rest = int(left[d]) - milli
            if 0 <= rest < least:
                bits, least = 1 << d, rest
        return (least, bits) if bits else (-1, 0)
    found, free, bits = 0, 0, 0
    for d in range(len(left)):
        if left[d] == WHOLE:
            free += 1
            if found < devices:
                bits |= 1 << d
                found += 1
    return (free - devices, bits) if found == devices else (-1, 0)


@compiled
def spare_place(s: State, c: int) -> tuple[int, int]:
    """Where the task fits beside all slots and leaves least over; nodes in use come before untouched ones."""
    chosen, chosen_bits, least = -1, 0, FAR
    for n in range(len(s.slots)):
        spare = int(s.cpu_slack[n] - s.cpu[c])
        if spare < 0 or s.memory_slack[n] < s.memory[c] or not s.allowed[c, s.model[n]]:
            continue
        rest, bits = best_devices(s.device_slack[n], s.devices[c], s.milli[c])
        if rest < 0:
            continue
        key = rest * 1000000000 + spare
        if not s.touched[n]:
            key += FAR >> 1
        if key < least:
            chosen, chosen_bits, least = n, bits, key
    if chosen >= 0:
        take_slack(s, chosen, c, chosen_bits)
    return chosen, chosen_bits


@compiled
def costly_place(s: State, c: int) -> tuple[int, int]:
    """Where the task fits only by giving up slots: the place whose slots are worth least, by what is still expected."""
    worth = np.empty(len(s.value), np.int64)
    for k in range(len(worth)):
        coming = s.expected[0] * s.share[k] // 1000
        worth[k] = s.value[k]
        if s.kept[k] > 0 and coming < s.kept[k] * 1000000:
            worth[k] = s.value[k] * (coming // s.kept[k]) // 1000000
    gone = np.zeros(s.slot_shape.shape[1], np.bool_)
    chosen, chosen_bits, least = -1, 0, FAR
    for n in range(len(s.slots)):
        if s.cpu_left[n] < s.cpu[c] or s.memory_left[n] < s.memory[c] or not s.allowed[c, s.model[n]]:
            continue
        cost, bits = clear(s, n, c, worth, gone)
        if cost >= 0 and cost < least:
            chosen, chosen_bits, least = n, bits, cost
    if chosen >= 0:
        clear(s, chosen, c, worth, gone)
        for i in range(s.slots[chosen] - 1, -1, -1):
            if gone[i]:
                give_back(s, chosen, i)
        take_slack(s, chosen, c, chosen_bits)
    return chosen, chosen_bits


@compiled
def clear(s: State, n: int, c: int, worth: Ints, gone: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Which slots of a node to give up for a task (marked in ``gone``): (what they are worth, bits), -1 if
    impossible."""
    count = s.slots[n]
    gone[:count] = False
    bits = clear_devices(s, n, c, worth, gone)
    if bits < 0:
        return -1, 0
    cpu, memory, cost = s.cpu_slack[n], s.memory_slack[n], 0
    for i in range(count):
        if gone[i]:
            k = s.slot_shape[n, i]
            cpu, memory, cost = cpu + s.cpu[k], memory + s.memory[k], cost + worth[k]
    while cpu < s.cpu[c] or memory < s.memory[c]:
        best, least = -1, FAR
        for i in range(count):
            k = s.slot_shape[n, i]
            freed = s.cpu[k] if cpu < s.cpu[c] else s.memory[k]
            if not gone[i] and freed > 0:
                lack = s.cpu[c] - cpu if cpu < s.cpu[c] else s.memory[c] - memory
                key = worth[k] * 1000 // min(freed, lack)
                if key < least:
                    best, least = i, key
        if best < 0:
            return -1, 0
        gone[best] = True
        k = s.slot_shape[n, best]
        cpu, memory, cost = cpu + s.cpu[k], memory + s.memory[k], cost + worth[k]
    return cost, bits


@compiled
def clear_devices(s: State, n: int, c: int, worth: Ints, gone: npt.NDArray[np.bool_]) -> int:
    """Mark the slots to give up for the task's accelerators; their bits, or -1 if there are too few."""
    devices, milli, width, count = s.devices[c], s.milli[c], s.device_left.shape[1], s.slots[n]
    bits = 0
    for _ in range(devices):
        chosen, least = -1, FAR
        for d in range(width):
            if bits >> d & 1 or s.device_left[n, d] < milli:
                continue
            room, cost = int(s.device_slack[n, d]), 0
            for i in range(count):
                if s.slot_bits[n, i] >> d & 1 and not gone[i]:
                    cost += worth[s.slot_shape[n, i]]
                elif s.slot_bits[n, i] >> d & 1:
                    room += s.milli[s.slot_shape[n, i]]
            if room >= milli:
                cost = 0
            key = cost * 2000 + int(s.device_left[n, d]) - milli
            if key < least:
                chosen, least = d, key
        if chosen < 0:
            return -1
        bits |= 1 << chosen
        room = s.device_slack[n, chosen]
        for i in range(count):
            if gone[i] and s.slot_bits[n, i] >> chosen & 1:
                room += s.milli[s.slot_shape[n, i]]
        while room < milli:
            best, least = -1, FAR
            for i in range(count):
                if not gone[i] and s.slot_bits[n, i] >> chosen & 1 and worth[s.slot_shape[n, i]] < least:
                    best, least = i, worth[s.slot_shape[n, i]]
            if best < 0:
                return -1
            gone[best] = True
            room += s.milli[s.slot_shape[n, best]]
    return bits
