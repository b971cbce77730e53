"""A model of the store: whatever is put, referred to, dropped, aged, collected or damaged, no reference dangles."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from ceyuan.kernel.audit import AuditLog
from ceyuan.kernel.blobs import Blob, BlobMissing, BlobReferences, BlobStore, collect_garbage, scrub
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.database import Database
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.secrets import SecretSettings, open_vault
from ceyuan.kernel.tables import Base
from ceyuan.kernel.work import UnitOfWork

TABLES = [table for table in Base.metadata.sorted_tables if table.name.startswith(("blob", "audit_"))]


class StoreMachine(RuleBasedStateMachine):
    """Runs the real store beside a dictionary; time passes only where a rule says so."""

    contents = Bundle("contents")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="ceyuan-blobs-"))
        self.loop = asyncio.new_event_loop()
        self.platform = Platform(
            database=Database(f"sqlite:///{self.folder / 'db.sqlite'}", pool_size=2),
            data_dir=self.folder,
            blobs=BlobStore(self.folder / "blobs"),
            audit=AuditLog(),
            vault=open_vault(SecretSettings(), self.folder),
            clock=ManualClock(),
        )
        self.held: set[str] = set()
        self.platform.provide(BlobReferences, self)  # type: ignore[type-abstract]
        self.run(self._tables())

    async def _tables(self) -> None:
        async with self.platform.database.connection() as connection:
            await connection.run_sync(Base.metadata.create_all, tables=TABLES)

    async def references(self, uow: UnitOfWork) -> AsyncIterator[str]:
        for sha256 in self.held:
            yield sha256

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @property
    def store(self) -> BlobStore:
        return self.platform.blobs

    @rule(target=contents, data=st.binary(max_size=20))
    def put(self, data: bytes) -> bytes:
        blob: Blob = self.run(self.store.put_bytes(data))
        assert blob.sha256 == hashlib.sha256(data).hexdigest()
        return data

    @rule(data=contents)
    def refer(self, data: bytes) -> None:
        async def attempt() -> None:
            async with self.platform.work() as uow:
                await self.store.refer(uow, [sha256])

        sha256 = hashlib.sha256(data).hexdigest()
        there = self.run(self.store.exists(sha256))
        try:
            self.run(attempt())
        except BlobMissing:
            assert not there
        else:
            assert there
            self.held.add(sha256)

    @rule(data=contents)
    def drop(self, data: bytes) -> None:
        self.held.discard(hashlib.sha256(data).hexdigest())

    @rule()
    def days_pass(self) -> None:
        clock = self.platform.clock
        assert isinstance(clock, ManualClock)
        clock.advance(2 * self.store.grace)
        old = time.time() - 3 * 86400
        for path in (self.folder / "blobs").glob("??/*"):
            os.utime(path, (old, old))

    @rule()
    def collect(self) -> None:
        report = self.run(collect_garbage(self.platform))
        assert report.missing == []

    @rule(data=contents)
    def damage_and_scrub(self, data: bytes) -> None:
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.store.local_path(sha256)
        assert path is not None
        if path.exists():
            path.chmod(0o644)
            path.write_bytes(data + b"!")
            assert self.run(scrub(self.platform)).corrupt == [sha256]
            self.run(self.store.put_bytes(data))

    @invariant()
    def every_reference_can_be_read(self) -> None:
        for sha256 in self.held:
            data = self.run(self.store.read(sha256))
            assert hashlib.sha256(data).hexdigest() == sha256

    def teardown(self) -> None:
        self.run(self.platform.database.close())
        self.loop.close()
        shutil.rmtree(self.folder)


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(max_examples=10, stateful_step_count=20, deadline=None)
