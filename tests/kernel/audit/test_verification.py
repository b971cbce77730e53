"""Verification names the first bad entry, whatever was done to the tables, and works on an export alone."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import delete, select, update

from ceyuan.kernel.audit import parse_note, verify_export
from ceyuan.kernel.audit.merkle import extend, leaf_hash
from ceyuan.kernel.audit.tables import AuditEntry, AuditHead, AuditNode, AuditTree
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.secrets import SecretSettings, open_vault
from tests.kernel.audit.test_log import append, sign


@pytest.fixture
async def log(built: Platform) -> Platform:
    """Six hundred entries with heads at 100, 300 and 600."""
    for batch in (100, 200, 300):
        await append(built, batch)
        await sign(built)
    assert (await built.audit.verify(built)).ok
    return built


async def rewrite(platform: Platform, seq: int, *, hashes: bool) -> None:
    """Change an entry's body consistently with its columns, and its leaf as well if `hashes`."""
    async with platform.work() as uow:
        entry = await uow.session.get_one(AuditEntry, seq)
        document = json.loads(entry.body) | {"data": {"n": "forged"}}
        entry.body = json.dumps(document)
        if hashes:
            entry.leaf = leaf_hash(entry.body.encode())


async def test_a_changed_content_is_named(log: Platform) -> None:
    await rewrite(log, 137, hashes=False)
    fault = (await log.audit.verify(log)).fault
    assert fault is not None
    assert (fault.kind, fault.first, fault.last) == ("content", 137, 137)
    assert fault.entry_id is not None


async def test_a_changed_column_is_named(log: Platform) -> None:
    async with log.work() as uow:
        await uow.session.execute(update(AuditEntry).where(AuditEntry.seq == 5).values(actor_id="per_innocent"))
    fault = (await log.audit.verify(log)).fault
    assert fault is not None
    assert (fault.kind, fault.first) == ("columns", 5)


async def test_a_removed_entry_is_named(log: Platform) -> None:
    async with log.work() as uow:
        await uow.session.execute(delete(AuditEntry).where(AuditEntry.seq == 250))
    fault = (await log.audit.verify(log)).fault
    assert fault is not None
    assert (fault.kind, fault.first) == ("missing", 250)


async def test_an_entry_rewritten_with_its_hash_lies_between_two_heads(log: Platform) -> None:
    await rewrite(log, 280, hashes=True)
    fault = (await log.audit.verify(log)).fault
    assert fault is not None
    assert (fault.kind, fault.first, fault.last) == ("root", 256, 299)


async def test_swapped_entries_are_found(log: Platform) -> None:
    async with log.work() as uow:
        await uow.session.execute(update(AuditEntry).where(AuditEntry.seq == 10).values(seq=9999))
        await uow.session.execute(update(AuditEntry).where(AuditEntry.seq == 11).values(seq=10))
        await uow.session.execute(update(AuditEntry).where(AuditEntry.seq == 9999).values(seq=11))
    fault = (await log.audit.verify(log)).fault
    assert fault is not None
    assert (fault.kind, fault.first) == ("root", 0)


async def test_a_log_cut_off_below_its_head_is_found(log: Platform) -> None:
    await cut(log, 550)
    fault = (await log.audit.verify(log)).fault
    assert fault is not None
    assert (fault.kind, fault.first) == ("truncated", 550)


async def cut(platform: Platform, size: int) -> None:
    async with platform.work() as uow:
        frontier: tuple[bytes, ...] = ()
        rows = await uow.session.scalars(select(AuditEntry).where(AuditEntry.seq < size).order_by(AuditEntry.seq))
        for row in rows:
            frontier, _ = extend(frontier, row.seq, row.leaf)
        await uow.session.execute(delete(AuditEntry).where(AuditEntry.seq >= size))
        await uow.session.execute(update(AuditTree).values(size=size, frontier=b"".join(frontier)))


async def test_a_log_cut_off_with_its_heads_is_found_by_a_kept_head(log: Platform) -> None:
    async with log.work(write=False) as uow:
        kept = parse_note((await log.audit.latest_head(uow)).note)
    await cut(log, 550)
    async with log.work() as uow:
        await uow.session.execute(delete(AuditHead).where(AuditHead.size > 550))
    assert (await log.audit.verify(log)).ok
    result = await log.audit.verify(log, witnesses=[kept])
    assert result.fault is not None
    assert result.fault.kind == "truncated"


async def test_a_forged_head_is_found(log: Platform) -> None:
    async with log.work() as uow:
        head = await uow.session.get_one(AuditHead, 300)
        head.note = head.note.replace("2026", "2025")
    fault = (await log.audit.verify(log)).fault
    assert fault is not None
    assert (fault.kind, fault.first) == ("signature", 300)


async def test_a_changed_node_and_a_changed_frontier_are_found(log: Platform) -> None:
    async with log.work() as uow:
        await uow.session.execute(update(AuditTree).values(frontier=b"\x00" * 32))
    fault = (await log.audit.verify(log)).fault
    assert fault is not None
    assert fault.kind == "frontier"
    async with log.work() as uow:
        await uow.session.execute(update(AuditNode).where(AuditNode.index == 1).values(hash=b"\x00" * 32))
    fault = (await log.audit.verify(log)).fault
    assert fault is not None
    assert (fault.kind, fault.first, fault.last) == ("node", 300, 511)


async def lines(platform: Platform) -> list[bytes]:
    exported = b"".join([chunk async for chunk in platform.audit.export(platform)])
    return exported.splitlines(keepends=True)


async def test_an_export_verifies_alone_and_names_a_change(log: Platform) -> None:
    exported = await lines(log)
    result = verify_export(exported, keys=log.audit.verifier_keys(log))
    assert (result.ok, result.size, result.heads) == (True, 600, 3)
    exported[1 + 3 + 42] = exported[1 + 3 + 42].replace(b"thing.rename", b"thing.delete")
    fault = verify_export(exported).fault
    assert fault is not None
    assert (fault.kind, fault.first, fault.last) == ("root", 0, 99)


async def test_an_export_signed_by_somebody_else_is_refused(log: Platform) -> None:
    exported = await lines(log)
    other = open_vault(SecretSettings(), log.data_dir / "other")
    log.vault = other
    fault = verify_export(exported, keys=log.audit.verifier_keys(log)).fault
    assert fault is not None
    assert fault.kind == "signature"


async def test_a_shortened_export_is_found(log: Platform) -> None:
    exported = await lines(log)
    fault = verify_export(exported[:-1]).fault
    assert fault is not None
    assert fault.kind == "missing"


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"not json", b'{"format":"ceyuan-audit-1"}\n'])
def test_what_is_no_export_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(Invalid):
        verify_export([content])


async def test_heads_signed_before_a_new_signing_key_still_verify(log: Platform) -> None:
    log.vault.add_signing_seed()
    await append(log)
    await sign(log)
    result = await log.audit.verify(log)
    assert (result.ok, result.heads) == (True, 4)
    assert len(log.audit.verifier_keys(log)) == 2
