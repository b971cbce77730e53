"""Published ways to place fractions of accelerators, ported for comparison: random, best fit, dot product, packing and
fragmentation gradient descent (Weng et al., USENIX ATC 2023), with the scores of the authors' simulator: whole numbers
from 0 to 100, ties to the first node."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numba
import numpy as np

from ceyuan.compute.placement import Fleet, Mix, Shape

RANDOM, BEST_FIT, DOT_PRODUCT, PACKING, FGD = range(5)
NAMES = ("random", "best fit", "dot product", "packing", "FGD")
MOST_CPU, MOST_DEVICES = 128_000.0, 8_000.0
TYPICAL = 0.95
"""The most popular shapes that cover this share of the tasks make the typical mix."""


def typical(mix: Mix) -> tuple[list[Shape], np.ndarray]:
    """The typical tasks and their shares of all typical ones; memory plays no part."""
    merged: dict[Shape, float] = {}
    for shape, weight in zip(mix.shapes, mix.weights, strict=True):
        plain = Shape(shape.cpu, 0, shape.devices, shape.milli, shape.models)
        merged[plain] = merged.get(plain, 0.0) + float(weight)
    order = sorted(merged, key=lambda s: (-merged[s], -s.cpu, -s.milli, -s.devices))
    chosen: list[Shape] = []
    covered = 0.0
    for shape in order:
        if covered >= TYPICAL:
            break
        chosen.append(shape)
        covered += merged[shape]
    return chosen, np.array([merged[s] / covered for s in chosen])


@numba.njit(cache=True, nogil=True)
def _fragments(cpu_left, left, model, t_cpu, t_devices, t_milli, t_allowed, t_share):
    """Accelerator thousandths of a node that the typical mix cannot use, in expectation."""
    total = 0
    for d in range(len(left)):
        total += left[d]
    amount = 0.0
    for t in range(len(t_cpu)):
        lost = total
        if t_devices[t] > 0 and t_allowed[t, model] and cpu_left >= t_cpu[t]:
            need = t_devices[t]
            for d in range(len(left)):
                if left[d] >= t_milli[t]:
                    need -= left[d] // t_milli[t]
            if need <= 0:
                lost = 0
                for d in range(len(left)):
                    if left[d] < t_milli[t]:
                        lost += left[d]
        amount += t_share[t] * lost
    return amount


@numba.njit(cache=True, nogil=True)
def _score(
    policy, n, cpu, devices, milli, cpu_left, left, model, now, lucky, t_cpu, t_devices, t_milli, t_allowed, t_share
):
    """(score, first accelerator for a share or -1)."""
    if policy == RANDOM:
        return (100 if n == lucky else 0), -1
    total, free = 0, 0
    width = 0
    for d in range(left.shape[1]):
        if left[n, d] >= 0:
            width += 1
            total += left[n, d]
            free += left[n, d] == 1000
    asked = devices * milli
    if policy == BEST_FIT:
        over = 0.5 * (cpu_left[n] - cpu) / MOST_CPU + 0.5 * (total - asked) / MOST_DEVICES
        return int((1.0 - over) * 100), -1
    if policy == DOT_PRODUCT:
        product = cpu_left[n] / MOST_CPU * cpu / MOST_CPU + total / MOST_DEVICES * asked / MOST_DEVICES
        return int(100 * (1 - product / 2)), -1
    if policy == PACKING:
        if asked == 0:
            return 0, -1
        if free == width:
            return max(33 - free, free), -1
        need, whole, spare = devices, 0, 0
        for level in range(1001):
            for d in range(width):
                if need > 0 and left[n, d] == level and level >= milli:
                    need -= 1
                    whole += level == 1000
                    spare += level * 100 // 1000
        if whole > 0:
            return max(50 - whole, 33), -1
        return max(100 - spare // 10, 50), -1
    row = left[n, :width].copy()
    if devices == 1 and milli < 1000:
        best, chosen = -1, -1
        for d in range(width):
            if row[d] >= milli:
                row[d] -= milli
                after = _fragments(cpu_left[n] - cpu, row, model[n], t_cpu, t_devices, t_milli, t_allowed, t_share)
                row[d] += milli
                score = int(100 / (1 + math.exp(-(now[n] - after) / 1000)))
                if chosen < 0 or score > best:
                    best, chosen = score, d
        return best, chosen
    need = devices
    for d in range(width):
        if need > 0 and row[d] == 1000:
            row[d] = 0
            need -= 1
    after = _fragments(cpu_left[n] - cpu, row, model[n], t_cpu, t_devices, t_milli, t_allowed, t_share)
    return int(100 / (1 + math.exp(-(now[n] - after) / 1000))), -1


@numba.njit(cache=True, nogil=True)
def _run(
    policy,
    seed,
    rows,
    cpu,
    memory,
    devices,
    milli,
    allowed,
    cpu_left,
    memory_left,
    left,
    model,
    t_cpu,
    t_devices,
    t_milli,
    t_allowed,
    t_share,
    taken,
):
    np.random.seed(seed)
    nodes, shapes = len(cpu_left), len(cpu)
    now = np.zeros(nodes)
    version = np.zeros(nodes, np.int64)
    scores = np.zeros((shapes, nodes), np.int64)
    chosen_device = np.full((shapes, nodes), -1)
    known = np.full((shapes, nodes), -1)
    for n in range(nodes):
        width = np.sum(left[n] >= 0)
        now[n] = _fragments(cpu_left[n], left[n, :width], model[n], t_cpu, t_devices, t_milli, t_allowed, t_share)
    for i in range(len(rows)):
        c = rows[i]
        lucky = -1
        if policy == RANDOM:
            fitting = 0
            for n in range(nodes):
                if _fits(n, c, cpu, memory, devices, milli, allowed, cpu_left, memory_left, left, model):
                    fitting += 1
            pick = np.random.randint(0, fitting) if fitting else -1
            for n in range(nodes):
                if _fits(n, c, cpu, memory, devices, milli, allowed, cpu_left, memory_left, left, model):
                    if pick == 0:
                        lucky = n
                    pick -= 1
        best, target = -1, -1
        for n in range(nodes):
            if policy == RANDOM or known[c, n] != version[n]:
                known[c, n] = version[n]
                scores[c, n] = -1
                if _fits(n, c, cpu, memory, devices, milli, allowed, cpu_left, memory_left, left, model):
                    scores[c, n], chosen_device[c, n] = _score(
                        policy,
                        n,
                        cpu[c],
                        devices[c],
                        milli[c],
                        cpu_left,
                        left,
                        model,
                        now,
                        lucky,
                        t_cpu,
                        t_devices,
                        t_milli,
                        t_allowed,
                        t_share,
                    )
            if scores[c, n] > best:
                best, target = scores[c, n], n
        taken[i] = target
        if target < 0:
            continue
        cpu_left[target] -= cpu[c]
        memory_left[target] -= memory[c]
        width = np.sum(left[target] >= 0)
        if devices[c] == 1 and milli[c] < 1000:
            d = chosen_device[c, target]
            if d < 0 and policy == RANDOM:
                d = np.random.randint(0, width)
                while left[target, d] < milli[c]:
                    d = np.random.randint(0, width)
            elif d < 0:
                for other in range(width):
                    if left[target, other] >= milli[c] and (d < 0 or left[target, other] < left[target, d]):
                        d = other
            left[target, d] -= milli[c]
        else:
            need = devices[c]
            for d in range(width):
                if need > 0 and left[target, d] == 1000:
                    left[target, d] = 0
                    need -= 1
        version[target] += 1
        now[target] = _fragments(
            cpu_left[target], left[target, :width], model[target], t_cpu, t_devices, t_milli, t_allowed, t_share
        )


@numba.njit(cache=True, nogil=True)
def _fits(n, c, cpu, memory, devices, milli, allowed, cpu_left, memory_left, left, model):
    if cpu_left[n] < cpu[c] or memory_left[n] < memory[c] or not allowed[c, model[n]]:
        return False
    found = 0
    for d in range(left.shape[1]):
        found += left[n, d] >= milli[c] and left[n, d] > 0
    return found >= devices[c]


def _columns(shapes: Sequence[Shape], models: Sequence[str]) -> tuple[np.ndarray, ...]:
    allowed = np.array([[not s.models or m in s.models for m in models] for s in shapes])
    columns = [np.array([getattr(s, k) for s in shapes], np.int64) for k in ("cpu", "memory", "devices", "milli")]
    return (*columns, allowed)


def place(policy: int, fleet: Fleet, mix: Mix, tasks: Sequence[Shape], seed: int) -> np.ndarray:
    """The node of each task in turn, -1 where it fits nowhere."""
    distinct = list(dict.fromkeys(tasks))
    row = {shape: i for i, shape in enumerate(distinct)}
    rows = np.array([row[t] for t in tasks], np.int64)
    some, share = typical(mix)
    t_cpu, _, t_devices, t_milli, t_allowed = _columns(some, fleet.models)
    width = int(fleet.devices.max())
    left = np.where(np.arange(width)[None, :] < fleet.devices[:, None], 1000, -1).astype(np.int64)
    taken = np.empty(len(rows), np.int64)
    _run(
        policy,
        seed,
        rows,
        *_columns(distinct, fleet.models),
        fleet.cpu.copy(),
        fleet.memory.copy(),
        left,
        fleet.model,
        t_cpu,
        t_devices,
        t_milli,
        t_allowed,
        share,
        taken,
    )
    return taken
