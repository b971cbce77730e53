"""The audit log in the database: appending, sealing, heads, proofs, on both databases."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from ceyuan.kernel.actor import SYSTEM, Actor
from ceyuan.kernel.audit import NotYetCovered, parse_note, verify_consistency, verify_inclusion
from ceyuan.kernel.audit.tables import AuditEntry, AuditHead, AuditNode
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.errors import NotFound
from ceyuan.kernel.platform import Platform
from tests.kernel.actors import OWNER


async def append(platform: Platform, count: int = 1, actor: Actor = SYSTEM, **data: object) -> list[str]:
    async with platform.work(actor) as uow:
        return [
            await platform.audit.append(uow, "thing.rename", f"thing_{number}", org_id="org_a", data=data)
            for number in range(count)
        ]


async def sign(platform: Platform) -> AuditHead:
    async with platform.work() as uow:
        return await platform.audit.sign_head(uow)


async def count(platform: Platform, table: type = AuditEntry) -> int:
    async with platform.work(write=False) as uow:
        return await uow.session.scalar(select(func.count()).select_from(table)) or 0


async def entry(platform: Platform, entry_id: str) -> AuditEntry:
    async with platform.work(write=False) as uow:
        return (await uow.session.scalars(select(AuditEntry).where(AuditEntry.id == entry_id))).one()


async def test_an_entry_says_who_did_what_to_what(built: Platform) -> None:
    actor = dataclasses.replace(OWNER, impersonator="per_admin")
    [entry_id] = await append(built, actor=actor, name="新名字")
    found = await entry(built, entry_id)
    assert (found.seq, found.actor_id, found.impersonator) == (0, "per_owner", "per_admin")
    assert (found.action, found.subject, found.org_id) == ("thing.rename", "thing_0", "org_a")
    assert (found.data, found.actor_kind) == ({"name": "新名字"}, "person")


async def test_secrets_in_data_never_reach_the_log(built: Platform) -> None:
    secret = "hunter2hunter2"
    [entry_id] = await append(
        built, password=secret, nested=[{"apiKey": secret}], text=f"token={secret} Bearer {secret}", max_tokens=5
    )
    found = await entry(built, entry_id)
    assert secret not in found.body
    assert found.data["max_tokens"] == 5


async def test_strange_data_is_kept_in_a_form_that_still_verifies(built: Platform) -> None:
    await append(built, nan=float("nan"), big=2**80, lone="\ud800", nul="a\x00b", long="x" * 10_000, when=timedelta(1))
    async with built.work() as uow:
        await uow.audit("odd", "s" * 500 + "\x00", None)
    assert (await built.audit.verify(built)).ok


async def test_a_reading_unit_of_work_cannot_append(built: Platform) -> None:
    async with built.work(write=False) as uow:
        with pytest.raises(RuntimeError):
            await uow.audit("x", "y")


async def test_a_rolled_back_deed_leaves_no_entry(built: Platform) -> None:
    async def fail() -> None:
        async with built.work() as uow:
            await uow.audit("x", "y")
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    await append(built)
    assert await count(built) == 1
    assert (await built.audit.verify(built)).ok


async def test_a_rolled_back_savepoint_takes_its_entries_along(built: Platform) -> None:
    async with built.work() as uow:
        first = await uow.session.begin_nested()
        await uow.audit("lost before anything", "x")
        await first.rollback()
        await uow.audit("kept", "1")
        async with uow.session.begin_nested():
            await uow.audit("kept", "2")
        outer = await uow.session.begin_nested()
        await uow.audit("lost", "x")
        async with uow.session.begin_nested():
            await uow.audit("lost inside", "x")
        await outer.rollback()
        await uow.audit("kept", "3")
    async with built.work(write=False) as uow:
        rows = (await uow.session.scalars(select(AuditEntry).order_by(AuditEntry.seq))).all()
    assert [(row.action, row.subject) for row in rows] == [("kept", "1"), ("kept", "2"), ("kept", "3")]
    assert (await built.audit.verify(built)).ok


async def test_concurrent_writers_never_lose_or_fork_the_log(built: Platform) -> None:
    await asyncio.gather(*(append(built, 1 + number % 3) for number in range(40)))
    result = await built.audit.verify(built)
    assert result.ok, result.fault
    assert result.size == sum(1 + number % 3 for number in range(40))


async def test_every_entry_is_proved_against_every_head(built: Platform) -> None:
    ids: list[str] = []
    sizes = []
    for batch in (1, 2, 254, 1, 300):
        ids += await append(built, batch)
        sizes.append((await sign(built)).size)
    assert await count(built, AuditNode) == 2
    for size in sizes:
        for index in sorted({0, 1, 255, 256, 257, 300, size - 1, size // 2}):
            if index < size:
                async with built.work(write=False) as uow:
                    proof = await built.audit.prove_inclusion(uow, ids[index], size=size)
                head = parse_note(proof.note).head
                assert (head.size, proof.entry.seq) == (size, index)
                assert verify_inclusion(proof.entry.leaf, index, size, proof.path, head.root)


async def test_the_log_is_proved_to_only_grow(built: Platform) -> None:
    roots = {}
    for batch in (1, 2, 254, 1, 300):
        await append(built, batch)
        head = parse_note((await sign(built)).note).head
        roots[head.size] = head.root
    for first, old in roots.items():
        for second, new in roots.items():
            if second >= first:
                async with built.work(write=False) as uow:
                    proof = await built.audit.prove_consistency(uow, first, second)
                assert verify_consistency(first, second, old, new, proof.path)


async def test_proofs_of_what_is_not_there_are_refused(built: Platform) -> None:
    [entry_id] = await append(built)
    async with built.work(write=False) as uow:
        with pytest.raises(NotYetCovered):
            await built.audit.prove_inclusion(uow, entry_id)
        with pytest.raises(NotFound):
            await built.audit.prove_inclusion(uow, "aud_unknown")
        with pytest.raises(NotFound):
            await built.audit.prove_inclusion(uow, entry_id, size=7)
        with pytest.raises(NotFound):
            await built.audit.prove_consistency(uow, 0, 2)


async def test_heads_are_signed_when_due_and_once_for_each_size(built: Platform) -> None:
    built.clock = clock = ManualClock()
    await built.audit.sweep(built)
    assert await count(built, AuditHead) == 0
    await append(built)
    await built.audit.sweep(built)
    await append(built)
    await built.audit.sweep(built)
    assert await count(built, AuditHead) == 1
    clock.advance(timedelta(minutes=6))
    await asyncio.gather(*(built.audit.sweep(built) for _ in range(3)))
    await asyncio.gather(*(sign(built) for _ in range(3)))
    assert await count(built, AuditHead) == 2
