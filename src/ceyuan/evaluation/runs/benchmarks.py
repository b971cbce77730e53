"""What evaluation tells the data room: the items that models are asked, which no training data may hold."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sqlalchemy import select

from ceyuan.data.use import BenchmarkItems
from ceyuan.evaluation.items import all_families, generate
from ceyuan.evaluation.runs.tables import EvaluationRun
from ceyuan.kernel.work import UnitOfWork

_RUNS = 500
"""Newest runs that are looked through for their seeds; items of a seed never change."""


async def benchmark_items(uow: UnitOfWork) -> Sequence[BenchmarkItems]:
    """The items of every set that runs asked models: one benchmark per seed and number of items."""
    query = select(EvaluationRun.plan).order_by(EvaluationRun.created_at.desc()).limit(_RUNS)
    plans = [plan for plan in await uow.session.scalars(query) if plan.get("models")]
    wanted: dict[tuple[int, int], set[str]] = {}
    for plan in plans:
        asked = plan.get("families") or all_families()  # a plan that names none asks all
        wanted.setdefault((int(plan["seed"]), int(plan["per_family"])), set()).update(asked)
    return [await asyncio.to_thread(_items, seed, count, families) for (seed, count), families in wanted.items()]


def _items(seed: int, count: int, families: set[str]) -> BenchmarkItems:
    items = generate(count, seed=seed, families=sorted(families))
    title = (f"内置能力题（种子 {seed}，每类 {count} 题）", f"built-in items (seed {seed}, {count} of each family)")
    return BenchmarkItems(f"items-{seed}-{count}", title, [(one.id, one.prompt) for one in items])
