"""The audit log in the database: appending, sealing, heads, proofs, verification, on both databases."""

from __future__ import annotations

import asyncio

from ceyuan.kernel.actor import SYSTEM, Actor
from ceyuan.kernel.audit import parse_note, verify_consistency, verify_inclusion
from ceyuan.kernel.platform import Platform


async def append(platform: Platform, count: int = 1, actor: Actor = SYSTEM) -> list[str]:
    ids = []
    async with platform.work(actor) as uow:
        for number in range(count):
            ids.append(await platform.audit.append(uow, "thing.rename", f"thing_{number}", data={"n": number}))
    return ids


async def test_entries_verify_after_many_transactions(built: Platform) -> None:
    for count in (1, 2, 300, 1, 250):
        await append(built, count)
    async with built.work() as uow:
        head = await built.audit.sign_head(uow)
    assert head.size == 554
    result = await built.audit.verify(built)
    assert result.ok, result.fault
    assert (result.size, result.heads) == (554, 1)


async def test_concurrent_writers_never_lose_or_fork_the_log(built: Platform) -> None:
    await asyncio.gather(*(append(built, 1 + number % 3) for number in range(40)))
    result = await built.audit.verify(built)
    assert result.ok, result.fault
    assert result.size == sum(1 + number % 3 for number in range(40))
